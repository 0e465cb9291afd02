"""Batches made ready by worker processes, ahead of the steps that take them."""

from __future__ import annotations

import signal
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from torch import Generator as TorchGenerator
from torch.utils.data import DataLoader, Dataset

from ml.records import BadInput
from ml.training.plan import Batch, Plan
from ml.training.seeding import seed_everything

BatchT = TypeVar("BatchT", bound=Batch)
LoadedT = TypeVar("LoadedT", bound=Batch)


@dataclass(frozen=True, kw_only=True)
class Loaded(Generic[BatchT, LoadedT]):
    """A plan whose batches `load` has turned into what a step takes: decoded, cut, augmented.

    `load` runs in `n_workers` processes, each of which keeps up to `n_ahead` batches ready, or
    with 0 in this one when a batch is asked for. What it gives has the length of its batch. Its
    random numbers follow from where the training is, so that the number of processes changes
    nothing. The workers are forked: `load` must not touch a GPU. A BadInput is raised as it is.
    """

    plan: Plan[BatchT]
    load: Callable[[BatchT], LoadedT]
    n_workers: int = 0
    n_ahead: int = 2

    @property
    def n_samples(self) -> int:
        return self.plan.n_samples

    @property
    def n_steps(self) -> int:
        return self.plan.n_steps

    def n_in(self, step: int) -> int:
        return self.plan.n_in(step)

    def batches(
        self, *, seed: int, epoch: int, first: int = 0, rank: int = 0, world: int = 1
    ) -> Generator[LoadedT, None, None]:
        planned = self.plan.batches(seed=seed, epoch=epoch, first=first, rank=rank, world=world)
        tasks = (
            _Task((seed, epoch, step, rank), batch) for step, batch in enumerate(planned, first)
        )
        for made in self._made(tasks):  # held by nothing else: the workers end with it
            if isinstance(made, BadInput):
                raise made
            yield made

    def _made(self, tasks: Iterator[_Task]) -> Iterator[Any]:
        source = _Source(self.load)
        if not self.n_workers:
            return map(source.make, tasks)
        loader = DataLoader(
            source,
            sampler=tasks,
            batch_size=None,
            collate_fn=_as_it_is,
            num_workers=self.n_workers,
            prefetch_factor=self.n_ahead,
            multiprocessing_context="fork",
            generator=TorchGenerator(),  # or it would draw from the training's own
        )
        with _withholding_term():
            return iter(loader)


class _Task(NamedTuple):
    entropy: tuple[int, ...]
    batch: Any


class _Source(Dataset[Any]):
    """A data set whose items are batches."""

    def __init__(self, load: Callable[[Any], Any]) -> None:
        self.load = load

    def __getitem__(self, task: _Task) -> Any:
        return self.make(task)

    def make(self, task: _Task) -> Any:
        """The loaded batch, or the BadInput, whose sentence torch would bury in a traceback."""
        seed_everything(*task.entropy)
        try:
            return self.load(task.batch)
        except BadInput as error:
            return error


def _as_it_is(batch: Any) -> Any:
    return batch


@contextmanager
def _withholding_term() -> Iterator[None]:
    """Workers that are forked within never hear of TERM.

    All processes of a job are told to end at once. The training finishes its step and saves, for
    which none of its workers may be missing, and then ends them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
