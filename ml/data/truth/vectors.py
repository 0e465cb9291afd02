"""Where the videos end in one vector that runs through all of them.

First one habit for all videos is looked for (`tails`), with segments of 16 frames. Where none
gives the vector's length, habits with other segments may, or each video may have its own number
of whole segments: with ground truth that is known already, dynamic programming finds the lengths
under which the fewest labels disagree with it. What more than one best layout leaves open is said
to be open.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.data.truth.claims import Labels
from ml.data.truth.spans import Intervals
from ml.data.truth.tails import OTHER_SEGMENTS, SEGMENT, Counts, Tail, tails

DEVIATIONS = (-2, -1, 0, 1)  # segments more than the whole ones that a video may have
IMPOSSIBLE = np.int32(2**30)  # and any cost on top still fits
Ones = NDArray[np.int32]
Costs = NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """`choices[i]` are the (offset, length) pairs of video i in all best layouts.

    `disagreements` counts labels that differ from the known ones; None where none are known.
    `tail` is the one habit of all videos, if there is one. `also` are other habits that give
    the same sum; where `tail` is None and `also` is not empty, they are all as good.
    """

    choices: tuple[tuple[tuple[int, int], ...], ...]
    tail: Tail | None = None
    disagreements: int | None = None
    also: tuple[Tail, ...] = ()


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
    places = [_places(tail.n_labels(n_frames)) for tail in best]
    return Layout(
        choices=tuple(tuple(dict.fromkeys(each)) for each in zip(*places, strict=True)),
        tail=tail,
        disagreements=min(costs) if known is not None else None,
        also=tuple(other for other in fitting if other != tail),
    )


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
    forward, backward = table.forward(), table.backward()
    least = int(forward[-1][0])
    choices = tuple(
        tuple(table.best_choices(i, forward[i], backward[i + 1], least))
        for i in range(len(n_frames))
    )
    return Layout(choices=choices, disagreements=least)


@dataclass(frozen=True)
class _Step:
    """A length of one video, from each of the states `first` up to that it can begin in."""

    deviation: int
    length: int
    first: int
    costs: Costs  # (states,)


class _Table:
    """Costs of each video for each state before it and each of its lengths.

    Before video i only states between `lowest[i]` and `highest[i]` matter: the others cannot be
    reached from the vector's begin, or do not reach its end.
    """

    def __init__(self, ones: Ones, n_frames: Counts, known: Sequence[Intervals]) -> None:
        self._n_frames = n_frames
        self._known = known
        self._ones = ones
        self._whole = n_frames // SEGMENT
        self._before = np.cumsum(self._whole) - self._whole
        self._deviations = [self._deviations_of(i) for i in range(len(n_frames))]
        surplus = len(ones) // SEGMENT - int(self._whole.sum())
        fewest, most = (_sums([end(each) for each in self._deviations]) for end in (min, max))
        self._lowest = np.maximum(fewest, surplus - (most[-1] - most))
        self._highest = np.minimum(most, surplus - (fewest[-1] - fewest))
        self.adds_up = bool(np.all(self._lowest <= self._highest))
        self._steps = [self._steps_of(i) for i in range(len(n_frames))] if self.adds_up else []

    def forward(self) -> list[Costs]:
        """Least cost to reach each state before video i."""
        reached = [np.zeros(1, np.int32)]
        for i, steps in enumerate(self._steps):
            following = np.full(self._width(i + 1), IMPOSSIBLE)
            for step in steps:
                after = self._after(i, step, following)
                np.minimum(after, self._at(i, step, reached[-1]) + step.costs, out=after)
            reached.append(following)
        return reached

    def backward(self) -> list[Costs]:
        """Least cost from each state before video i to the vector's end."""
        left = [np.zeros(1, np.int32)]
        for i, steps in reversed(list(enumerate(self._steps))):
            here = np.full(self._width(i), IMPOSSIBLE)
            for step in steps:
                before = self._at(i, step, here)
                np.minimum(before, self._after(i, step, left[-1]) + step.costs, out=before)
            left.append(here)
        return left[::-1]

    def best_choices(
        self, i: int, reached: Costs, left: Costs, least: int
    ) -> Iterator[tuple[int, int]]:
        """Offset and length of video i in every layout of the least cost."""
        for step in self._steps[i]:
            total = self._at(i, step, reached) + step.costs + self._after(i, step, left)
            states = np.flatnonzero(total == least) + step.first
            for offset in ((self._before[i] + states) * SEGMENT).tolist():
                yield offset, step.length

    def _deviations_of(self, i: int) -> list[int]:
        """No more labels than it has frames for, and not none but of a short one."""
        most = -(-int(self._n_frames[i]) // SEGMENT)
        whole = int(self._whole[i])
        fewest = min(1, whole)
        return [step for step in DEVIATIONS if fewest <= whole + step <= most]

    def _steps_of(self, i: int) -> list[_Step]:
        steps = []
        for deviation in self._deviations[i]:
            first = max(self._lowest[i], self._lowest[i + 1] - deviation)
            last = min(self._highest[i], self._highest[i + 1] - deviation)
            if first <= last:
                length = (int(self._whole[i]) + deviation) * SEGMENT
                costs = self._costs(i, length, int(first), int(last))
                steps.append(_Step(deviation, length, int(first), costs))
        return steps

    def _costs(self, i: int, length: int, first: int, last: int) -> Costs:
        """Labels that differ from the known ones, for video i from each state on."""
        begin = (int(self._before[i]) + first) * SEGMENT
        n_states = last - first + 1
        end = min(length, int(self._n_frames[i]))  # what lies past the last frame is void

        def ones_up_to(frame: int) -> Ones:
            at = begin + frame
            return self._ones[at : at + n_states * SEGMENT : SEGMENT]

        costs = ones_up_to(end) - ones_up_to(0)
        for interval in self._known[i]:
            start, stop = min(interval.start_frame, end), min(interval.end_frame, end)
            costs += stop - start - 2 * (ones_up_to(stop) - ones_up_to(start))
        return costs

    def _width(self, i: int) -> int:
        return int(self._highest[i] - self._lowest[i]) + 1

    def _at(self, i: int, step: _Step, values: Costs) -> Costs:
        """The part of `values` (states before video i) from which the step is taken."""
        start = step.first - int(self._lowest[i])
        return values[start : start + len(step.costs)]

    def _after(self, i: int, step: _Step, values: Costs) -> Costs:
        """The part of `values` (states after video i) to which it leads."""
        start = step.first + step.deviation - int(self._lowest[i + 1])
        return values[start : start + len(step.costs)]


def _sums(values: Sequence[int]) -> Counts:
    """(n + 1,) sums of the first none, one, two … of them."""
    return np.concatenate([[0], np.cumsum(np.array(values, np.int64))])
