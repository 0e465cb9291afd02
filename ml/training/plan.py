"""The order in which a training sees its samples: pure functions of seed, epoch and rank.

Several processes (`world`) may learn together, each by its `rank` from 0 on. Rank r takes every
`world`-th sample of a batch from place r on. Step for step all of them together see what one alone
would see.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput

Indices = NDArray[np.int64]
Batch = Sized  # its length is the number of its samples
BatchT_co = TypeVar("BatchT_co", bound=Batch, covariant=True)


class Plan(Protocol[BatchT_co]):
    """Which samples make up each step of an epoch.

    `n_samples` are whatever there is to draw from: windows, clips, bags.
    """

    @property
    def n_samples(self) -> int: ...

    @property
    def n_steps(self) -> int:
        """Steps of every epoch, 1 or more, whatever the number of ranks."""

    def n_in(self, step: int) -> int:
        """Samples of all ranks in step `step` of an epoch, from 0 on."""

    def batches(
        self, *, seed: int, epoch: int, first: int = 0, rank: int = 0, world: int = 1
    ) -> Generator[BatchT_co, None, None]:
        """The batches of this rank from step `first` of the epoch on.

        Where a batch has fewer samples than there are ranks, those that would have none see its
        first one, which does not count. Whoever stops early closes it. Raise BadInput where a batch
        cannot be shared as it has to be.
        """


@dataclass(frozen=True, kw_only=True)
class Uniform:
    """Every sample once an epoch, in an order drawn anew for each.

    `batch_size` counts the samples of all ranks. The last batch of an epoch may be smaller;
    `drops_last` leaves it out. Ranks may have one sample more than others.
    """

    n_samples: int
    batch_size: int
    drops_last: bool = False

    def __post_init__(self) -> None:
        """Raise BadInput where there is no batch at all."""
        if not self.n_steps:
            fewer = f", fewer than a batch of {self.batch_size}" if self.n_samples else ""
            raise BadInput(f"There are {self.n_samples} training samples{fewer}")

    @property
    def n_steps(self) -> int:
        if self.drops_last:
            return self.n_samples // self.batch_size
        return -(-self.n_samples // self.batch_size)

    def n_in(self, step: int) -> int:
        return min(self.batch_size, self.n_samples - step * self.batch_size)

    def batches(
        self, *, seed: int, epoch: int, first: int = 0, rank: int = 0, world: int = 1
    ) -> Generator[Indices, None, None]:
        order = shuffled(self.n_samples, seed=seed, epoch=epoch)
        for step in range(first, self.n_steps):
            start = step * self.batch_size
            whole = order[start : start + self.batch_size]
            mine = whole[rank::world]
            yield mine if len(mine) else whole[:1]


@dataclass(frozen=True)
class Halves:
    """As many samples of the first group as of the second, each by its number in its group."""

    first: Indices
    second: Indices

    def __len__(self) -> int:
        return len(self.first) + len(self.second)


@dataclass(frozen=True, kw_only=True)
class Balanced:
    """`batch_size` samples of each of two groups in every step, whatever the groups' sizes.

    An epoch is `n_steps` steps. Each group is passed through again and again, in an order drawn
    anew for each pass, and a pass does not end with an epoch: at any time two samples of a
    group have been seen equally often, but for one. `batch_size` counts the samples of all ranks.
    """

    n_first: int
    n_second: int
    batch_size: int
    n_steps: int

    def __post_init__(self) -> None:
        """Raise BadInput where a group is empty."""
        if not (self.n_first and self.n_second):
            raise BadInput(
                f"Both groups are needed in every step, and there are {self.n_first} training "
                f"samples of the first and {self.n_second} of the second"
            )

    @property
    def n_samples(self) -> int:
        return self.n_first + self.n_second

    def n_in(self, step: int) -> int:
        return 2 * self.batch_size

    def batches(
        self, *, seed: int, epoch: int, first: int = 0, rank: int = 0, world: int = 1
    ) -> Generator[Halves, None, None]:
        size = _share(self.batch_size, world)
        start = (epoch * self.n_steps + first) * self.batch_size + rank
        groups = [
            islice(_passes(n, seed, group, start), None, None, world)
            for group, n in enumerate((self.n_first, self.n_second))
        ]
        for _step in range(first, self.n_steps):
            yield Halves(*(np.fromiter(islice(group, size), np.int64, size) for group in groups))


def shuffled(n_samples: int, *, seed: int, epoch: int) -> Indices:
    """The order of the samples in this epoch."""
    return np.random.default_rng((seed, epoch)).permutation(n_samples)


def _passes(n_samples: int, seed: int, group: int, start: int) -> Iterator[int]:
    """Samples of a group from place `start` of its endless passes on."""
    number, place = divmod(start, n_samples)
    while True:
        order = np.random.default_rng((seed, number, group)).permutation(n_samples)
        yield from order[place:].tolist()
        number, place = number + 1, 0


def _share(batch_size: int, world: int) -> int:
    """Samples of each rank. Raise BadInput where they cannot be as many for all."""
    if batch_size % world:
        raise BadInput(f"A batch of {batch_size} samples cannot be shared evenly by {world} ranks")
    return batch_size // world
