"""Looks at a dataset in place: every video probed apart, ground truth checked against the counts.

Sends `video` for each file, readable or rejected, then `annotations` and a `finding` for each
thing a person should know, then `result`.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.data import sandbox
from ml.data.images import image_files
from ml.data.layouts import open_dataset
from ml.data.layouts._base import Listed
from ml.data.truth.normality import own_labels
from ml.data.truth.settling import GroundTruth, settle
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.events import Event, Reporter
from ml.findings import Finding, counted, shortened
from ml.normal import NORMAL, canonical_label
from ml.records import BadInput, Interval, Manifest, VideoRecord

N_AT_ONCE = 2
FILES = ("pts", "proxy", "poster", "contact_sheet")  # of a video, in the events by their path
NOTHING_KNOWN = {
    "sha256": "", "n_bytes": 0, "n_frames": 0, "width": 0, "height": 0, "rotation": 0, "fps": 0.0,
    "is_variable_rate": False, "duration_seconds": 0.0, "codec": "", "has_audio": False,
    "proxy_fps": 0.0, "warnings": [],
} | dict.fromkeys(FILES, "")  # fmt: skip


def survey(spec: Mapping[str, Any], reporter: Reporter) -> None:
    """`spec`: folder, out_dir, format ("" to detect it), limits (fields of sandbox.Limits),
    normal_labels (a list: what is normal here beside what says so in itself).

    Raise BadInput when there is nothing to import; one bad video is only an event.
    """
    folder, out_dir = Path(spec["folder"]), Path(spec["out_dir"])
    limits = sandbox.Limits(**spec.get("limits") or {})
    if not folder.is_dir():
        raise BadInput(f"the folder {folder} does not exist on the machine that imports")
    dataset = open_dataset(folder, spec.get("format", ""))
    also = own_labels(spec.get("normal_labels") or ())
    listed, findings = dataset.videos()
    videos = [replace(video, label=canonical_label(video.label, also)) for video in listed]
    if not videos:
        raise BadInput(f"no video and no folder of images was found in {folder}")
    ready = _probe_all(videos, folder, out_dir, limits, reporter)
    known = VideoSet([_known(video, ready.get(video.name)) for video in videos])
    truth = settle(dataset.truth(videos), known, {"normal_labels": also})
    _send_truth(truth, reporter)
    usable = [video for video in videos if video.name in ready]
    overview = (*_parts(usable, truth), *_twins(usable, ready))
    for finding in (*findings, *_warnings(ready), *truth.findings, *overview):
        reporter.send("finding", **asdict(finding))
    reporter.send("result", values={"format": type(dataset).__module__.rpartition(".")[2]})


def _known(video: Listed, found: dict[str, Any] | None) -> KnownVideo:
    """With the clock of its own times where it could be read."""
    if found is None:
        return KnownVideo(name=video.name, label=video.label, part=video.part, n_frames=0)
    return KnownVideo(
        name=video.name,
        label=video.label,
        part=video.part,
        n_frames=found["n_frames"],
        fps=found["fps"],
        numbering_fault=found.get("numbering_fault", ""),
        times=np.load(found["pts"], mmap_mode="r"),
    )


def _probe_all(
    videos: list[Listed], folder: Path, out_dir: Path, limits: sandbox.Limits, reporter: Reporter
) -> dict[str, dict[str, Any]]:
    """What was found in each readable video, by name."""
    ready: dict[str, dict[str, Any]] = {}

    def look(job: tuple[int, Listed]) -> dict[str, Any]:
        index, video = job
        return _probe(video, folder / video.path, out_dir / f"{index:06}", limits)

    pool = ThreadPoolExecutor(N_AT_ONCE)
    try:
        looks = zip(videos, pool.map(look, enumerate(videos)), strict=True)
        for done, (video, found) in enumerate(looks, start=1):
            reporter.send("video", **_identity(video), **_without_warnings(found))
            reporter.progress(stage="import", done=done, total=len(videos), unit="videos")
            if found["status"] == "ready":
                ready[video.name] = found
    finally:  # also when this process is told to end
        pool.shutdown(cancel_futures=True)
    return ready


def _probe(video: Listed, path: Path, folder: Path, limits: sandbox.Limits) -> dict[str, Any]:
    folder.mkdir(parents=True)
    request = {"path": str(path.resolve()), "kind": video.kind, "fps": video.fps}
    n_bytes = 0
    try:
        n_bytes = _n_bytes(path)
        found = sandbox.run(request, folder=folder, n_bytes=n_bytes, limits=limits)
    except BadInput as error:
        shutil.rmtree(folder)
        return NOTHING_KNOWN | {"status": "rejected", "reason": str(error), "n_bytes": n_bytes}
    files = {name: str(folder / found[name]) for name in FILES}
    return {"status": "ready", "reason": ""} | found | files


def _n_bytes(path: Path) -> int:
    try:
        files = image_files(path) if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    except OSError as error:
        raise BadInput(f"the file cannot be read: {error.strerror}") from error


def _without_warnings(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name != "warnings"}


def _identity(video: Listed) -> dict[str, str]:
    return {
        "name": video.name,
        "path": video.path,
        "kind": video.kind,
        "part": video.part,
        "label": video.label,
    }


def survey_to_manifest(folder: Path, out_dir: Path, reporter: Reporter) -> Manifest:
    """The readable videos of `folder` as methods take them; reports as `survey` does."""
    videos: list[Event] = []
    intervals: dict[str, list[tuple[int, int, str]]] = {}

    def note(event: Event) -> None:
        if event["event"] == "video" and event["status"] == "ready":
            videos.append(dict(event))
        elif event["event"] == "annotations":
            intervals.update(event["intervals"])
        reporter.send(**event)

    survey({"folder": str(folder), "out_dir": str(out_dir)}, Reporter(note))
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


def _warnings(ready: Mapping[str, dict[str, Any]]) -> Iterator[Finding]:
    for name, found in ready.items():
        for text in found["warnings"]:
            yield Finding(level="warning", subject=name, text=text)


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
