"""`python -m ml methods`, `train` and `score`: what there is to learn, learnt and applied."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml import child
from ml.records import BadInput, Manifest, VideoRecord
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
        "--start-from", type=Path, help="as for --resume: learn anew, but from these weights"
    )
    train.set_defaults(run=_train)

    score = _verb_with_places(verbs, "score", "score videos with a checkpoint")
    score.add_argument("--checkpoint", type=Path, required=True, help="as for train --resume")
    score.add_argument("--part", default="test", choices=("train", "validation", "test"))
    score.add_argument(
        "--maps", action="store_true", help="also where the errors of test videos lie, as PNG"
    )
    score.set_defaults(run=_score)


def _verb_with_places(verbs: Any, name: str, help: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help)
    verb.add_argument("--manifest", type=Path, required=True)
    verb.add_argument("--out", type=Path, required=True, help="folder for what is made")
    verb.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    verb.add_argument("--threads", type=int, help="of the CPU; all cores unless told")
    return verb


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


def _train(options: argparse.Namespace) -> int:
    spec = {
        "verb": "train",
        "method": options.method,
        "config": _config(options),
        "seed": options.seed,
        "videos": _videos(options.manifest, "train", "validation"),
        "resume": _checkpoint(options.resume) if options.resume else None,
        "starts_from": _checkpoint(options.start_from) if options.start_from else None,
    }
    return child.run(spec | _places(options), to_terminal())


def _score(options: argparse.Namespace) -> int:
    spec = {
        "verb": "score",
        "videos": _videos(options.manifest, options.part),
        "with_maps": options.maps,
        **_checkpoint(options.checkpoint),
    }
    return child.run(spec | _places(options), to_terminal())


def _config(options: argparse.Namespace) -> dict[str, Any]:
    """The config file with what `--set` changes. A value is JSON, or else text."""
    try:
        config = json.loads(options.config.read_text()) if options.config else {}
    except (OSError, ValueError) as error:
        raise BadInput(f"{options.config} is not a config: {error}") from error
    if not isinstance(config, dict):
        raise BadInput(f"{options.config} is not a config: fields and their values are expected")
    for assignment in options.set:
        name, separator, value = assignment.partition("=")
        if not separator:
            raise BadInput(f"--set {assignment}: FIELD=VALUE is expected")
        config[name] = _value(value)
    return config


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _checkpoint(place: Path) -> dict[str, str]:
    """`place` is the state (.json) of a checkpoint, or a folder, whose last one is taken."""
    from ml.training import checkpoints

    weights, state = checkpoints.paths_of(place)
    return {"weights": str(weights), "state": str(state)}


def _videos(manifest: Path, *parts: str) -> list[dict[str, Any]]:
    return [asdict(video) for video in _of_parts(Manifest.load(manifest), parts)]


def _of_parts(manifest: Manifest, parts: Sequence[str]) -> list[VideoRecord]:
    return [video for video in manifest.videos if video.part in parts]


def _places(options: argparse.Namespace) -> dict[str, Any]:
    return {"out_dir": str(options.out), "device": options.device, "threads": options.threads}
