"""The alignment of ground truth with a dataset's videos, as it is stored and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.data.truth.claims import Annotations
from ml.findings import Finding
from ml.records import Interval

Intervals = tuple[Interval, ...]

# By code, what an accepted repair does. A row lists the codes that its intervals rest on.
REPAIRS = {
    "leave_out": "What is said of videos that are not in the dataset is left out.",
    "clip_to_end": "An interval that reaches past the last frame ends with it.",
    "drop_past_end": "An interval that begins after the last frame is left out.",
    "drop_before_first": "An interval that ends before the first frame is left out.",
    "start_at_first": "An interval that begins before the first frame begins with it.",
    "drop_empty": "An interval without a frame is left out.",
    "merge_overlaps": "Intervals that overlap are one, with the label of the first.",
    "resample": "Frames are counted at another rate than the video's: they are converted.",
    "repeat_last": "Labels end before the video: the frames that are left take the last label.",
    "cut_surplus": "There are more labels than frames: those past the last frame are dropped.",
    "step": "Only every so many frames were annotated: each stands for those up to the next.",
    "count_places": "Frames count by their places, whatever the numbers in their files' names.",
    "same_in_all": "How many labels a video has in the vector is open and makes no difference.",
    "assume_normal": "Test videos of which the file says nothing are normal throughout.",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One claim beside its video. `intervals` hold once all `repairs` are accepted."""

    video: str = ""  # name in the dataset; empty where there is none
    claimed_name: str = ""
    n_frames: int = 0
    implied_n_frames: int | None = None  # what the claim takes the frame count for
    rule: str = ""  # how the labels of an array lie on the frames
    claimed: Intervals = ()
    intervals: Intervals = ()
    repairs: tuple[str, ...] = ()
    notes: tuple[Finding, ...] = ()

    @property
    def is_single_class(self) -> bool:
        covered = sum(each.end_frame - each.start_frame for each in self.intervals)
        return covered in (0, self.n_frames)

    def to_json(self) -> dict[str, Any]:
        return {
            "video": self.video,
            "claimed_name": self.claimed_name,
            "n_frames": self.n_frames,
            "implied_n_frames": self.implied_n_frames,
            "rule": self.rule,
            "claimed": _spans(self.claimed),
            "intervals": _spans(self.intervals),
            "repairs": list(self.repairs),
            "is_single_class": self.is_single_class,
            "notes": [{"level": note.level, "text": note.text} for note in self.notes],
        }


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """All rows, what is to be said of the whole, and test videos without a claim."""

    annotations: Annotations
    rule: str = ""
    rows: tuple[Row, ...] = ()
    missing: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    sentences: Mapping[str, str] = field(default_factory=lambda: REPAIRS)

    @property
    def repairs(self) -> dict[str, dict[str, Any]]:
        """By code the sentence and how many videos rest on it."""
        counts = {code: sum(code in row.repairs for row in self.rows) for code in self.sentences}
        counts["assume_normal"] = len(self.missing)
        return {
            code: {"text": self.sentences[code], "n_videos": count}
            for code, count in counts.items()
            if count
        }

    def to_json(self) -> dict[str, Any]:
        reading = self.annotations.reading
        return {
            "format": self.annotations.format,
            "title": self.annotations.title,
            "base": reading.base,
            "end": reading.end,
            "rate": reading.rate,
            "rule": self.rule,
            "findings": [
                {"level": each.level, "subject": each.subject, "text": each.text}
                for each in self.findings
            ],
            "repairs": self.repairs,
            "rows": [row.to_json() for row in self.rows],
            "missing": list(self.missing),
        }


def _spans(intervals: Sequence[Interval]) -> list[list[Any]]:
    return [[each.start_frame, each.end_frame, each.label] for each in intervals]
