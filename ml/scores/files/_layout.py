"""What the sender, or the file itself, says of the scores: how they lie over the frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

from ml.findings import counted
from ml.records import MAX_FRAMES, BadInput

Unit = Literal["frame", "segment", "equal_segments", "clip"]
Tail = Literal["", "last", "none"]
Missing = Literal["", "allowed"]
WHOLE_VIDEO = ("equal_segments", "clip")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What one score stands for, and which frames have none.

    `frame`: one frame. `segment`: `frames_per_value` frames; where the last frames are fewer and
    have no score of their own, `tail` says whether they share the `last` one or have `none`.
    `equal_segments`: one of as many equal parts of the video as there are scores. `clip`: the
    whole video.

    Frames before `first_frame` have no score, nor have the last `missing_at_end`. Where `missing`
    is `allowed`, an empty cell, null, NaN or a frame that is left out says the same of any other.
    `base` is the number that the file gives to the first frame or segment; None: found out.
    """

    unit: Unit = "frame"
    first_frame: int = 0
    missing_at_end: int = 0
    frames_per_value: int = 1
    tail: Tail = ""
    missing: Missing = ""
    base: int | None = None

    def check(self) -> None:
        """Raise BadInput where this is no layout."""
        choices = {"unit": get_args(Unit), "tail": get_args(Tail), "missing": get_args(Missing)}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                listed = ", ".join(filter(None, known))
                raise BadInput(f"{name} {getattr(self, name)!r} is none of {listed}")
        if self.base is not None and (type(self.base) is not int or self.base not in (0, 1)):
            raise BadInput("base is 0 or 1: the number of the first frame")
        self._check_numbers()
        self._check_together()

    def _check_numbers(self) -> None:
        for name, least in (("first_frame", 0), ("missing_at_end", 0), ("frames_per_value", 1)):
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= MAX_FRAMES:
                raise BadInput(f"{name} is {value!r}: it is a whole number, {least} or more")

    def _check_together(self) -> None:
        """What the unit knows nothing of would be passed over without a word."""
        if self.unit != "segment" and (self.frames_per_value > 1 or self.tail):
            raise BadInput("frames_per_value and tail are said of unit=segment only")
        if self.unit in WHOLE_VIDEO and (self.first_frame or self.missing_at_end):
            raise BadInput(
                f"unit={self.unit} goes through the whole video: first_frame and missing_at_end "
                "are said of unit=frame and unit=segment"
            )

    def joined(self, stated: Mapping[str, Any]) -> Layout:
        """With what a file says itself. Raise BadInput where the sender says otherwise."""
        usual = Layout()
        for name, value in stated.items():
            if getattr(self, name) not in (value, getattr(usual, name)):
                raise BadInput(
                    f"the file says {name}={value}, and its sender {name}={getattr(self, name)}"
                )
        joined = replace(self, **stated)
        joined.check()
        return joined

    @property
    def rule(self) -> str:
        """In a sentence, for the page."""
        since = f" from frame {self.first_frame} on" if self.first_frame else ""
        tails = {"last": ", the last also of what remains", "none": "; what remains has none"}
        until = f"; the last {counted(self.missing_at_end, 'frame')} have none"
        ends = until if self.missing_at_end else ""
        gaps = "; frames whose score is left out have none" if self.missing else ""
        return {
            "frame": f"One score per frame{since}{ends}{gaps}.",
            "segment": f"One score per {self.frames_per_value} frames{since}"
            f"{tails.get(self.tail, '')}{ends}{gaps}.",
            "equal_segments": "Each of the equal parts that a video was cut into has one score"
            f"{gaps}.",
            "clip": f"One score per video, which all its frames share{gaps}.",
        }[self.unit]


# By a file of itself; from which number on it counts holds for all of its videos.
STATABLE = tuple(field.name for field in fields(Layout) if field.name != "base")


def stated_in(given: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a layout among those of a file. Several frames per value are a segment."""
    stated = {name: given[name] for name in STATABLE if name in given}
    if stated.get("frames_per_value", 1) != 1:
        stated.setdefault("unit", "segment")
    return stated
