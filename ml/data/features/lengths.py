"""How many rows a video may have: rules with names, and the frames that a row is then made of.

Letters: F frames of a video. All counts are of whole numbers; where frames were taken at another
rate than the video's, rounding up and down both count, for converters do either.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ml.records import BadInput

Count = Callable[[int, "Taking"], int]
EQUAL_PARTS = "equal_parts"
USUAL_RATES = (10.0, 12.5, 15.0, 20.0, 24.0, 25.0, 30.0, 50.0, 60.0)
LEAST_OFF, MOST_OFF = 0.03, 0.6  # shares of rows that another frame rate explains


@dataclass(frozen=True, kw_only=True)
class Taking:
    """A row is made of `stack` frames, the next begins `step` further on.

    Frames are the video's own, or those of it at `rate` per second. A `stack` of 0 is as `step`.
    """

    step: int
    stack: int = 0
    rate: float = 0.0

    @property
    def length(self) -> int:
        return self.stack or self.step

    def frames(self, n_frames: int, fps: float) -> tuple[int, ...]:
        """How many frames were taken: one number, or two where they may be rounded."""
        if not self.rate:
            return (n_frames,)
        if not fps:
            raise BadInput(
                "frame_rate is stated, but the video's own rate is not known to compare it with"
            )
        taken = n_frames * self.rate / fps
        return tuple(sorted({math.floor(taken), math.ceil(taken)}))

    def in_words(self) -> str:
        """`rows of 16 frames`, and what else there is to say."""
        words = f"rows of {self.length}"
        if self.stack and self.stack != self.step:
            words += f", one each {self.step}"
        return f"{words}, taken at {self.rate:g} frames per second," if self.rate else words


def whole(n_frames: int, taking: Taking) -> int:
    """Frames after the last whole row are left out."""
    return max(0, (n_frames - taking.length) // taking.step + 1)


def padded(n_frames: int, taking: Taking) -> int:
    """Frames after the last whole row have one, too."""
    return max(0, -(-max(0, n_frames - taking.length) // taking.step) + 1) if n_frames else 0


def pairs(n_frames: int, taking: Taking) -> int:
    """Whole rows of all frames but one: of the flow between them, or of a loader that drops it."""
    return whole(n_frames - 1, taking)


RULES: dict[str, Count] = {"whole": whole, "padded": padded, "pairs": pairs}
IN_WORDS = {
    "whole": "whole rows alone",
    "padded": "the last row is padded",
    "pairs": "whole rows of all frames but the last",
    EQUAL_PARTS: "equal parts of the video",
}


@dataclass(frozen=True, kw_only=True)
class Explained:
    """By which rule, and the frames of a row where that is no whole number (else 0)."""

    rule: str
    row_length: float = 0.0


def explain(
    n_rows: int, n_frames: int, fps: float, taking: Taking, rules: Sequence[str], name: str
) -> Explained:
    """Raise BadInput where no rule gives a video's frames so many rows."""
    if EQUAL_PARTS in rules:
        return _equal_parts(n_rows, n_frames, name)
    possible = possible_rows(n_frames, fps, taking, rules)
    rule = next((rule for rule, counts in possible.items() if n_rows in counts), None)
    if rule is None:
        raise BadInput(_refusal(n_rows, n_frames, fps, taking, possible, name))
    return Explained(rule=rule, row_length=_row_length(taking, fps))


def possible_rows(
    n_frames: int, fps: float, taking: Taking, rules: Sequence[str]
) -> dict[str, set[int]]:
    """The counts that each rule allows."""
    taken = taking.frames(n_frames, fps)
    return {rule: {RULES[rule](n, taking) for n in taken} for rule in rules}


def _equal_parts(n_rows: int, n_frames: int, name: str) -> Explained:
    if n_rows > n_frames:
        raise BadInput(
            f"{name} has {n_rows} rows, and a video of {n_frames} frames has no so many parts"
        )
    return Explained(rule=EQUAL_PARTS, row_length=n_frames / n_rows)


def _row_length(taking: Taking, fps: float) -> float:
    """0 where a row is made of whole frames of the video."""
    return taking.step * fps / taking.rate if taking.rate and taking.rate != fps else 0.0


def _refusal(
    n_rows: int, n_frames: int, fps: float, taking: Taking, possible: dict[str, set[int]], name: str
) -> str:
    counts = sorted(set().union(*possible.values()))
    expected = " or ".join(map(str, counts))
    at = f" at {fps:g} frames per second" if taking.rate else ""
    text = f"{name} has {n_rows} rows where {n_frames} frames{at} in {taking.in_words()} give"
    return f"{text} {expected}{_hint(n_rows, n_frames, fps, taking)}"


def _hint(n_rows: int, n_frames: int, fps: float, taking: Taking) -> str:
    """That the features are of the video at another frame rate, where that explains them."""
    usual = whole(n_frames, taking)
    if taking.rate or not usual or not LEAST_OFF < abs(n_rows / usual - 1) < MOST_OFF:
        return ""
    off = f": {abs(n_rows / usual - 1):.0%} {'fewer' if n_rows < usual else 'more'}"
    return off + (_other_rate(n_rows, n_frames, fps, taking) if fps else _unknown_rate())


def _other_rate(n_rows: int, n_frames: int, fps: float, taking: Taking) -> str:
    for rate in USUAL_RATES:
        at_rate = Taking(step=taking.step, stack=taking.stack, rate=rate)
        counts = possible_rows(n_frames, fps, at_rate, ("whole", "padded"))
        if any(n_rows in each for each in counts.values()):
            return (
                f", as many as at {rate:g} frames per second, where the video has {fps:g}. If its "
                f"frames were taken so, state frame_rate {rate:g}"
            )
    return ""


def _unknown_rate() -> str:
    return ", as where frames were taken at another rate than the video's"
