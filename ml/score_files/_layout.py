"""From the scores of a file to scores of frames, by a rule that the sender states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ml.records import BadInput, Scores
from ml.score_files._base import Values

Unit = Literal["frame", "segment", "equal_segments", "clip"]
Tail = Literal["", "last", "none"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What one score stands for.

    `frame`: one frame, the first of them `first_frame`. `segment`: `frames_per_value` frames;
    where the last frames are fewer and have no score of their own, `tail` says whether they
    share the `last` one or have `none`. `equal_segments`: one of as many equal parts of the
    video as there are scores. `clip`: the whole video.
    """

    unit: Unit = "frame"
    first_frame: int = 0
    frames_per_value: int = 1
    tail: Tail = ""

    def check(self) -> None:
        """Raise BadInput where this is no layout."""
        for name, known in (("unit", get_args(Unit)), ("tail", get_args(Tail))):
            if getattr(self, name) not in known:
                choices = ", ".join(filter(None, known))
                raise BadInput(f"{name} {getattr(self, name)!r} is none of {choices}")
        if self.first_frame < 0 or self.frames_per_value < 1:
            raise BadInput("the first frame is 0 or more, the frames per score 1 or more")

    @property
    def rule(self) -> str:
        """In a sentence, for the page."""
        since = f" from frame {self.first_frame} on" if self.first_frame else ""
        tails = {"last": ", the last also of what remains", "none": "; what remains has none"}
        return {
            "frame": f"One score per frame{since}.",
            "segment": f"One score per {self.frames_per_value} frames{since}"
            f"{tails.get(self.tail, '')}.",
            "equal_segments": "Each of the equal parts that a video was cut into has one score.",
            "clip": "One score per video, which all its frames share.",
        }[self.unit]


def spread(values: Values, layout: Layout, n_frames: int) -> Scores:
    """The scores of a video of `n_frames`. Raise BadInput where they do not fit it exactly."""
    layout.check()
    scores = _SPREAD[layout.unit](values, layout, n_frames)
    scores.check(n_frames)
    return scores


def _per_frame(values: Values, layout: Layout, n_frames: int) -> Scores:
    expected = max(0, n_frames - layout.first_frame)
    if len(values) != expected:
        raise BadInput(f"{_counted(values)} where {expected} are expected{_hint(values, n_frames)}")
    return _scores(values, layout.first_frame, 1)


def _hint(values: Values, n_frames: int) -> str:
    """Which other layout would fit, where one does."""
    if 0 < len(values) < n_frames:
        missing = n_frames - len(values)
        return (
            f", one for each of {n_frames} frames. If the first {missing} have no score, say "
            f"first_frame={missing}; if a score stands for several frames, say how many"
        )
    return f", one for each of {n_frames} frames. Nothing is cut off or filled up"


def _per_segment(values: Values, layout: Layout, n_frames: int) -> Scores:
    room, width = max(0, n_frames - layout.first_frame), layout.frames_per_value
    whole, all_segments = room // width, -(-room // width)
    if len(values) == all_segments:
        return _scores(values, layout.first_frame, width)
    if len(values) != whole:
        raise BadInput(
            f"{_counted(values)} where {all_segments} are expected, one for each {width} of "
            f"{room} frames, or {whole} when the last {room - whole * width} have none of their own"
        )
    if not layout.tail:
        raise BadInput(
            f"the last {room - whole * width} frames have no score of their own: say tail=last "
            "for that of the segment before, or tail=none for none"
        )
    repeated = values[-1:] if layout.tail == "last" else values[:0]
    return _scores(np.append(values, repeated), layout.first_frame, width)


def _per_equal_part(values: Values, layout: Layout, n_frames: int) -> Scores:
    if not 0 < len(values) <= n_frames:
        raise BadInput(f"a video of {n_frames} frames cannot be cut into {len(values)} parts")
    return _scores(values[np.arange(n_frames) * len(values) // n_frames], 0, 1)


def _per_clip(values: Values, layout: Layout, n_frames: int) -> Scores:
    if len(values) != 1:
        raise BadInput(f"{_counted(values)} where one for the whole video is expected")
    return _scores(values, 0, n_frames)


def _counted(values: Values) -> str:
    return "1 score" if len(values) == 1 else f"{len(values)} scores"


def _scores(values: Values, first_frame: int, frames_per_value: int) -> Scores:
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused as such
        narrow = values.astype(np.float32)
    return Scores(values=narrow, first_frame=first_frame, frames_per_value=frames_per_value)


_SPREAD = {
    "frame": _per_frame,
    "segment": _per_segment,
    "equal_segments": _per_equal_part,
    "clip": _per_clip,
}
