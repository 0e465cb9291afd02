"""The doors that need no site: files of ground truth, and folders of videos."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.door._base import Bring, Brought
from ml.data.survey import survey
from ml.data.truth.alignment import align
from ml.data.truth.formats import read_annotations
from ml.data.truth.rows import Alignment
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.data.video.decode import decode
from ml.records import BadInput, VideoRecord
from ml.reports import Event, Reporter

Truth = dict[str, list[tuple[int, int, str]]]  # start, end and label, by video
USUAL = ("training",)  # subjects of findings that a folder of test clips always gets
NO_TRUTH = "nothing says where clips are abnormal"


def clip(
    name: str = "01", n_frames: int = 250, fps: float = 25.0, part: str = "", **facts: Any
) -> KnownVideo:
    """A video of frames that are shown evenly, unless `times` say otherwise."""
    facts.setdefault("times", np.arange(n_frames) / fps)
    return KnownVideo(name=name, n_frames=n_frames, fps=fps, part=part, **facts)


def truth(
    file: str, data: str | bytes, videos: Sequence[KnownVideo] | None = None, **options: Any
) -> Bring:
    """Bring one file of ground truth, all repairs accepted."""

    def bring(folder: Path) -> Brought:
        path = folder / file
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return truth_of(path, videos or [clip()], **options)

    return bring


def truth_of(path: Path, videos: Sequence[KnownVideo], **options: Any) -> Brought:
    try:
        annotations = read_annotations(path, options=options)
        found = align(annotations, VideoSet(videos), policy="repair")
    except BadInput as error:
        return Brought(refusal=str(error))
    if refused := "; ".join(_unrepairable(found)):
        return Brought(refusal=refused)
    kept: Truth = {name: [] for name in found.missing}
    for row in found.rows:
        if row.video:
            kept[row.video] = [(e.start_frame, e.end_frame, e.label) for e in row.intervals]
    return Brought(value=kept, findings=tuple(_findings_of_alignment(found)))


def _unrepairable(found: Alignment) -> Iterator[str]:
    """As the site refuses a draft."""
    yield from (each.text for each in found.findings if each.level == "error")
    for row in found.rows:
        if not row.repairs:
            yield from (note.text for note in row.notes if note.level == "error")


def _findings_of_alignment(found: Alignment) -> Iterator[str]:
    yield from (each.text for each in found.findings if each.level == "warning")
    yield from (str(each["text"]) for each in found.repairs.values())
    for row in found.rows:
        yield from (note.text for note in row.notes if note.level != "info")


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """What an import finds: events of videos and intervals by name, findings as they come."""

    home: Path
    videos: Mapping[str, Event]
    truth: Truth
    findings: Sequence[Event] = field(default_factory=tuple)


Look = Callable[[Surveyed], Any]


def dataset(make: Callable[[Path], object], look: Look, **spec: Any) -> Bring:
    """Import the folder that `make` fills; `look` takes out what the case is about."""

    def bring(folder: Path) -> Brought:
        home = folder / "data"
        home.mkdir()
        make(home)
        try:
            found = surveyed(home, folder / "out", **spec)
        except BadInput as error:
            return Brought(refusal=str(error))
        refusal = "; ".join([*_rejected(found), *_withheld(found)])
        return Brought(
            value=look(found), findings=tuple(_findings_of_survey(found)), refusal=refusal
        )

    return bring


def surveyed(home: Path, out: Path, **spec: Any) -> Surveyed:
    events: list[Event] = []
    survey({"folder": str(home), "out_dir": str(out)} | spec, Reporter(events.append))
    found: Truth = {}
    for event in events:
        if event["event"] == "annotations":
            found = {
                name: [(start, end, label) for start, end, label in spans]
                for name, spans in event["intervals"].items()
            }
    return Surveyed(
        home=home,
        videos={each["name"]: each for each in events if each["event"] == "video"},
        truth=found,
        findings=[each for each in events if each["event"] == "finding"],
    )


def _findings_of_survey(found: Surveyed) -> Iterator[str]:
    for each in found.findings:
        is_usual = each["subject"] in USUAL or each["text"].startswith(NO_TRUTH)
        if each["level"] != "info" and not is_usual:
            yield f"{each['subject']}: {each['text']}"


def _rejected(found: Surveyed) -> Iterator[str]:
    yield from (each["reason"] for each in found.videos.values() if each["status"] != "ready")


def _withheld(found: Surveyed) -> Iterator[str]:
    """Errors about a video for which no interval was stored, or about a file and none at all.

    And files that are left where they lie.
    """
    for each in found.findings:
        subject = each["subject"]
        if subject == "passed over":
            yield each["text"]
        stored = found.truth.get(subject) if subject in found.videos else found.truth
        if each["level"] == "error" and not stored:
            yield f"{subject}: {each['text']}"


def counts(found: Surveyed) -> dict[str, int]:
    """Frames of each video."""
    return {name: each["n_frames"] for name, each in found.videos.items()}


def spans(found: Surveyed) -> Truth:
    """Where each video is abnormal; those of which nothing is said are left out."""
    return found.truth


def counts_and_spans(found: Surveyed) -> dict[str, tuple[int, list[tuple[int, int, str]]]]:
    return {
        name: (each["n_frames"], found.truth.get(name, [])) for name, each in found.videos.items()
    }


def tested(found: Surveyed) -> Any:
    """As `counts_and_spans`, of test clips alone."""
    kept = counts_and_spans(found)
    return {name: each for name, each in kept.items() if found.videos[name]["part"] == "test"}


def greys(found: Surveyed) -> dict[str, list[int]]:
    """What jobs see in the middle of each frame of each video, 0 to 255."""
    return {name: _greys(found.home, each) for name, each in found.videos.items()}


def _greys(home: Path, video: Event) -> list[int]:
    record = VideoRecord(
        id=video["name"],
        path=str(home / video["path"]),
        kind=video["kind"],
        n_frames=video["n_frames"],
        rotation=video["rotation"],
        pixel_low=video["pixel_low"],
        pixel_high=video["pixel_high"],
    )
    if video["status"] != "ready":
        return []
    frames = decode(record, grey=True)
    return [int(each[each.shape[0] // 2, each.shape[1] // 2]) for each in frames]


def rates(found: Surveyed) -> dict[str, tuple[int, float, float]]:
    """Frames, frames per second and seconds, rounded to thousandths."""
    return {
        name: (each["n_frames"], round(each["fps"], 3), round(each["duration_seconds"], 3))
        for name, each in found.videos.items()
    }
