"""What several commands are told, as a job's spec has it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.records import BadInput, Manifest


def config_of(options: argparse.Namespace) -> dict[str, Any]:
    """The config file with what `--set` changes."""
    try:
        config = json.loads(options.config.read_text()) if options.config else {}
    except (OSError, ValueError) as error:
        raise BadInput(f"{options.config} is not a config: {error}") from error
    if not isinstance(config, dict):
        raise BadInput(f"{options.config} is not a config: fields and their values are expected")
    return config | assigned(options.set)


def assigned(assignments: Iterable[str]) -> dict[str, Any]:
    """What `--set FIELD=VALUE` says. A value is JSON, or else text."""
    fields = {}
    for assignment in assignments:
        name, separator, value = assignment.partition("=")
        if not separator:
            raise BadInput(f"--set {assignment}: FIELD=VALUE is expected")
        fields[name] = _value(value)
    return fields


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def checkpoint_at(place: Path) -> dict[str, str]:
    """`place` is the state (.json) of a checkpoint, or a folder, whose last one is taken."""
    from ml.training import checkpoints

    weights, state = checkpoints.paths_of(place)
    return {"weights": str(weights), "state": str(state)}


def imported_at(path: Path, method: str, changes: dict[str, Any], scratch: Path) -> dict[str, str]:
    """A checkpoint in `scratch`, made of weights that others published."""
    from ml.training import checkpoints
    from ml.verbs.import_weights import checkpoint_of
    from ml.weights import import_weights
    from ml.weights.files import read_weights

    imported = import_weights(read_weights(path), name=path.name, method=method)
    pair = checkpoints.save(checkpoint_of(imported, changes), scratch)
    return dict(zip(("weights", "state"), map(str, pair), strict=True))


def videos_of(manifest: Path, *parts: str) -> list[dict[str, Any]]:
    return [asdict(video) for video in Manifest.load(manifest).videos if video.part in parts]


def places_of(options: argparse.Namespace) -> dict[str, Any]:
    return {"out_dir": str(options.out), "device": options.device, "threads": options.threads}
