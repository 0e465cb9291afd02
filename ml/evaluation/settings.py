"""The fields of a protocol: everything that decides a number besides scores and ground truth."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ml.evaluation.catalogue import METRICS
from ml.records import BadInput
from ml.scores.smoothing import MAX_SMOOTHING_FRAMES, Smoothing

Level = Literal["frame", "event"]
Normalisation = Literal["none", "per_video", "test_set"]
Missing = Literal["nearest", "drop"]
MAX_SECONDS = 3_600
LARGEST_THRESHOLD = 1e30


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How numbers are computed.

    `smoothing` comes first: over `smoothing_frames` frames of one video, the width of a `mean`
    or the standard deviation of a `gaussian`. `normalisation` then stretches scores to 0…1 by
    the lowest and highest of each video or of the whole test set. `missing` frames without a
    score take that of the `nearest` one, or are left out. The first `drop_first` frames of each
    video do not count, for methods that predict from earlier frames. `macro_padding` adds an
    artificial normal frame of score 0 and an abnormal one of score 1 to each video before the
    mean over videos, as some papers do so that none is undefined. `metric` is the number that
    leads.

    `threshold` is that of the numbers which need one; without it, it is chosen on validation
    data where there are any, else on the test data. At `level` event, alarms at it are matched
    with events, as `ml.metrics.events` describes: alarms at most `merge_gap_seconds` apart are
    one, an alarm must last `hold_seconds`, and must share `iou` of its union with an event to
    find it, or, at 0, touch it.
    """

    level: Level = "frame"
    smoothing: Smoothing = "none"
    smoothing_frames: float = 0.0
    normalisation: Normalisation = "none"
    missing: Missing = "nearest"
    drop_first: int = 0
    macro_padding: bool = False
    metric: str = "auroc"
    threshold: float | None = None
    merge_gap_seconds: float = 0.0
    hold_seconds: float = 0.0
    iou: float = 0.0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Settings:
        """Raise BadInput where a field is unknown or cannot have its value."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(set(value) - known):
            raise BadInput(f"{', '.join(unknown)}: not known; known are {', '.join(sorted(known))}")
        settings = cls(**value)
        settings.check()
        return settings

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def check(self) -> None:
        """Raise BadInput where a field cannot have its value."""
        choices = {
            "level": get_args(Level),
            "smoothing": get_args(Smoothing),
            "normalisation": get_args(Normalisation),
            "missing": get_args(Missing),
            "metric": tuple(METRICS),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise BadInput(f"{name} {getattr(self, name)!r} is none of {', '.join(allowed)}")
        if type(self.drop_first) is not int or self.drop_first < 0:
            raise BadInput(f"drop_first: {self.drop_first!r} is no number of frames")
        if not isinstance(self.macro_padding, bool):
            raise BadInput("macro_padding is true or false")
        self._check_numbers()
        self._check_together()

    def _check_numbers(self) -> None:
        limits = {
            "smoothing_frames": (0, MAX_SMOOTHING_FRAMES),
            "merge_gap_seconds": (0, MAX_SECONDS),
            "hold_seconds": (0, MAX_SECONDS),
            "iou": (0, 1),
            "threshold": (-LARGEST_THRESHOLD, LARGEST_THRESHOLD),
        }
        for name, (least, most) in limits.items():
            value = getattr(self, name)
            if name == "threshold" and value is None:
                continue
            if not _is_number(value) or not least <= value <= most:
                raise BadInput(f"{name} is {value!r}: a number from {least} to {most} is expected")

    def _check_together(self) -> None:
        if (self.smoothing == "none") != (self.smoothing_frames == 0):
            raise BadInput(
                f"smoothing {self.smoothing} over {self.smoothing_frames} frames: to smooth takes "
                "more than 0 frames, and no smoothing takes none"
            )
        if METRICS[self.metric].level == "event" and self.level != "event":
            raise BadInput(f"{self.metric} leads at level event only")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
