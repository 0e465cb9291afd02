"""Explains the scores that a checkpoint's method gives to some frames of videos.

Of a method over clips, where and when its network looks; of one over features, which rows raise the
scores, and where in the frames, where a network that is known here made these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ml.explain.clips import ExplainsClips, explain_clips
from ml.explain.pictures import KIND as GRAD_CAM
from ml.explain.pictures import NoPictures, explain_pictures, extractor_of
from ml.explain.segments import ExplainsSegments, SegmentAttributions, explain_segments
from ml.extraction import Extractor
from ml.methods import Method
from ml.records import BadInput, VideoRecord
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir, restored, videos_of

SEGMENTS_FILE, MAPS_FILE, INDEX = "segments.json", "grad-cam.png", "explanation.json"
Part = Mapping[str, Any]  # a `video` by its id, its `frames`, and the `target` that stands for them
Made = dict[str, dict[str, Any]]  # facts by the name of a file


def run(spec: Spec, reporter: Reporter) -> None:
    """The spec has `videos` and `parts` of them, whose frames go from the first up to but not
    including the second; none for all. `layer` is the network's that is asked, empty for its own.

    For features there are `normal` videos, which are the baseline, and `extractor`, what is said
    of the network that made them. Of several parts those that can be explained are; raise BadInput
    where none can.
    """
    method = explaining(spec, reporter)
    videos, folder = {each.id: each for each in videos_of(spec)}, out_dir(spec)
    parts, told = spec["parts"], []
    for number, part in enumerate(parts):
        reporter.progress(stage="explain", done=number, total=len(parts), unit="parts")
        video, into = videos[part["video"]], folder if len(parts) == 1 else folder / str(number)
        into.mkdir(exist_ok=True)
        try:
            told.append(_explained(method, spec, part, video, into, reporter))
        except BadInput as error:
            if not told and number + 1 == len(parts):
                raise
            reporter.send("finding", level="warning", subject=video.name, text=str(error))
    reporter.send("result", values={"explained": told})


def _explained(
    method: Method, spec: Spec, part: Part, video: VideoRecord, folder: Path, reporter: Reporter
) -> dict[str, Any]:
    """Write and report what there is to say; return what of it a job keeps."""
    if isinstance(method, ExplainsClips):
        made, told = _of_clips(method, spec, part, video, folder)
    else:
        assert isinstance(method, ExplainsSegments)
        made, told = _of_segments(method, spec, part, video, folder)
    (folder / INDEX).write_text(json.dumps({"video": video.id, "files": made}, indent=1))
    for name, facts in made.items():
        reporter.send("explanation", video_id=video.id, path=str(folder / name), **facts)
    return told | {"video": video.id, "target": part.get("target", "")}


def explaining(spec: Spec, reporter: Reporter) -> Method:
    """The spec's method. Raise BadInput where it reads neither clips nor features, or cannot say
    how it scores these.

    One over features computes in float32 whatever it was learnt in: gradients of 8 bits do not add
    up to a score. Grad-CAM need not add up to anything.
    """
    method = restored(spec, reporter)
    if not isinstance(method, ExplainsSegments | ExplainsClips):
        raise BadInput(
            f"{method.title} cannot explain its scores: that is for methods that read clips or "
            "features of a video"
        )
    is_exact = isinstance(method, ExplainsSegments) and hasattr(method.config, "precision")
    if is_exact and is_dataclass(method.config):
        method.config = replace(method.config, precision="float32")  # type: ignore[type-var]
    for module in method.modules.values():
        module.eval()
    return method


def attributions(
    method: ExplainsSegments, spec: Spec, part: Part, video: VideoRecord
) -> SegmentAttributions:
    return explain_segments(
        method, video,
        frames=_frames(part),
        normal=tuple(map(VideoRecord.from_json, spec.get("normal", ()))),
        baseline=spec.get("baseline"),
        device=_device_of(method),
    )  # fmt: skip


def _of_clips(
    method: ExplainsClips, spec: Spec, part: Part, video: VideoRecord, folder: Path
) -> tuple[Made, dict[str, Any]]:
    found = explain_clips(method, video, frames=_frames(part), layer=spec.get("layer", ""))
    found.maps.save(folder / MAPS_FILE)
    facts = found.maps.facts(
        found.rule, kind=GRAD_CAM, target=part.get("target", ""), layer=spec.get("layer", ""),
        likeness=found.likeness,
    )  # fmt: skip
    return {MAPS_FILE: facts}, {"likeness_to_random": found.likeness}


def _of_segments(
    method: ExplainsSegments, spec: Spec, part: Part, video: VideoRecord, folder: Path
) -> tuple[Made, dict[str, Any]]:
    found = attributions(method, spec, part, video)
    maps, why_no_map = _maps(method, spec, part, video, folder)
    found.save(folder / SEGMENTS_FILE, why_no_map=why_no_map)
    return {SEGMENTS_FILE: found.facts(part.get("target", ""))} | maps, {
        "baseline": found.baseline,
        "n_targets": len(found.targets),
        "n_incomplete": found.n_incomplete,
        "why_no_map": why_no_map,
    }


def _maps(
    method: ExplainsSegments, spec: Spec, part: Part, video: VideoRecord, folder: Path
) -> tuple[Made, str]:
    """Write the maps; return their facts by the file's name, and why there are none."""
    device, layer = _device_of(method), spec.get("layer", "")
    try:
        if not Path(video.path).exists():
            raise NoPictures("The frames of the video are not there, only their features.")
        extractor = _extractor(spec.get("extractor") or {}, device)
        maps, rule = explain_pictures(
            method, extractor, video, frames=_frames(part), layer=layer, device=device
        )
    except BadInput as error:  # also of a video that cannot be decoded: its segments stand
        return {}, str(error)
    maps.save(folder / MAPS_FILE)
    facts = maps.facts(rule, kind=GRAD_CAM, target=part.get("target", ""), layer=layer)
    return {MAPS_FILE: facts}, ""


def _extractor(facts: dict[str, Any], device: torch.device) -> Extractor:
    """By `facts`: its names, its options and a file of weights."""
    weights = Path(facts["weights"]) if facts.get("weights") else None
    return extractor_of(
        facts.get("names", ()), device, options=facts.get("options"), weights=weights
    )


def _frames(part: Part) -> tuple[int, int] | None:
    if not part.get("frames"):
        return None
    first, end = part["frames"]
    return first, end


def _device_of(method: Any) -> torch.device:
    device: torch.device = method.device
    return device
