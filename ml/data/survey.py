"""Looks at a dataset in place: every video probed apart, ground truth checked against the counts.

Sends `video` for each file, readable or rejected, then `annotations` and a `finding` for each
thing a person should know, then `result`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.layouts import Listed, open_dataset
from ml.data.probing import N_AT_ONCE, Found, Probing
from ml.data.truth.normality import own_labels
from ml.data.truth.resolving import GroundTruth, resolve_ground_truth
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.data.video import sandbox
from ml.findings import Finding, Level, counted, shortened
from ml.normal import NORMAL, normal_among, video_label
from ml.records import BadInput, Interval, Manifest, VideoRecord
from ml.reports import Event, Reporter

IN_FINDINGS = ("warnings", "notes")  # of a video: in findings, not in its event
N_REASONS = 3  # why nothing was found


def survey(spec: Mapping[str, Any], reporter: Reporter) -> None:
    """`spec`: folder, out_dir, format ("" to detect it), limits (fields of sandbox.Limits),
    frame_numbers (`order` where the pictures of folders count as they lie), n_at_once,
    normal_labels (a list: what is normal here beside what says so in itself).

    Raise BadInput when there is nothing to import; one bad video is only an event.
    """
    probing = _probing(spec)
    folder = probing.folder
    if not folder.is_dir():
        raise BadInput(f"the folder {folder} does not exist on the machine that imports")
    dataset = open_dataset(folder, spec.get("format", ""))
    also = own_labels(spec.get("normal_labels") or ())
    listed, findings = dataset.videos()
    videos = labelled(listed, folder.name, also)
    if not videos:
        why = "".join(f"; {finding.text}" for finding in findings[:N_REASONS])
        raise BadInput(f"no video and no folder of images was found in {folder}{why}")
    ready, about_pixels = _probe_all(videos, probing, reporter)
    known = VideoSet([_known(video, ready.get(video.name)) for video in videos])
    truth = resolve_ground_truth(dataset.truth(videos), known, {"normal_labels": also})
    _send_truth(truth, reporter)
    usable = [video for video in videos if video.name in ready]
    overview = (*_parts(usable, truth), *_twins(usable, ready))
    all_findings = (*findings, *about_pixels, *_findings_of(ready), *truth.findings, *overview)
    for finding in all_findings:
        reporter.send("finding", **asdict(finding))
    reporter.send("result", values={"format": type(dataset).__module__.rpartition(".")[2]})


def labelled(listed: Sequence[Listed], folder: str, also: Collection[str]) -> list[Listed]:
    """Raise BadInput where nobody knows which of a manifest's labels say normal."""
    also = normal_among((video.label for video in listed), f"the manifest in {folder}", also)
    return [replace(video, label=video_label(video.label, also)) for video in listed]


def _known(video: Listed, found: Found | None) -> KnownVideo:
    """With the clock of its own times where it could be read."""
    if found is None:
        return KnownVideo(name=video.name, label=video.label, part=video.part, n_frames=0)
    return KnownVideo(
        name=video.name,
        label=video.label,
        part=video.part,
        n_frames=found["n_frames"],
        fps=found["fps"],
        numbering_fault=found["numbering_fault"],
        times=np.load(found["pts"]),
    )


def _probing(spec: Mapping[str, Any]) -> Probing:
    return Probing(
        folder=Path(spec["folder"]),
        out_dir=Path(spec["out_dir"]),
        limits=sandbox.Limits(**spec.get("limits") or {}),
        frame_numbers=spec.get("frame_numbers", ""),
        n_at_once=spec.get("n_at_once", N_AT_ONCE),
    )


def _probe_all(
    videos: list[Listed], probing: Probing, reporter: Reporter
) -> tuple[dict[str, Found], list[Finding]]:
    """What was found in each readable video, by name."""
    ready: dict[str, Found] = {}
    n_done = 0

    def report(video: Listed, found: Found) -> None:
        nonlocal n_done
        n_done += 1
        reporter.send("video", **_identity(video), **_facts(found))
        reporter.progress(stage="import", done=n_done, total=len(videos), unit="videos")
        if found["status"] == "ready":
            ready[video.name] = found

    findings = probing.all(videos, report)
    return ready, findings


