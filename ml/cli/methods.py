"""`python -m ml methods`, `train`, `score`, `explain`: what there is to learn, learnt, applied."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ml import child
from ml.cli import explaining, scoring
from ml.cli._options import checkpoint_at, config_of, imported_at, places_of, videos_of
from ml.reports import to_terminal


def add_verbs(verbs: Any) -> None:
    methods = verbs.add_parser("methods", help="list the methods")
    methods.add_argument("--json", action="store_true", help="with the schemas of their configs")
    methods.set_defaults(run=_methods)

    train = _verb_with_places(verbs, "train", "train a method on a manifest")
    train.add_argument("--method", required=True)
    train.add_argument("--config", type=Path, help="JSON file; fields left out keep their default")
    train.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", type=Path, help="a checkpoint's .json, or a folder of them")
    train.add_argument(
        "--start-from",
        type=Path,
        help="as for --resume, or published weights: learn anew, but from these",
    )
    train.add_argument(
        "--select-on", default="validation", choices=("validation", "test"),
        help="whose labels choose the best checkpoint; test is there to repeat published numbers, "
        "and whatever is told of such a checkpoint has to say so",
    )  # fmt: skip
    train.add_argument(
        "--processes", type=int, help="that learn together, each from a part of every batch; 1"
    )
    train.set_defaults(run=_train)

    _add_score(verbs)
    _add_explain(verbs)


def _add_score(verbs: Any) -> None:
    score = _verb_with_weights(verbs, "score", "score videos, or a file of features")
    score.add_argument(
        "--sweep", action="append", default=[], metavar="FIELD=V,V,…",
        help="score in each of these ways in one pass; each gets a folder of --out",
    )  # fmt: skip
    score.add_argument("--part", default="test", choices=("train", "validation", "test"))
    score.add_argument(
        "--maps", action="store_true", help="also where the errors of test videos lie, as PNG"
    )
    score.set_defaults(run=scoring.score)


def _add_explain(verbs: Any) -> None:
    explain = _verb_with_weights(
        verbs, "explain", "which segments raise the scores of a video, and where in its frames"
    )
    explain.add_argument("--video", default="", help="id of a video of --manifest")
    explain.add_argument("--frames", default="", metavar="FROM-TO", help="the last one not; all")
    explain.add_argument(
        "--baseline", choices=("normal", "video", "zero"),
        help="normal where the manifest has normal training videos, else the video's mean",
    )  # fmt: skip
    explain.add_argument("--extractor", default="", help="that made the features: also where")
    explain.add_argument("--extractor-set", action="append", default=[], metavar="FIELD=VALUE")
    explain.add_argument("--extractor-weights", type=Path, help="where it takes some")
    explain.add_argument(
        "--layer", default="", help="of the network that sees the frames: asked instead of its own"
    )
    explain.set_defaults(run=explaining.explain)


def _verb_with_weights(verbs: Any, name: str, help: str) -> argparse.ArgumentParser:
    """One that uses what was learnt, on a manifest or one file of features."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help)
    learnt = verb.add_mutually_exclusive_group(required=True)
    learnt.add_argument("--checkpoint", type=Path, help="as for train --resume")
    learnt.add_argument("--weights", type=Path, help="a file that was published elsewhere")
    verb.add_argument("--method", default="", help="that --weights are of; found out unless told")
    verb.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("--manifest", type=Path)
    what.add_argument("--features", type=Path, help="one video's, an .npy file: print of it")
    verb.add_argument("--out", type=Path, help="folder for what is made of a manifest")
    verb.add_argument("--json", action="store_true", help="print what is made of --features so")
    verb.add_argument("--frames-per-row", type=int, default=16, help="of --features")
    _add_device(verb)
    return verb


def _verb_with_places(verbs: Any, name: str, help: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help)
    verb.add_argument("--manifest", type=Path, required=True)
    verb.add_argument("--out", type=Path, required=True, help="folder for what is made")
    _add_device(verb)
    return verb


def _add_device(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    verb.add_argument("--threads", type=int, help="of the CPU; all cores unless told")


def _methods(options: argparse.Namespace) -> None:
    from ml.registry import describe

    described = describe()
    if options.json:
        print(json.dumps(described, indent=1))
        return
    for method in described:
        print(
            f"{method['name']:<20} {method['title']} ({method['supervision']}). {method['paper']}"
        )


def _parts(options: argparse.Namespace) -> list[str]:
    return ["train", "validation", *(["test"] if options.select_on == "test" else [])]


def _train(options: argparse.Namespace) -> int:
    with TemporaryDirectory() as scratch:
        spec = {
            "verb": "train",
            "method": options.method,
            "config": config_of(options),
            "seed": options.seed,
            "videos": videos_of(options.manifest, *_parts(options)),
            "selects_on": options.select_on,
            "resume": checkpoint_at(options.resume) if options.resume else None,
            "starts_from": _start(options, Path(scratch)),
            "processes": options.processes,
        }
        return child.run(spec | places_of(options), to_terminal())


def _start(options: argparse.Namespace, scratch: Path) -> dict[str, str] | None:
    """A checkpoint, or one made in `scratch` of weights that others published."""
    place: Path | None = options.start_from
    if place is None:
        return None
    if place.is_file() and place.suffix != ".json":
        return imported_at(place, options.method, {}, scratch)
    return checkpoint_at(place)
