"""Explains the scores that a checkpoint's method gives to some frames of a video: which rows of its
features raise them, and where in the frames, where a network that is known here made these.
"""

from __future__ import annotations

import json
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ml.explain.pictures import KIND as GRAD_CAM
from ml.explain.pictures import NoPictures, explain_pictures, extractor_of
from ml.explain.segments import ExplainsSegments, SegmentAttributions, explain_segments
from ml.extraction import Extractor
from ml.methods import Method
from ml.records import BadInput, VideoRecord
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir, restored, videos_of

SEGMENTS_FILE, MAPS_FILE, INDEX = "segments.json", "grad-cam.png", "explanation.json"


def run(spec: Spec, reporter: Reporter) -> None:
    """The spec has one video, `normal` ones whose features are the baseline, and `frames`, from the
    first up to but not including the second; none for all. `extractor` holds what is said of the
    network that made the features.
    """
    method = explaining(spec, reporter)
    assert isinstance(method, Method)
    [video] = videos_of(spec)
    folder, target = out_dir(spec), spec.get("target", "")
    found = attributions(method, spec, video, reporter)
    maps, why_no_map = _maps(method, spec, video, folder, reporter)
    found.save(folder / SEGMENTS_FILE, why_no_map=why_no_map)
    made = {SEGMENTS_FILE: found.facts(target)} | maps
    (folder / INDEX).write_text(json.dumps({"video": video.id, "files": made}, indent=1))
    for name, facts in made.items():
        reporter.send("explanation", video_id=video.id, path=str(folder / name), **facts)
    reporter.send("result", values=_result(found, why_no_map) | {"target": target})


def explaining(spec: Spec, reporter: Reporter) -> ExplainsSegments:
    """The spec's method, in float32 whatever it was learnt in: gradients of 8 bits do not add up.

    Raise BadInput where it reads no features, or cannot say how it scores them.
    """
    method = restored(spec, reporter)
    if not isinstance(method, ExplainsSegments):
        raise BadInput(
            f"{method.title} cannot explain its scores by segments: that is for methods that read "
            "features of a video"
        )
    if is_dataclass(method.config) and hasattr(method.config, "precision"):
        method.config = replace(method.config, precision="float32")  # type: ignore[type-var]
    for module in method.modules.values():
        module.eval()
    return method


def attributions(
    method: ExplainsSegments, spec: Spec, video: VideoRecord, reporter: Reporter
) -> SegmentAttributions:
    reporter.progress(stage="explain", done=0, total=2, unit="steps")
    return explain_segments(
        method, video,
        frames=_frames(spec),
        normal=tuple(map(VideoRecord.from_json, spec.get("normal", ()))),
        baseline=spec.get("baseline"),
        device=_device_of(method),
    )  # fmt: skip


def _maps(
    method: ExplainsSegments, spec: Spec, video: VideoRecord, folder: Path, reporter: Reporter
) -> tuple[dict[str, dict[str, Any]], str]:
    """Write the maps; return their facts by the file's name, and why there are none."""
    reporter.progress(stage="explain", done=1, total=2, unit="steps")
    device = _device_of(method)
    try:
        if not Path(video.path).exists():
            raise NoPictures("The frames of the video are not there, only their features.")
        told = spec.get("extractor") or {}
        maps, rule = explain_pictures(
            method, _extractor(told, device), video,
            frames=_frames(spec), layer=told.get("layer", ""), device=device,
        )  # fmt: skip
    except BadInput as error:  # also of a video that cannot be decoded: its segments stand
        return {}, str(error)
    maps.save(folder / MAPS_FILE)
    facts = maps.facts(rule, kind=GRAD_CAM, target=spec.get("target", ""))
    return {MAPS_FILE: facts}, ""


def _extractor(facts: dict[str, Any], device: torch.device) -> Extractor:
    """By `facts`: its names, its options and a file of weights."""
    weights = Path(facts["weights"]) if facts.get("weights") else None
    return extractor_of(
        facts.get("names", ()), device, options=facts.get("options"), weights=weights
    )


def _frames(spec: Spec) -> tuple[int, int] | None:
    if not spec.get("frames"):
        return None
    first, end = spec["frames"]
    return first, end


def _device_of(method: Any) -> torch.device:
    device: torch.device = method.device
    return device


def _result(found: SegmentAttributions, why_no_map: str) -> dict[str, Any]:
    return {
        "baseline": found.baseline,
        "n_targets": len(found.targets),
        "n_incomplete": found.n_incomplete,
        "why_no_map": why_no_map,
    }
