"""Layouts made of empty files and what a format says of them; and whole surveys of real ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.data.layouts import DatasetLayout, Listed, open_dataset
from ml.data.survey import survey
from ml.data.truth.resolving import GroundTruth, resolve_ground_truth
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.findings import Finding
from ml.records import Interval
from ml.reports import Event, Reporter


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@dataclass(frozen=True)
class Opened:
    format: str
    videos: list[Listed]
    truth: GroundTruth
    findings: list[Finding]

    def said(self, level: str = "error") -> list[tuple[str, str]]:
        return [(each.subject, each.text) for each in self.findings if each.level == level]

    @property
    def spans(self) -> dict[str, list[tuple[int, int]]]:
        return {name: pairs(of_clip) for name, of_clip in self.truth.intervals.items()}

    @property
    def n_abnormal(self) -> int:
        return sum(end - start for spans in self.spans.values() for start, end in spans)


def pairs(intervals: Iterable[Interval]) -> list[tuple[int, int]]:
    return [(each.start_frame, each.end_frame) for each in intervals]


def opened(folder: Path, n_frames: Mapping[str, int] | int, fps: float = 10) -> Opened:
    """`n_frames` of each readable video, or of all; video files are taken to have `fps`."""
    dataset = open_dataset(folder)
    videos, findings = dataset.videos()
    counts = n_frames if isinstance(n_frames, Mapping) else {v.name: n_frames for v in videos}
    known = [
        KnownVideo(
            name=video.name,
            label=video.label,
            part=video.part,
            n_frames=counts.get(video.name, 0),
            fps=video.fps or fps,
        )
        for video in videos
    ]
    truth = resolve_ground_truth(dataset.truth(videos), VideoSet(known))
    return Opened(name_of(dataset), videos, truth, [*findings, *truth.findings])


def name_of(dataset: DatasetLayout) -> str:
    return type(dataset).__module__.rpartition(".")[2]


def surveyed(folder: Path, out_dir: Path) -> dict[str, list[Event]]:
    """All events of a real survey by their name."""
    events: dict[str, list[Event]] = {}

    def note(event: Event) -> None:
        copy = dict(event)
        events.setdefault(copy.pop("event"), []).append(copy)

    survey({"folder": str(folder), "out_dir": str(out_dir)}, Reporter(note))
    return events
