"""`python -m ml score`: videos of a manifest, or one file of features, whose scores are printed."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ml import child
from ml.cli._options import assigned, checkpoint_at, imported_at, places_of, videos_of
from ml.records import BadInput, FeatureRecord, Scores, VideoRecord
from ml.reports import to_terminal


def score(options: argparse.Namespace) -> int:
    if options.manifest and not options.out:
        raise BadInput("--out is needed with --manifest: the folder for the scores")
    ways = ways_of(options.sweep)
    with TemporaryDirectory() as scratch:
        learnt = learnt_of(options, Path(scratch)) | {"ways": ways}
        if options.features:
            return _score_file(options, learnt)
        spec = {
            "verb": "score",
            "videos": videos_of(options.manifest, options.part),
            "with_maps": options.maps,
            **learnt,
        }
        return child.run(spec | places_of(options), to_terminal())


def learnt_of(options: argparse.Namespace, scratch: Path) -> dict[str, Any]:
    """Paths of a checkpoint, and the config to score with."""
    from ml.training import checkpoints

    changes = assigned(options.set)
    if options.weights:
        return dict(imported_at(options.weights, options.method, changes, scratch))
    learnt: dict[str, Any] = dict(checkpoint_at(options.checkpoint))
    if changes:
        checkpoint = checkpoints.load(Path(learnt["weights"]), Path(learnt["state"]))
        learnt["config"] = checkpoint.config | changes
    return learnt


def _score_file(options: argparse.Namespace, learnt: dict[str, Any]) -> int:
    from ml.verbs.score import score_one

    video = video_of_file(options)
    found, rule = score_one(learnt | places_of(options), video)
    if options.json:
        results = [_as_json(video, rule, way, scores) for way, scores in found.items()]
        print(json.dumps(results if learnt["ways"] else results[0]))
    else:
        print("\n".join(f"{way}\n" * bool(way) + _as_text(each) for way, each in found.items()))
    return 0


def video_of_file(options: argparse.Namespace) -> VideoRecord:
    """That of which there are `--features` alone."""
    features = FeatureRecord(path=str(options.features), frames_per_row=options.frames_per_row)
    features.check(options.features.name)
    return VideoRecord(id=options.features.stem, path=str(options.features), features=features)


def ways_of(sweeps: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What `--sweep FIELD=V,V,…` says, each combination under its name, such as split_size=8."""
    fields = {}
    for sweep in sweeps:
        name, separator, values = sweep.partition("=")
        if not separator or not all(values.split(",")):
            raise BadInput(f"--sweep {sweep}: FIELD=VALUE,VALUE,… is expected")
        fields[name] = [f"{name}={value}" for value in dict.fromkeys(values.split(","))]
    return {",".join(way): assigned(way) for way in product(*fields.values()) if way}


def _as_json(video: VideoRecord, rule: str, way: str, scores: Scores) -> dict[str, Any]:
    facts = {"video": video.id, "rule": rule} | ({"way": way} if way else {})
    where = {"first_frame": scores.first_frame, "frames_per_value": scores.frames_per_value}
    return facts | where | {"scores": scores.values.tolist()}


def _as_text(scores: Scores) -> str:
    """A line for each score, after its first frame."""
    return "\n".join(
        f"{scores.first_frame + number * scores.frames_per_value:>8}  {value:.6f}"
        for number, value in enumerate(scores.values.tolist())
    )
