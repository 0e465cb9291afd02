"""Where the videos end in one vector that runs through all of them.

First one habit for all videos is looked for (`tails`), with segments of 16 frames. Where none
gives the vector's length, habits with other segments may, or each video may have its own number
of whole segments: with ground truth that is known already, dynamic programming finds the lengths
under which the fewest labels disagree with it. What more than one best layout leaves open is said
to be open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.data.truth.claims import Labels
from ml.data.truth.spans import Intervals
from ml.data.truth.tails import OTHER_SEGMENTS, SEGMENT, Counts, Tail, tails
from ml.records import Interval

DEVIATIONS = (-2, -1, 0, 1)  # segments more than the whole ones that a video may have
IMPOSSIBLE = np.int32(2**30)  # and any cost on top still fits
Ones = NDArray[np.int32]
Costs = NDArray[np.int32]


Choices = tuple[tuple[tuple[int, int], ...], ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`choices[i]` are the (offset, length) pairs of video i in all best layouts.

    They are only found when somebody asks, since of several orders of the videos one is taken.
    `disagreements` counts labels that differ from the known ones; None where none are known.
    `tail` is the one habit of all videos, if there is one. `also` are other habits that give
    the same sum; where `tail` is None and `also` is not empty, they are all as good.
    """

    find_choices: Callable[[], Choices]
    tail: Tail | None = None
    disagreements: int | None = None
    also: tuple[Tail, ...] = ()

    @cached_property
    def choices(self) -> Choices:
        return self.find_choices()


def layout_of(ones: Ones, n_frames: Counts, known: Sequence[Intervals] | None) -> Layout | None:
    """The simplest explanation of a vector's length; `ones` are its `ones_before`.

    One habit with segments of 16 frames; else one with others, or lengths of each video's own,
    whichever has fewer labels that differ from the known ones.
    """
    usual = uniform(ones, n_frames, known, tails())
    if usual is not None:
        return usual
    found = [uniform(ones, n_frames, known, tails(OTHER_SEGMENTS))]
    found += [by_labels(ones, n_frames, known)] if known is not None else []
    fitting = [layout for layout in found if layout is not None]
    return min(fitting, key=lambda layout: layout.disagreements or 0, default=None)


def uniform(
    ones: Ones,
    n_frames: Counts,
    known: Sequence[Intervals] | None,
    habits: Sequence[Tail],
) -> Layout | None:
    """The layout under one of `habits` for all videos, or under several that are as good."""
    fitting = _distinct([tail for tail in habits if _fits(tail, ones, n_frames)], n_frames)
    if not fitting:
        return None
    costs = [_cost(ones, tail.n_labels(n_frames), n_frames, known) for tail in fitting]
    best = [tail for tail, cost in zip(fitting, costs, strict=True) if cost == min(costs)]
    tail = best[0] if len(best) == 1 else None
    return Layout(
        find_choices=lambda: _choices_under(best, n_frames),
        tail=tail,
        disagreements=min(costs) if known is not None else None,
        also=tuple(other for other in fitting if other != tail),
    )


def _choices_under(habits: Sequence[Tail], n_frames: Counts) -> Choices:
    places = [_places(tail.n_labels(n_frames)) for tail in habits]
    return tuple(tuple(dict.fromkeys(each)) for each in zip(*places, strict=True))


def _places(lengths: Counts) -> list[tuple[int, int]]:
    """Offset and length of each video."""
    offsets = np.cumsum(lengths) - lengths
    return [(int(offset), int(n)) for offset, n in zip(offsets, lengths, strict=True)]


def _fits(tail: Tail, ones: Ones, n_frames: Counts) -> bool:
    return int(tail.n_labels(n_frames).sum()) == len(ones) - 1


def _distinct(fitting: Sequence[Tail], n_frames: Counts) -> list[Tail]:
    """One for each way to cut: habits agree where all counts are whole segments."""
    by_lengths = {tail.n_labels(n_frames).tobytes(): tail for tail in reversed(fitting)}
    return [tail for tail in fitting if tail in by_lengths.values()]


