"""Where the videos end in one vector that runs through all of them.

First one habit for all videos is looked for (`_tails`). Where none gives the vector's length,
each video may have its own number of whole segments: with ground truth that is known already,
dynamic programming finds the lengths under which the fewest labels disagree with it. What more
than one best layout leaves open is said to be open.
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
IMPOSSIBLE = np.int64(2**60)
OUTSIDE = 2**20  # more than any sum of deviations, so that no state wraps around


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


def layout_of(vector: Labels, n_frames: Counts, known: Sequence[Intervals] | None) -> Layout | None:
    """The simplest explanation of the vector's length.

    One habit with segments of 16 frames; else one with others, or lengths of each video's own,
    whichever has fewer labels that differ from the known ones.
    """
    usual = uniform(vector, n_frames, known, tails())
    if usual is not None:
        return usual
    found = [uniform(vector, n_frames, known, tails(OTHER_SEGMENTS))]
    found += [by_labels(vector, n_frames, known)] if known is not None else []
    fitting = [layout for layout in found if layout is not None]
    return min(fitting, key=lambda layout: layout.disagreements or 0, default=None)


def uniform(
    vector: Labels,
    n_frames: Counts,
    known: Sequence[Intervals] | None,
    habits: Sequence[Tail],
) -> Layout | None:
    """The layout under one of `habits` for all videos, or under several that are as good."""
    fitting = _distinct([tail for tail in habits if _fits(tail, vector, n_frames)], n_frames)
    if not fitting:
        return None
    costs = [_cost(vector, tail.n_labels(n_frames), n_frames, known) for tail in fitting]
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


def _fits(tail: Tail, vector: Labels, n_frames: Counts) -> bool:
    return int(tail.n_labels(n_frames).sum()) == len(vector)


def _distinct(fitting: Sequence[Tail], n_frames: Counts) -> list[Tail]:
    """One for each way to cut: habits agree where all counts are whole segments."""
    by_lengths = {tail.n_labels(n_frames).tobytes(): tail for tail in reversed(fitting)}
    return [tail for tail in fitting if tail in by_lengths.values()]


def _cost(
    vector: Labels, lengths: Counts, n_frames: Counts, known: Sequence[Intervals] | None
) -> int:
    if known is None:
        return 0
    ones = _ones(vector)
    offsets = np.cumsum(lengths) - lengths
    triples = zip(offsets, lengths, n_frames, known, strict=True)
    return sum(
        int(_disagreements(ones, np.array([offset]), int(length), int(n), of_video)[0])
        for offset, length, n, of_video in triples
    )


def _ones(vector: Labels) -> Counts:
    """(n + 1,): how many labels are 1 before each place."""
    return np.concatenate([[0], np.cumsum(vector, dtype=np.int64)])


def _disagreements(
    ones: Counts, offsets: Counts, length: int, n_frames: int, known: Intervals
) -> Counts:
    """Labels of a video cut at each of `offsets` that differ from the known ones."""
    end = min(length, n_frames)  # what lies past the last frame is void
    differing = ones[offsets + end] - ones[offsets]
    for interval in known:
        start, stop = min(interval.start_frame, end), min(interval.end_frame, end)
        found = ones[offsets + stop] - ones[offsets + start]
        differing = differing + (stop - start) - 2 * found
    return differing


def by_labels(vector: Labels, n_frames: Counts, known: Sequence[Intervals]) -> Layout | None:
    """The layouts with the fewest disagreements; None where no lengths add up.

    A state is the number of segments by which the videos so far are longer than their whole
    ones. Costs to and from each state give all layouts that reach the least cost.
    """
    whole = n_frames // SEGMENT
    surplus = len(vector) // SEGMENT - int(whole.sum())
    lowest, highest = DEVIATIONS[0] * len(n_frames), DEVIATIONS[-1] * len(n_frames)
    if len(vector) % SEGMENT or not lowest <= surplus <= highest:
        return None
    table = _Table(vector, n_frames, known)
    forward, backward = table.forward(), table.backward(surplus)
    least = forward[-1][surplus - lowest]
    if least >= IMPOSSIBLE:
        return None
    choices = tuple(
        tuple(table.best_choices(i, forward[i], backward[i + 1], int(least)))
        for i in range(len(n_frames))
    )
    return Layout(choices=choices, disagreements=int(least))


class _Table:
    """Costs of each video for each state before it and each of its lengths."""

    def __init__(self, vector: Labels, n_frames: Counts, known: Sequence[Intervals]) -> None:
        self.n_frames = n_frames
        self.whole = n_frames // SEGMENT
        self.before = np.cumsum(self.whole) - self.whole
        self.lowest = DEVIATIONS[0] * len(n_frames)
        n_states = (DEVIATIONS[-1] - DEVIATIONS[0]) * len(n_frames) + 1
        self.states = np.arange(n_states) + self.lowest
        self.n_labels = len(vector)
        self._ones = _ones(vector)
        self._known = known

    def lengths(self, i: int) -> list[tuple[int, int]]:
        """Deviation and number of labels: no more than it has, and not none but of a short one."""
        most = -(-int(self.n_frames[i]) // SEGMENT)
        fewest = min(1, int(self.whole[i]))
        counts = ((step, int(self.whole[i]) + step) for step in DEVIATIONS)
        return [(step, count * SEGMENT) for step, count in counts if fewest <= count <= most]

    def costs(self, i: int, length: int) -> Counts:
        """For each state before video i; impossible where its labels leave the vector."""
        offsets = (self.before[i] + self.states) * SEGMENT
        is_inside = (offsets >= 0) & (offsets + length <= self.n_labels)
        found = np.full(len(self.states), IMPOSSIBLE)
        n_frames = int(self.n_frames[i])
        found[is_inside] = _disagreements(
            self._ones, offsets[is_inside], length, n_frames, self._known[i]
        )
        return found

    def forward(self) -> list[Counts]:
        """Least cost to reach each state before video i."""
        reached = [np.where(self.states == 0, 0, IMPOSSIBLE)]
        for i in range(len(self.n_frames)):
            following = np.full(len(self.states), IMPOSSIBLE)
            for step, length in self.lengths(i):
                total = np.minimum(reached[-1] + self.costs(i, length), IMPOSSIBLE)
                following = np.minimum(following, _moved(total, step))
            reached.append(following)
        return reached

    def backward(self, surplus: int) -> list[Counts]:
        """Least cost from each state before video i to the vector's end."""
        left = [np.where(self.states == surplus, 0, IMPOSSIBLE)]
        for i in reversed(range(len(self.n_frames))):
            before = np.full(len(self.states), IMPOSSIBLE)
            for step, length in self.lengths(i):
                total = np.minimum(_moved(left[-1], -step) + self.costs(i, length), IMPOSSIBLE)
                before = np.minimum(before, total)
            left.append(before)
        return left[::-1]

    def best_choices(
        self, i: int, reached: Counts, left: Counts, least: int
    ) -> Iterator[tuple[int, int]]:
        """Offset and length of video i in every layout of the least cost."""
        for step, length in self.lengths(i):
            total = reached + self.costs(i, length) + _moved(left, -step)
            for state in self.states[total == least]:
                yield int((self.before[i] + state) * SEGMENT), length


def _moved(costs: Counts, step: int) -> NDArray[np.int64]:
    """Costs at `state` stand at `state + step`."""
    moved = np.full(len(costs), IMPOSSIBLE)
    if step >= 0:
        moved[step:] = costs[: len(costs) - step]
    else:
        moved[:step] = costs[-step:]
    return moved
