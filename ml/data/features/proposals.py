"""Which rule explains the rows of a set, where the stated one does not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml.data.features.lengths import EQUAL_PARTS, Taking, possible_rows
from ml.records import BadInput

# The likeliest first. Ninety-six hundredths of a second are a patch of VGGish, 96 hops of 10 ms.
CANDIDATES = (
    *(Taking(step=step) for step in (16, 8, 24, 32, 64, 4, 2, 1)),
    *(Taking(step=step, rate=rate) for rate in (25.0, 30.0, 24.0) for step in (16, 24, 64)),
    *(Taking(step=1, rate=rate) for rate in (1.0, 2.0, 5.0, 10.0)),
    Taking(step=96, rate=100.0),
    *(Taking(step=step, stack=stack) for stack, step in ((64, 16), (16, 8), (64, 32), (16, 1))),
)
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Observed:
    """Rows of a file, and what is known of its video; `fps` 0 where nobody knows it."""

    n_rows: int
    n_frames: int
    fps: float = 0.0


def propose(observed: Sequence[Observed]) -> list[str]:
    """What would explain all of them, in words of the options, the likeliest first."""
    found = [_options(taking) for taking in CANDIDATES if _explains(taking, observed)]
    if _are_equal_parts(observed):
        found.append(f"snippet_rule {EQUAL_PARTS}")
    return found


def in_words(proposals: Iterable[str]) -> str:
    """For the end of a sentence: a few of them."""
    return ", or ".join(list(proposals)[:SHOWN])


def _explains(taking: Taking, observed: Iterable[Observed]) -> bool:
    try:
        return all(each.n_rows in _counts(taking, each) for each in observed)
    except BadInput:  # a rate, and a video whose own is not known
        return False


def _counts(taking: Taking, each: Observed) -> set[int]:
    possible = possible_rows(each.n_frames, each.fps, taking, ("whole", "padded"))
    return set().union(*possible.values())


def _are_equal_parts(observed: Sequence[Observed]) -> bool:
    """One count of rows for videos of different lengths."""
    fits = all(each.n_rows <= each.n_frames for each in observed)
    n_lengths = len({each.n_frames for each in observed})
    return fits and len({each.n_rows for each in observed}) == 1 and n_lengths > 1


def _options(taking: Taking) -> str:
    words = f"frames_per_row {taking.step}"
    if taking.stack:
        words += f" and stack {taking.stack}"
    return f"{words} at frame_rate {taking.rate:g}" if taking.rate else words