def _cost(ones: Ones, lengths: Counts, n_frames: Counts, known: Sequence[Intervals] | None) -> int:
    """Labels that differ from the known ones where each video takes `lengths` of them."""
    if known is None:
        return 0
    offsets = np.cumsum(lengths) - lengths
    ends = np.minimum(lengths, n_frames)  # what lies past the last frame is void
    n_ones = int((ones[offsets + ends] - ones[offsets]).sum())
    spans = [
        (video, each.start_frame, each.end_frame)
        for video, intervals in enumerate(known)
        for each in intervals
    ]
    videos, starts, stops = np.array(spans, np.int64).reshape(-1, 3).T
    starts, stops = np.minimum(starts, ends[videos]), np.minimum(stops, ends[videos])
    n_shared = int((ones[offsets[videos] + stops] - ones[offsets[videos] + starts]).sum())
    return n_ones + int((stops - starts).sum()) - 2 * n_shared


def ones_before(vector: Labels) -> Ones:
    """(n + 1,) int32: how many labels are 1 before each place."""
    ones = np.zeros(len(vector) + 1, np.int32)
    np.cumsum(vector, dtype=np.int32, out=ones[1:])
    return ones


def by_labels(ones: Ones, n_frames: Counts, known: Sequence[Intervals]) -> Layout | None:
    """The layouts with the fewest disagreements; None where no lengths add up.

    A state is the number of segments by which the videos so far are longer than their whole
    ones. Costs to and from each state give all layouts that reach the least cost.
    """
    if (len(ones) - 1) % SEGMENT:
        return None
    table = _Table(ones, n_frames, known)
    if not table.adds_up:
        return None
    forward = table.forward()
    return Layout(
        find_choices=lambda: table.best_choices(forward), disagreements=int(forward[-1][0])
    )


class _Step(NamedTuple):
    """A length of one video, from each of the states `first` up to that it can begin in.

    `before` and `after` are the places of these states, and of those that it leads to, among
    all states before and after the video.
    """

    length: int
    first: int
    costs: Costs  # (states,)
    before: slice
    after: slice


