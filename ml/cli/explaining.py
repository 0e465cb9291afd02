"""`python -m ml explain`: a video of a manifest, or one file of features, which is printed."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ml import child
from ml.cli._options import assigned, places_of
from ml.cli.scoring import learnt_of, video_of_file
from ml.records import BadInput, Manifest
from ml.reports import to_nobody, to_terminal
from ml.supervision import is_abnormal

N_SHOWN = 5  # rows that say most of a score


def explain(options: argparse.Namespace) -> int:
    with TemporaryDirectory() as scratch:
        wanted = {"baseline": options.baseline, "layer": options.layer}
        learnt = learnt_of(options, Path(scratch)) | wanted
        if options.features:
            return _explain_file(options, learnt)
        spec = {"verb": "explain", **learnt, **_of_manifest(options)}
        return child.run(spec | places_of(options), to_terminal())


def _of_manifest(options: argparse.Namespace) -> dict[str, Any]:
    """The video that is asked for, and normal ones to hold it against."""
    if not options.out or not options.video:
        raise BadInput("--manifest needs --video, an id in it, and --out, a folder")
    manifest = Manifest.load(options.manifest)
    chosen = [video for video in manifest.videos if video.id == options.video]
    if not chosen:
        raise BadInput(f"{options.manifest.name} has no video with the id {options.video}")
    normal = [video for video in manifest.part("train") if not is_abnormal(video)]
    return {
        "videos": [asdict(video) for video in chosen],
        "parts": [{"video": options.video, "frames": _frames_of(options.frames)}],
        "normal": [asdict(video) for video in normal if video.features],
        "extractor": _extractor_facts(options),
    }


def _extractor_facts(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "names": [options.extractor] if options.extractor else [],
        "options": assigned(options.extractor_set),
        "weights": str(options.extractor_weights) if options.extractor_weights else None,
    }


def _frames_of(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    first, _dash, end = text.partition("-")
    if not (first.isdecimal() and end.isdecimal()):
        raise BadInput(f"--frames {text}: FROM-TO is expected, such as 320-480")
    return int(first), int(end)


def _explain_file(options: argparse.Namespace, learnt: dict[str, Any]) -> int:
    from ml.explain.segments import ExplainsSegments
    from ml.verbs.explain import attributions, explaining

    video = video_of_file(options)
    spec = learnt | places_of(options)
    method = explaining(spec, to_nobody())
    if not isinstance(method, ExplainsSegments):
        raise BadInput("A method over clips looks at a video, not at features: name a --manifest")
    part = {"frames": _frames_of(options.frames)}
    found = attributions(method, spec, part, video).to_json()
    print(json.dumps({"video": video.id, **found}) if options.json else _as_text(found))
    return 0


def _as_text(found: dict[str, Any]) -> str:
    """A line for each explained row: its score, the baseline's, and the rows that say most."""
    lines = [found["rule"], "frame  score  of the baseline  the frames that say most, and how much"]
    for target in found["targets"]:
        frame = _frame(found, target["row"])
        scores = f"{target['score']:.4f}  {target['baseline_score']:.4f}"
        missed = "" if target["is_complete"] else f"  (misses {target['gap']:+.4f})"
        lines.append(f"{frame:>8}  {scores}  {_most(found, target)}{missed}")
    return "\n".join(lines)


def _most(found: dict[str, Any], target: dict[str, Any]) -> str:
    values = target["values"]
    order = sorted(range(len(values)), key=lambda place: -abs(values[place]))[:N_SHOWN]
    return ", ".join(
        f"{_frame(found, target['first_row'] + place)} {values[place]:+.4f}" for place in order
    )


def _frame(found: dict[str, Any], row: int) -> int:
    return round(found["first_frame"] + row * found["row_length"])
