"""`python -m ml`: the science without the site, and the entry point of a job's process."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml import annotations_cli, child, leaks_cli, watch_cli
from ml.events import to_descriptor, to_terminal
from ml.records import BadInput, Manifest, VideoRecord


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except BadInput as error:
        print(error, file=sys.stderr)
    except OSError as error:
        told = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
        print(told, file=sys.stderr)
    return 2


def _job(options: argparse.Namespace) -> int:
    spec = json.loads(options.spec.read_text())
    told = to_terminal() if options.events_fd is None else to_descriptor(options.events_fd)
    return child.run(spec, told)


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


def _evaluate(options: argparse.Namespace) -> None:
    from ml.evaluation import Settings, evaluate_videos, scored_videos
    from ml.scoring import load_scores

    videos = Manifest.load(options.manifest).part(options.part)
    scored = scored_videos(videos, load_scores(options.scores))
    outcomes = {
        "none": evaluate_videos(scored, Settings()),
        "per_video": evaluate_videos(scored, Settings(normalisation="per_video")),
    }
    if options.json:
        print(json.dumps({name: each.to_json() for name, each in outcomes.items()}, indent=1))
        return
    print(f"{'':<24}{'raw':>12}{'per video':>12}")
    for name in outcomes["none"].metrics:
        numbers = (_shown(outcome.metrics[name]) for outcome in outcomes.values())
        print(f"{name.replace('_', ' '):<24}" + "".join(f"{number:>12}" for number in numbers))
    for name, count in outcomes["none"].counts.items():
        print(f"{name:<24}{count:>12}")


def _shown(number: float | None) -> str:
    return "undefined" if number is None else f"{number:.4f}"


def _demo_data(options: argparse.Namespace) -> None:
    from ml.data.corridor import render

    render(options.out, seed=options.seed)


def _probe(options: argparse.Namespace) -> None:
    from ml.data.examine import look
    from ml.data.thumbnails import quick_sheet

    print(json.dumps(look(options.file), indent=1))
    if options.contact_sheet:
        quick_sheet(options.file, options.contact_sheet)


def _survey(options: argparse.Namespace) -> None:
    from ml.data.survey import survey_to_manifest

    manifest = survey_to_manifest(
        options.folder, options.out, to_terminal(), frame_numbers=options.frame_numbers
    )
    manifest.save(options.out / "manifest.json")


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

    weights, state = checkpoints.of(place)
    return {"weights": str(weights), "state": str(state)}


def _videos(manifest: Path, *parts: str) -> list[dict[str, Any]]:
    return [asdict(video) for video in _of_parts(Manifest.load(manifest), parts)]


def _of_parts(manifest: Manifest, parts: Sequence[str]) -> list[VideoRecord]:
    return [video for video in manifest.videos if video.part in parts]


def _places(options: argparse.Namespace) -> dict[str, Any]:
    return {"out_dir": str(options.out), "device": options.device, "threads": options.threads}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ml", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    methods = verbs.add_parser("methods", help="list the methods")
    methods.add_argument("--json", action="store_true", help="with the schemas of their configs")
    methods.set_defaults(run=_methods)

    train = _verb_with_places(verbs, "train", "train a method on a manifest")
    train.add_argument("--method", required=True)
    train.add_argument("--config", type=Path, help="JSON file; fields left out keep their default")
    train.add_argument("--set", action="append", default=[], metavar="FIELD=VALUE")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", type=Path, help="a checkpoint's .json, or a folder of them")
    train.set_defaults(run=_train)

    score = _verb_with_places(verbs, "score", "score videos with a checkpoint")
    score.add_argument("--checkpoint", type=Path, required=True, help="as for train --resume")
    score.add_argument("--part", default="test", choices=("train", "validation", "test"))
    score.add_argument(
        "--maps", action="store_true", help="also where the errors of test videos lie, as PNG"
    )
    score.set_defaults(run=_score)

    evaluate = verbs.add_parser("evaluate", help="compare scores with the manifest's ground truth")
    evaluate.add_argument("--manifest", type=Path, required=True)
    evaluate.add_argument("--scores", type=Path, required=True, help="what score --out was")
    evaluate.add_argument("--part", default="test", choices=("train", "validation", "test"))
    evaluate.add_argument("--json", action="store_true")
    evaluate.set_defaults(run=_evaluate)
    _add_other_verbs(verbs)
    return parser


def _verb_with_places(verbs: Any, name: str, help: str) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=help)
    verb.add_argument("--manifest", type=Path, required=True)
    verb.add_argument("--out", type=Path, required=True, help="folder for what is made")
    verb.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, …")
    verb.add_argument("--threads", type=int, help="of the CPU; all cores unless told")
    return verb


def _add_other_verbs(verbs: Any) -> None:
    demo = verbs.add_parser("demo-data", help="render the demo dataset")
    demo.add_argument("out", type=Path)
    demo.add_argument("--seed", type=int, default=0)
    demo.set_defaults(run=_demo_data)

    survey = verbs.add_parser("survey", help="look at a dataset and write its manifest")
    survey.add_argument("folder", type=Path)
    survey.add_argument("--out", type=Path, required=True, help="for manifest, proxies, posters")
    survey.add_argument(
        "--frame-numbers", choices=("order",), default="",
        help="order: pictures of folders count as they lie, whatever numbers their names bear",
    )  # fmt: skip
    survey.set_defaults(run=_survey)

    probe = verbs.add_parser("probe", help="decode a video and print what it holds")
    probe.add_argument("file", type=Path)
    probe.add_argument("--contact-sheet", type=Path, help="JPEG to write, 12 frames in a row")
    probe.set_defaults(run=_probe)

    leaks_cli.add_verb(verbs)
    annotations_cli.add_verb(verbs)
    watch_cli.add_verbs(verbs)

    job = verbs.add_parser("job", help="do one job of the site, as its worker asks")
    job.add_argument("spec", type=Path)
    job.add_argument("--events-fd", type=int, help="where events go; to the terminal unless told")
    job.set_defaults(run=_job)