class _Table:
    """Costs of each video for each state before it and each of its lengths.

    Before video i only states between `lowest[i]` and `highest[i]` matter: the others cannot be
    reached from the vector's begin, or do not reach its end.
    """

    def __init__(self, ones: Ones, n_frames: Counts, known: Sequence[Intervals]) -> None:
        whole = n_frames // SEGMENT
        self._known = known
        self._ones = ones
        # Lists, since whole numbers of NumPy are slow one by one.
        self._n_frames: list[int] = n_frames.tolist()
        self._whole: list[int] = whole.tolist()
        self._before: list[int] = (np.cumsum(whole) - whole).tolist()
        self._deviations = [self._deviations_of(i) for i in range(len(n_frames))]
        surplus = len(ones) // SEGMENT - sum(self._whole)
        fewest, most = (_sums([end(each) for each in self._deviations]) for end in (min, max))
        lowest = np.maximum(fewest, surplus - (most[-1] - most))
        highest = np.minimum(most, surplus - (fewest[-1] - fewest))
        self._lowest: list[int] = lowest.tolist()
        self._highest: list[int] = highest.tolist()
        self.adds_up = bool(np.all(lowest <= highest))
        self._steps = [self._steps_of(i) for i in range(len(n_frames))] if self.adds_up else []

    def forward(self) -> list[Costs]:
        """Least cost to reach each state before video i."""
        reached = [np.zeros(1, np.int32)]
        for i, steps in enumerate(self._steps):
            following = np.full(self._width(i + 1), IMPOSSIBLE)
            for step in steps:
                after = following[step.after]
                np.minimum(after, reached[-1][step.before] + step.costs, out=after)
            reached.append(following)
        return reached

    def backward(self) -> list[Costs]:
        """Least cost from each state before video i to the vector's end."""
        left = [np.zeros(1, np.int32)]
        for i, steps in reversed(list(enumerate(self._steps))):
            here = np.full(self._width(i), IMPOSSIBLE)
            for step in steps:
                before = here[step.before]
                np.minimum(before, left[-1][step.after] + step.costs, out=before)
            left.append(here)
        return left[::-1]

    def best_choices(self, forward: Sequence[Costs]) -> Choices:
        """Offset and length of each video in every layout of the least cost."""
        least, backward = int(forward[-1][0]), self.backward()
        return tuple(
            tuple(self._choices_of(i, reached, backward[i + 1], least))
            for i, reached in enumerate(forward[:-1])
        )

    def _choices_of(
        self, i: int, reached: Costs, left: Costs, least: int
    ) -> Iterator[tuple[int, int]]:
        for step in self._steps[i]:
            total = reached[step.before] + step.costs
            total += left[step.after]
            first = self._before[i] + step.first
            for state in (total == least).nonzero()[0].tolist():
                yield (first + state) * SEGMENT, step.length

    def _deviations_of(self, i: int) -> list[int]:
        """No more labels than it has frames for, and not none but of a short one."""
        most = -(-self._n_frames[i] // SEGMENT)
        whole = self._whole[i]
        fewest = min(1, whole)
        return [step for step in DEVIATIONS if fewest <= whole + step <= most]

    def _steps_of(self, i: int) -> list[_Step]:
        lowest, following = self._lowest[i], self._lowest[i + 1]
        shortest = (self._whole[i] + self._deviations[i][0]) * SEGMENT
        inner = [each for each in self._known[i] if each.end_frame <= shortest]
        outer = [each for each in self._known[i] if each.end_frame > shortest]
        alike = self._costs_within(i, inner, lowest, self._highest[i])
        alike -= self._ones_at(i, 0, lowest, self._highest[i])
        steps = []
        for deviation in self._deviations[i]:
            first = max(lowest, following - deviation)
            last = min(self._highest[i], self._highest[i + 1] - deviation)
            if first <= last:
                length = (self._whole[i] + deviation) * SEGMENT
                before = slice(first - lowest, last + 1 - lowest)
                shift = lowest + deviation - following
                after = slice(before.start + shift, before.stop + shift)
                costs = alike[before] + self._costs_to_end(i, length, outer, first, last)
                steps.append(_Step(length, first, costs, before, after))
        return steps

    def _costs_to_end(
        self, i: int, length: int, outer: Sequence[Interval], first: int, last: int
    ) -> Costs:
        """What of the labels that differ from the known ones depends on video i's length."""
        end = min(length, self._n_frames[i])  # what lies past the last frame is void
        costs = self._ones_at(i, end, first, last)
        if not outer:
            return costs
        cut = [
            Interval(start_frame=min(each.start_frame, end), end_frame=min(each.end_frame, end))
            for each in outer
        ]
        return costs + self._costs_within(i, cut, first, last)

    def _costs_within(self, i: int, known: Sequence[Interval], first: int, last: int) -> Costs:
        """Known labels without a 1 less 1s that are known, for video i from each state on."""
        costs = np.zeros(last - first + 1, np.int32)
        for each in known:
            shared = self._ones_at(i, each.end_frame, first, last) - self._ones_at(
                i, each.start_frame, first, last
            )
            shared *= -2
            shared += each.end_frame - each.start_frame
            costs += shared
        return costs

    def _ones_at(self, i: int, frame: int, first: int, last: int) -> Ones:
        """How many labels are 1 before this frame of video i, for each state that it begins in."""
        at = (self._before[i] + first) * SEGMENT + frame
        return self._ones[at : at + (last - first + 1) * SEGMENT : SEGMENT]

    def _width(self, i: int) -> int:
        return self._highest[i] - self._lowest[i] + 1


def _sums(values: Sequence[int]) -> Counts:
    """(n + 1,) sums of the first none, one, two … of them."""
    return np.concatenate([[0], np.cumsum(np.array(values, np.int64))])
