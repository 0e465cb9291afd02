"""What a ground-truth file says, in its own unit and by its own clock; nothing is decided here."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.findings import Finding
from ml.naming import split_path
from ml.normal import is_normal
from ml.records import Interval

Labels = NDArray[np.uint8]
End = Literal["inclusive", "exclusive"]
COUNTING = ("base", "end", "rate")  # of a Reading, as they may be stated
MAX_RATE = 1_000  # frames per second
Seconds = tuple[float, float, str]  # start, end, label


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file counts. `rate` in frames per second; None means the video's own frames."""

    base: int | None = None  # number of the first frame, 0 or 1
    end: End | None = None
    rate: float | None = None
    normal_labels: tuple[str, ...] = ()  # of this dataset, beside those that say so in themselves

    def is_normal(self, label: str) -> bool:
        return is_normal(label, self.normal_labels)

    def interval(self, start: int, end: int, label: str = "") -> Interval:
        """As it is written in the file, to frames from 0 and an exclusive end."""
        base = self.base or 0
        last = 1 if self.end == "inclusive" else 0
        return Interval(start_frame=start - base, end_frame=end - base + last, label=label)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a file says of one video.

    At most one of `intervals` (frames), `seconds` and `labels` (n,) 0 or 1 is given, none where
    a video is abnormal and nobody says where, unless it is so from end to end (`is_whole`); empty
    intervals say that it is normal. `path` is
    the video's name as the file writes it, and is empty where a file lists clips by `position`,
    counted from 0. `part` is what part of a dataset the format is about.

    The rest is the file's word, which is used or its disagreement told: `n_frames`, counted at
    `rate` where that is given; the `rate` in frames per second at which its frame numbers count,
    None where they are the video's own; how many frames of the video each annotated frame stands
    for (`step`: ends of `intervals` have that in them already, so the last may reach up to
    step - 1 frames past the video); how long it takes the video for; and the stretches of
    `intervals` by the clock as well (`also_seconds`), which have to be the same.
    """

    path: str = ""
    part: str = ""
    position: int | None = None
    intervals: tuple[Interval, ...] | None = None
    seconds: tuple[Seconds, ...] | None = None
    labels: Labels | None = None
    label: str = ""
    is_whole: bool = False
    n_frames: int | None = None
    rate: float | None = None
    step: int = 1
    duration_seconds: float | None = None
    also_seconds: tuple[Seconds, ...] = ()

    @property
    def name(self) -> str:
        """Without folder and ending."""
        return split_path(self.path)[1]

    @property
    def folder(self) -> str:
        return split_path(self.path)[0]

    @property
    def subject(self) -> str:
        """For people."""
        unnamed = "a video without a name" if self.position is None else f"clip {self.position + 1}"
        return self.path or unnamed


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """A file's claims, or one `vector` (n,) of 0 and 1 that runs through all videos."""

    format: str = ""
    title: str = ""
    reading: Reading = field(default_factory=Reading)
    claims: tuple[Claim, ...] = ()
    vector: Labels | None = None
    findings: tuple[Finding, ...] = ()
