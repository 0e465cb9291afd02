"""Numbers of frames and segments in a file: from which one on they count, and where rows belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ml.findings import counted
from ml.records import BadInput
from ml.scores.files._base import Counts, Numbers, Series, Values
from ml.scores.files._layout import WHOLE_VIDEO, Layout

BASES = (0, 1)


@dataclass(frozen=True, kw_only=True)
class Item:
    """The scores of one video of `n_frames`, and the layout that holds for it."""

    name: str
    series: Series
    layout: Layout
    n_frames: int

    @property
    def is_numbered(self) -> bool:
        return self.series.places is not None

    @property
    def n_expected(self) -> int:
        """Scores where none is left out."""
        layout = self.layout
        room = max(0, self.n_frames - layout.first_frame - layout.missing_at_end)
        return -(-room // layout.frames_per_value)

    @property
    def n_whole(self) -> int:
        """The same without a last segment that is shorter than the others."""
        layout = self.layout
        room = max(0, self.n_frames - layout.first_frame - layout.missing_at_end)
        return room // layout.frames_per_value

    def indices(self, base: int) -> Numbers | None:
        """(N,) place of each score among those expected; None where segments start elsewhere."""
        assert self.series.places is not None
        numbers, layout = self.series.places - base, self.layout
        if self.series.counts == "segment" or layout.unit in WHOLE_VIDEO:
            return numbers
        numbers = numbers - layout.first_frame
        if (numbers % layout.frames_per_value).any():
            return None
        return numbers // layout.frames_per_value

    def fits(self, base: int) -> bool:
        """Whether all rows lie inside the video."""
        found = self.indices(base)
        if found is None or not len(found):
            return found is not None
        before = self.layout.first_frame if self.layout.unit == "frame" else 0
        room = max(0, self.n_frames - self.layout.first_frame)
        after = -(-room // self.layout.frames_per_value)
        return bool(found[0] >= -before and found[-1] < after)

    def is_exact(self, base: int) -> bool:
        """Whether there is a row for each score that is expected, and no other."""
        found = self.indices(base)
        is_any_number = self.layout.unit == "equal_segments"
        if found is None or not (is_any_number or len(found) in (self.n_expected, self.n_whole)):
            return False
        return np.array_equal(found, np.arange(len(found)))


def numbered_alike(items: Sequence[Item]) -> list[Item]:
    """A column `frame` beside segments holds the frames at which they start, or their numbers."""
    asked = [each for each in items if _asks(each)]
    are_starts = any(all(each.indices(base) is not None for each in asked) for base in BASES)
    counts: Counts = "start" if are_starts else "segment"
    return [
        replace(each, series=replace(each.series, counts=counts)) if _asks(each) else each
        for each in items
    ]


def _asks(item: Item) -> bool:
    of_frames = item.is_numbered and item.series.counts == "frame"
    return of_frames and item.layout.unit == "segment"


def check_units(items: Sequence[Item]) -> None:
    """Raise BadInput where rows of segments are said to be frames, or the whole video."""
    for item in items:
        if item.is_numbered and item.layout.unit == "clip":
            raise BadInput(
                f"{item.name}: its rows have numbers, and one score for the whole video has none"
            )
        if item.is_numbered and item.layout.unit == "frame" and item.series.counts != "frame":
            raise BadInput(
                f"{item.name}: its rows are segments: say unit=segment, and frames_per_value"
            )
        _check_lengths(item)


def _check_lengths(item: Item) -> None:
    """All segments but a shorter last one, with or without the frame at which they end."""
    if item.series.lengths is None or not len(item.series.lengths):
        return
    width, lengths = item.layout.frames_per_value, item.series.lengths
    for is_inclusive in (0, 1):
        found = lengths + is_inclusive
        if (found[:-1] == width).all() and 0 < found[-1] <= width:
            return
    raise BadInput(
        f"{item.name}: by their first and last frames its segments are not all of "
        f"frames_per_value={width} frames: the first is of {lengths[0]} or {lengths[0] + 1}"
    )


def base_of(items: Sequence[Item], wanted: int | None) -> int:
    """From which number the file counts: what lets all rows fall inside their videos.

    Raise BadInput where both do, and it makes a difference.
    """
    numbered = [item for item in items if item.is_numbered and len(item.series.values)]
    if wanted is not None or not numbered:
        return wanted or 0
    for test in (Item.is_exact, Item.fits):
        fitting = [base for base in BASES if all(test(item, base) for item in numbered)]
        if len(fitting) == 1:
            return fitting[0]
    if fitting:
        raise BadInput(_unclear(numbered[0]))
    return _likely_base(numbered)


def _likely_base(items: Sequence[Item]) -> int:
    """For the sentence that says why rows fall outside."""
    ends = [(item.series.places, item.n_frames) for item in items if item.series.places is not None]
    has_zero = any(places[0] == 0 for places, _n_frames in ends)
    return int(not has_zero and any(places[-1] == n_frames for places, n_frames in ends))


def _unclear(item: Item) -> str:
    what = "frames" if item.layout.unit == "frame" else "segments"
    last = item.n_frames if item.layout.unit == "frame" else item.n_expected
    return (
        f"Are {what} counted from 0 or from 1? {item.name} has neither a number 0 nor a number "
        f"{last}: say base=0 or base=1, and where its first and last {what} have no score, "
        "first_frame, missing_at_end or missing=allowed"
    )


def in_place(item: Item, base: int) -> Values:
    """(n,) the scores in the order of the frames, NaN where no row is. Raise BadInput."""
    if item.series.places is None:
        return item.series.values
    found = item.indices(base)
    if found is None:
        raise BadInput(_starts_elsewhere(item, base))
    if item.is_exact(base) or not len(found):
        return item.series.values
    size = _size(item, found)
    if found[0] < 0 or found[-1] >= size:
        raise BadInput(_outside(item, base, found, size))
    placed = np.full(size, np.nan)
    placed[found] = item.series.values
    return placed


def _size(item: Item, found: Numbers) -> int:
    """Places to fill."""
    if item.layout.unit == "equal_segments":
        return int(found[-1]) + 1
    is_short = item.layout.tail and found[-1] < item.n_whole
    return item.n_whole if is_short else item.n_expected


def _starts_elsewhere(item: Item, base: int) -> str:
    width, first = item.layout.frames_per_value, item.layout.first_frame + base
    assert item.series.places is not None
    other = next(int(each) for each in item.series.places if (each - first) % width)
    return (
        f"a segment starts at {other}, and with frames_per_value={width} and first_frame="
        f"{item.layout.first_frame} they start at {first}, {first + width}, {first + 2 * width} …"
    )


def _outside(item: Item, base: int, found: Numbers, size: int) -> str:
    assert item.series.places is not None
    at = 0 if found[0] < 0 else int(np.argmax(found >= size))
    number = int(item.series.places[at])
    what = "frame" if item.layout.unit == "frame" else "segment"
    if what == "frame" and 0 <= number - base < item.n_frames:
        return (
            f"frame {number} has a score, though first_frame={item.layout.first_frame} and "
            f"missing_at_end={item.layout.missing_at_end} say that it has none"
        )
    last = item.n_frames if what == "frame" else size
    if item.series.counts == "start":
        return f"a segment starts at frame {number}, and the video has {item.n_frames} frames"
    return (
        f"it has a {what} {number}, and the {counted(last, what)} of the video are "
        f"{base} … {last - 1 + base}"
    )