def _facts(found: Found) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in IN_FINDINGS}


def _identity(video: Listed) -> dict[str, str]:
    return {
        "name": video.name,
        "path": video.path,
        "kind": video.kind,
        "part": video.part,
        "label": video.label,
    }


def survey_to_manifest(
    folder: Path, out_dir: Path, reporter: Reporter, *, frame_numbers: str = ""
) -> Manifest:
    """The readable videos of `folder` as methods take them; reports as `survey` does."""
    videos: list[Event] = []
    intervals: dict[str, list[tuple[int, int, str]]] = {}

    def note(event: Event) -> None:
        if event["event"] == "video" and event["status"] == "ready":
            videos.append(dict(event))
        elif event["event"] == "annotations":
            intervals.update(event["intervals"])
        reporter.send(**event)

    spec = {"folder": str(folder), "out_dir": str(out_dir), "frame_numbers": frame_numbers}
    survey(spec, Reporter(note))
    return Manifest(
        videos=tuple(_record(folder, video, intervals.get(video["name"], [])) for video in videos)
    )


def _record(folder: Path, video: Event, intervals: list[tuple[int, int, str]]) -> VideoRecord:
    return VideoRecord(
        id=video["name"],
        path=str((folder / video["path"]).resolve()),
        kind=video["kind"],
        n_frames=video["n_frames"],
        rotation=video["rotation"],
        part=video["part"],
        label=video["label"],
        pixel_low=video["pixel_low"],
        pixel_high=video["pixel_high"],
        intervals=tuple(
            Interval(start_frame=start, end_frame=end, label=label)
            for start, end, label in intervals
        ),
    )


def _send_truth(truth: GroundTruth, reporter: Reporter) -> None:
    if not truth.source:
        return
    intervals = {
        name: [[one.start_frame, one.end_frame, one.label] for one in of_video]
        for name, of_video in truth.intervals.items()
    }
    reporter.send("annotations", source=truth.source, intervals=intervals)


def _findings_of(ready: Mapping[str, Found]) -> Iterator[Finding]:
    for name, found in ready.items():
        levels: dict[Level, list[str]] = {
            "error": [found["numbering_fault"]] if found["numbering_fault"] else [],
            "warning": found["warnings"],
            "info": found["notes"],
        }
        for level, texts in levels.items():
            yield from (Finding(level=level, subject=name, text=text) for text in texts)


def _parts(videos: Sequence[Listed], truth: GroundTruth) -> Iterator[Finding]:
    """What does not count as normal although no label says so, and whether enough is left."""
    abnormal = {name for name, intervals in truth.intervals.items() if intervals}
    for part, subject in (("train", "training"), ("validation", "validation")):
        unlabelled = [video.name for video in videos if video.part == part and not video.label]
        if names := [name for name in unlabelled if name in abnormal]:
            text = f"abnormal in part, so not learnt from as normal: {counted(len(names), 'video')}"
            yield Finding(level="info", subject=subject, text=f"{text}: {shortened(names)}")
    normal = [video for video in videos if video.label in ("", NORMAL)]
    if not any(video.part == "train" and video.name not in abnormal for video in normal):
        text = "no normal training video: methods that learn what is normal cannot be trained"
        yield Finding(level="warning", subject="training", text=text)


def _twins(videos: Iterable[Listed], ready: Mapping[str, dict[str, Any]]) -> Iterator[Finding]:
    twins: dict[str, list[Listed]] = defaultdict(list)
    for video in videos:
        twins[ready[video.name]["sha256"]].append(video)
    for first, *others in twins.values():
        for other in others:
            yield _same_content(first, other)


def _same_content(first: Listed, other: Listed) -> Finding:
    if first.part == other.part:
        text = f"it has the same content as {first.name}"
        return Finding(level="warning", subject=other.name, text=text)
    text = (
        f"it has the same content as {first.name}, and one is in {first.part}, the other in "
        f"{other.part}: results on it say nothing"
    )
    return Finding(level="error", subject=other.name, text=text)
