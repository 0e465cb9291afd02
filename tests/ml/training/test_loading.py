"""Batches made by worker processes are those made by this one, in the same order."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.data.video.decode import decode
from ml.records import BadInput, VideoRecord
from ml.reports import to_nobody
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from ml.training.learner import Learner, Moment
from ml.training.loading import Loaded
from ml.training.loop import Training
from ml.training.plan import Indices, Uniform
from ml.training.seeding import seed_everything
from tests import toys

PLAN = Uniform(n_samples=11, batch_size=2)
EPOCHS = 2
LAST_STEP = 12


def noisy(batch: Indices) -> Tensor:
    """(B, 3), augmented by noise from two generators."""
    values = torch.from_numpy(batch)[:, None] / 11 + torch.randn(len(batch), 3)
    return (values + float(np.random.random())).float()


def loaded(load: Callable[[Indices], Any] = noisy, *, n_workers: int) -> Loaded[Indices, Any]:
    return Loaded(plan=PLAN, load=load, n_workers=n_workers)


def batches(plan: Loaded[Indices, Any], **place: int) -> list[Any]:
    return list(plan.batches(**{"seed": 1, "epoch": 2} | place))


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Any:
    yield
    assert not multiprocessing.active_children()


@pytest.mark.parametrize("n_workers", [1, 2])
def test_workers_change_neither_batches_nor_their_order(n_workers: int) -> None:
    expected, found = batches(loaded(n_workers=0)), batches(loaded(n_workers=n_workers))

    assert len(expected) == len(found) == PLAN.n_steps
    assert all(torch.equal(one, other) for one, other in zip(expected, found, strict=True))


def test_a_loaded_plan_is_as_long_as_its_plan() -> None:
    plan = loaded(n_workers=0)

    assert (plan.n_samples, plan.n_steps) == (11, 6)
    assert [len(batch) for batch in batches(plan)] == [2, 2, 2, 2, 2, 1]


def test_each_epoch_step_and_rank_is_augmented_by_itself() -> None:
    def noise(batch: Indices) -> Tensor:
        return torch.randn(2)

    plan = loaded(noise, n_workers=0)

    drawn = batches(plan) + batches(plan, epoch=3) + batches(plan, seed=2)
    drawn += batches(plan, rank=1, world=2)
    assert len({tuple(each.tolist()) for each in drawn}) == len(drawn) == 4 * PLAN.n_steps


def test_loading_goes_on_in_the_middle_of_an_epoch() -> None:
    whole, rest = batches(loaded(n_workers=0)), batches(loaded(n_workers=2), first=4)

    assert all(torch.equal(one, other) for one, other in zip(whole[4:], rest, strict=True))


def test_nobody_draws_from_the_generators_of_the_training() -> None:
    seed_everything(4)
    expected = float(torch.rand(()))
    seed_everything(4)

    with closing(loaded(n_workers=1).batches(seed=1, epoch=0)) as running:
        next(running)
        assert float(torch.rand(())) == expected


def test_workers_end_with_those_who_stop_early() -> None:
    with closing(loaded(n_workers=2).batches(seed=1, epoch=0)) as running:
        next(running)
        assert len(multiprocessing.active_children()) == 2


@pytest.mark.parametrize("n_workers", [0, 1])
def test_what_is_wrong_with_the_data_is_told_in_its_own_sentence(n_workers: int) -> None:
    def refusing(batch: Indices) -> Tensor:
        raise BadInput("a.mp4 cannot be decoded")

    with pytest.raises(BadInput, match=r"^a\.mp4 cannot be decoded$"):
        batches(loaded(refusing, n_workers=n_workers))


def test_clips_are_decoded_by_workers_of_a_process_that_has_decoded(tmp_path: Path) -> None:
    paths = [toys.moving_square_video(tmp_path / f"{n}.mp4", 4, start=n) for n in range(11)]

    def clips(batch: Indices) -> NDArray[np.uint8]:
        videos = [VideoRecord(id=str(index), path=str(paths[index])) for index in batch]
        return np.stack([np.stack(list(decode(each, size=(16, 16), grey=True)))
                         for each in videos])  # fmt: skip

    here, there = batches(loaded(clips, n_workers=0)), batches(loaded(clips, n_workers=2))

    assert here[0].shape == (2, 4, 16, 16)
    assert all(np.array_equal(one, other) for one, other in zip(here, there, strict=True))


class Fitting(Learner[Tensor]):
    """A linear layer that learns from whatever its plan loads."""

    fingerprint = "eleven numbers"

    def __init__(self, *, n_workers: int, stop_at: int | None = None) -> None:
        seed_everything(3)
        self.layer = nn.Linear(3, 3)
        self.modules = {"layer": self.layer}
        self.optimisers = {"layer": torch.optim.Adam(self.layer.parameters(), lr=0.01)}
        self.plan = loaded(n_workers=n_workers)
        self.stop_at = stop_at

    def step(self, batch: Tensor, moment: Moment) -> Mapping[str, Tensor]:
        loss = (self.layer(batch) - batch + torch.rand(())).square().mean()
        self.update("layer", loss)
        if moment.step + 1 == self.stop_at:  # all of the job's processes are told to end
            for child in multiprocessing.active_children():
                os.kill(child.pid or 0, signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)
        return {"loss": loss}


def train(folder: Path, learner: Fitting, resume_from: Checkpoint | None = None) -> Checkpoint:
    folder.mkdir()
    training = Training(
        method="toy", config={}, seed=5, folder=folder, reporter=to_nobody(),
        resume_from=resume_from,
    )  # fmt: skip
    training.run(learner, epochs=EPOCHS)
    return checkpoints.load(*checkpoints.latest(folder))


def test_training_with_workers_stopped_and_resumed_ends_bit_for_bit_as_without(
    tmp_path: Path,
) -> None:
    expected = train(tmp_path / "without", Fitting(n_workers=0))

    with pytest.raises(SystemExit):
        train(tmp_path / "stopped", Fitting(n_workers=2, stop_at=8))
    stopped = checkpoints.load(*checkpoints.latest(tmp_path / "stopped"))
    got = train(tmp_path / "on", Fitting(n_workers=1), stopped)

    assert (stopped.step, got.step) == (8, LAST_STEP)
    assert all(torch.equal(expected.tensors[key], got.tensors[key]) for key in expected.tensors)
