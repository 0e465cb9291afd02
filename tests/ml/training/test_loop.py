import copy
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ml.failures import Diverged
from ml.records import BadInput
from ml.reports import Reporter
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from ml.training.goal import Goal
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Indices, Uniform
from ml.training.schedule import Schedule
from ml.training.seeding import seed_everything

STILL = SimpleNamespace(monotonic=lambda: 0.0)  # a clock by which no checkpoint is ever due
N_SAMPLES, BATCH_SIZE, EPOCHS = 10, 4, 3
STEPS_PER_EPOCH = 3
LAST_STEP = EPOCHS * STEPS_PER_EPOCH
Numbers = float | dict[str, float]  # of a validation, the loss alone or by their names


class NoisyPair(Learner[Indices]):
    """Two networks with an optimiser each, dropout, and noise from every generator."""

    def __init__(self, *, validation: Sequence[Numbers] | None = None) -> None:
        seed_everything(3)
        self.first = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 4))
        self.second = nn.Linear(4, 1)
        self.modules = {"first": self.first, "second": self.second}
        self.optimisers = {
            "adam": torch.optim.Adam(self.first.parameters(), lr=0.01),
            "adagrad": torch.optim.Adagrad(self.second.parameters(), lr=0.01),
        }
        self.plan = Uniform(n_samples=N_SAMPLES, batch_size=BATCH_SIZE)
        self.fingerprint = "ten numbers"
        self.data = torch.linspace(-1, 1, N_SAMPLES * 4).reshape(N_SAMPLES, 4)
        self.validation = None if validation is None else list(validation)
        self.seen: list[int] = []
        self.stop_at: int | None = None

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        self.seen += batch.tolist()
        values = self.data[torch.from_numpy(batch)] + torch.randn(len(batch), 4)
        values += float(np.random.random())
        output = self.first(values)
        losses = {"loss": (output - values).square().mean(), "second": self.second(output).mean()}
        for optimiser in self.optimisers.values():
            optimiser.zero_grad()
        sum(losses.values(), torch.zeros(())).backward()
        for optimiser in self.optimisers.values():
            optimiser.step()
        if self.stop_at is not None and len(self.seen) >= self.stop_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return losses

    def validate(self) -> Mapping[str, float]:
        if self.validation is None:
            return {}
        numbers = self.validation.pop(0)
        return {"loss": numbers} if isinstance(numbers, float) else numbers


@pytest.fixture(autouse=True)
def _no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.training.loop.time", STILL)


def train(
    folder: Path,
    learner: NoisyPair,
    *,
    resume_from: Checkpoint | None = None,
    updates: int = 0,
    **fields: Any,
) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    folder.mkdir(exist_ok=True)
    training = Training(
        method="toy", config={}, seed=5, folder=folder, reporter=Reporter(events.append),
        resume_from=resume_from, **fields,
    )  # fmt: skip
    training.run(learner, epochs=EPOCHS, updates=updates)
    return events


def load(event: dict[str, Any]) -> Checkpoint:
    return checkpoints.load(Path(event["weights"]), Path(event["state"]))


def named(events: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == name]


def test_training_sees_every_sample_once_per_epoch(tmp_path: Path) -> None:
    learner = NoisyPair()

    train(tmp_path, learner)

    epochs = np.reshape(learner.seen, (EPOCHS, N_SAMPLES))
    assert [sorted(epoch) for epoch in epochs.tolist()] == [list(range(N_SAMPLES))] * EPOCHS
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == EPOCHS


def test_short_training_reports_each_step_and_validation_where_an_epoch_ends(
    tmp_path: Path,
) -> None:
    points = named(train(tmp_path, NoisyPair(validation=[0.5, 0.4, 0.3])), "point")

    assert [point["step"] for point in points] == list(range(1, LAST_STEP + 1))
    assert [point["epoch"] for point in points[2::3]] == [1, 2, 3]
    assert points[0]["values"].keys() == {"train_loss", "train_second"}
    assert [point["values"].get("validation_loss") for point in points[2::3]] == [0.5, 0.4, 0.3]


def test_long_training_reports_means_over_steps(tmp_path: Path) -> None:
    each = named(train(tmp_path / "each", NoisyPair()), "point")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.training.loop.POINTS", 5)
        some = named(train(tmp_path / "some", NoisyPair()), "point")

    assert [point["step"] for point in some] == [2, 3, 4, 6, 8, 9]  # every second, and epochs' ends
    two = [point["values"]["train_loss"] for point in each[:2]]
    assert some[0]["values"]["train_loss"] == pytest.approx(sum(two) / 2)


def test_training_ends_with_a_final_checkpoint(tmp_path: Path) -> None:
    saved = named(train(tmp_path, NoisyPair()), "checkpoint")

    assert [(event["step"], event["is_final"], event["is_best"]) for event in saved] == [
        (LAST_STEP, True, False)
    ]


def test_training_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    first, second = (
        load(named(train(tmp_path / name, NoisyPair()), "checkpoint")[-1]) for name in "ab"
    )

    assert first.tensors.keys() == second.tensors.keys()
    assert all(torch.equal(first.tensors[key], second.tensors[key]) for key in first.tensors)


@pytest.mark.parametrize("step", range(1, LAST_STEP + 1))
def test_training_resumed_at_any_step_ends_bit_for_bit_the_same(tmp_path: Path, step: int) -> None:
    whole = train(tmp_path / "whole", NoisyPair())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.training.keeper.KEPT_CHECKPOINTS", LAST_STEP + 1)
        each = named(train(tmp_path / "steps", NoisyPair(), checkpoint_seconds=0), "checkpoint")
    seed_everything(999)

    resumed = train(tmp_path / "resumed", NoisyPair(), resume_from=load(each[step - 1]))

    expected, got = (load(named(run, "checkpoint")[-1]) for run in (whole, resumed))
    assert got.step == expected.step == LAST_STEP
    assert all(torch.equal(expected.tensors[key], got.tensors[key]) for key in expected.tensors)
    assert named(resumed, "point") == named(whole, "point")[step:]


def test_training_on_term_saves_and_ends_with_143(tmp_path: Path) -> None:
    learner = NoisyPair()
    learner.stop_at = 5  # in the second of three batches

    with pytest.raises(SystemExit) as caught:
        train(tmp_path, learner)

    assert caught.value.code == 143
    assert checkpoints.load(*checkpoints.latest(tmp_path)).step == 2


def test_training_marks_the_best_on_validation(tmp_path: Path) -> None:
    events = train(tmp_path, NoisyPair(validation=[0.5, 0.2, 0.3]))

    saved = named(events, "checkpoint")
    assert [(event["step"], event["is_best"], event["is_final"]) for event in saved] == [
        (6, True, False),
        (9, False, True),
    ]
    assert load(saved[0]).epoch == 2


def test_training_last_epoch_can_be_the_best(tmp_path: Path) -> None:
    saved = named(train(tmp_path, NoisyPair(validation=[0.5, 0.4, 0.3])), "checkpoint")

    assert [(event["is_best"], event["is_final"]) for event in saved] == [(True, True)]


def test_training_remembers_the_best_over_a_resume(tmp_path: Path) -> None:
    learner = NoisyPair(validation=[0.1])
    learner.stop_at = N_SAMPLES + 1
    with pytest.raises(SystemExit):
        train(tmp_path / "a", learner)
    stopped = checkpoints.load(*checkpoints.latest(tmp_path / "a"))

    events = train(tmp_path / "b", NoisyPair(validation=[0.2, 0.3]), resume_from=stopped)

    assert not any(event["is_best"] for event in named(events, "checkpoint"))


def best(events: list[dict[str, Any]]) -> list[int]:
    return [event["step"] for event in named(events, "checkpoint") if event["is_best"]]


def test_the_best_is_chosen_by_the_goal(tmp_path: Path) -> None:
    learner = NoisyPair(validation=[{"loss": 1.0, "ap": 0.4}, {"loss": 2.0, "ap": 0.6},
                                    {"loss": 0.5, "ap": 0.5}])  # fmt: skip
    learner.goal = Goal(name="ap", higher_is_better=True)

    assert best(train(tmp_path, learner)) == [6]


def test_a_validation_without_the_number_of_the_goal_chooses_nothing(tmp_path: Path) -> None:
    learner = NoisyPair(validation=[0.5, 0.4, 0.3])
    learner.goal = Goal(name="ap", higher_is_better=True)

    assert best(train(tmp_path, learner)) == []


def test_validation_every_n_steps_and_where_an_epoch_ends(tmp_path: Path) -> None:
    """Steps 2, 3 (an epoch's end), 4, 6 (both, once), 8 and 9."""
    learner = NoisyPair(validation=[0.9, 0.8, 0.2, 0.7, 0.6, 0.5])
    learner.goal = Goal(every_steps=2)

    events = train(tmp_path, learner)

    validated = [point for point in named(events, "point") if "validation_loss" in point["values"]]
    assert [point["step"] for point in validated] == [2, 3, 4, 6, 8, 9]
    assert best(events) == [4]
    chosen = load(named(events, "checkpoint")[0])
    assert (chosen.step, chosen.epoch) == (4, pytest.approx(4 / 3))


@pytest.mark.parametrize("updates", [1, 2, 3, 5, 6, 8])
def test_training_ends_after_so_many_updates(tmp_path: Path, updates: int) -> None:
    """Within an epoch, too: there it is validated once more, and what is saved last is final."""
    learner = NoisyPair(validation=[0.9, 0.8, 0.7])

    events = train(tmp_path, learner, updates=updates)

    last = named(events, "checkpoint")[-1]
    assert (last["step"], last["epoch"]) == (updates, pytest.approx(updates / 3))
    assert last["is_final"]
    assert last["is_best"]
    validated = [point for point in named(events, "point") if "validation_loss" in point["values"]]
    assert [point["step"] for point in validated] == sorted({*range(3, updates + 1, 3), updates})


def test_training_of_some_updates_begins_like_a_longer_one(tmp_path: Path) -> None:
    short = train(tmp_path / "short", NoisyPair(), updates=5, checkpoint_seconds=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.training.keeper.KEPT_CHECKPOINTS", LAST_STEP + 1)
        long = train(tmp_path / "long", NoisyPair(), checkpoint_seconds=0)

    one, other = load(named(short, "checkpoint")[-1]), load(named(long, "checkpoint")[4])

    assert (one.step, other.step) == (5, 5)
    assert all(torch.equal(one.tensors[key], other.tensors[key]) for key in one.tensors)


class Judging(NoisyPair):
    """Validated by its own weights, which are never twice the same."""

    goal = Goal(name="norm", higher_is_better=True, every_steps=2)

    def validate(self) -> Mapping[str, float]:
        return {"norm": float(self.second.weight.square().sum())}


@pytest.mark.parametrize("step", range(1, LAST_STEP + 1))
def test_training_resumed_chooses_the_same_best(tmp_path: Path, step: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.training.keeper.KEPT_CHECKPOINTS", LAST_STEP + 1)
        whole = train(tmp_path / "steps", Judging(), checkpoint_seconds=0)
    each = named(whole, "checkpoint")

    resumed = train(tmp_path / "on", Judging(), resume_from=load(each[step - 1]),
                    checkpoint_seconds=0)  # fmt: skip

    assert best(resumed) == [found for found in best(whole) if found > step]
    assert named(resumed, "point") == named(whole, "point")[step:]


def test_training_goes_on_from_checkpoints_that_name_the_best_loss(tmp_path: Path) -> None:
    learner = NoisyPair(validation=[0.1])
    learner.stop_at = N_SAMPLES + 1
    with pytest.raises(SystemExit):
        train(tmp_path / "a", learner)
    stopped = checkpoints.load(*checkpoints.latest(tmp_path / "a"))
    old = {key: value for key, value in stopped.loop.items() if key != "best"} | {"best_loss": 0.1}

    events = train(
        tmp_path / "b", NoisyPair(validation=[0.2, 0.3]), resume_from=replace(stopped, loop=old)
    )

    assert best(events) == []


def test_training_deletes_old_checkpoints_but_not_the_best(tmp_path: Path) -> None:
    events = train(tmp_path, NoisyPair(validation=[0.1, 0.2, 0.3]), checkpoint_seconds=0)

    steps = [int(path.stem[5:]) for path in sorted(tmp_path.glob("*.json"))]
    assert len(named(events, "checkpoint")) == LAST_STEP
    assert steps == [3, 6, 7, 8, 9]


class Exploding(NoisyPair):
    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        losses = super().step(batch, moment)
        return {"loss": losses["loss"] * float("nan")}


def test_training_that_diverges_says_so_and_saves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match=r"loss became nan in epoch 1, by step 1.*lower learning"):
        train(tmp_path, Exploding())

    assert list(tmp_path.iterdir()) == []


class Endless(NoisyPair):
    """Its losses are finite, and the last update makes weights that are not."""

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        losses = super().step(batch, moment)
        if moment.step == LAST_STEP - 1:
            with torch.no_grad():
                self.second.weight[0, 0] = float("inf")
        return losses


def test_training_saves_no_weights_that_are_no_numbers(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match="weights of the second were no finite numbers"):
        train(tmp_path, Endless())

    assert list(tmp_path.iterdir()) == []


class Rested(NoisyPair):
    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        assert all(module.training for module in self.modules.values())
        return super().step(batch, moment)


def test_training_trains_what_rested_before(tmp_path: Path) -> None:
    learner = Rested(validation=[0.5, 0.4, 0.3])
    for module in learner.modules.values():
        module.eval()

    assert named(train(tmp_path, learner), "checkpoint")


class Transferring(NoisyPair):
    """Learns on top of a backbone with batch norm and dropout that does not learn."""

    def __init__(self) -> None:
        super().__init__(validation=[0.5, 0.4, 0.3])
        self.backbone = nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5))
        self.backbone.requires_grad_(False)
        self.norm = nn.BatchNorm1d(4)
        self.modules = {**self.modules, "network": nn.Sequential(self.backbone, self.norm)}

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        assert all(not part.training for part in self.backbone.modules())
        assert self.norm.training
        self.modules["network"](self.data[torch.from_numpy(batch)] + 7)
        return super().step(batch, moment)


def test_statistics_of_a_frozen_batch_norm_do_not_move(tmp_path: Path) -> None:
    learner = Transferring()
    before = copy.deepcopy(learner.backbone.state_dict())

    train(tmp_path, learner)

    after = learner.backbone.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert learner.norm.running_mean is not None
    assert learner.norm.running_mean.abs().max() > 0


def test_training_whose_validation_diverges_says_so(tmp_path: Path) -> None:
    with pytest.raises(Diverged, match="loss became nan in epoch 1"):
        train(tmp_path, NoisyPair(validation=[float("nan")]))


class Drawing(NoisyPair):
    def __init__(self) -> None:
        super().__init__()
        self.drawn: list[float] = []

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        self.drawn.append(float(torch.rand(())))
        return super().step(batch, moment)


def test_training_draws_anew_in_every_step(tmp_path: Path) -> None:
    learner = Drawing()

    train(tmp_path, learner)

    seed_everything(5)
    at_the_start = float(torch.rand(()))
    assert len({at_the_start, *learner.drawn}) == 1 + LAST_STEP


class Scheduled(NoisyPair):
    """Remembers the learning rates by which it learnt."""

    schedule = Schedule(shape="cosine", warm_up_steps=3)

    def __init__(self) -> None:
        super().__init__()
        self.rates: list[float] = []

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        self.rates.append(self.optimisers["adam"].param_groups[0]["lr"])
        return super().step(batch, moment)


def test_training_learns_by_its_schedule(tmp_path: Path) -> None:
    learner = Scheduled()

    train(tmp_path, learner)

    assert learner.rates == [
        0.01 * learner.schedule.factor(step, LAST_STEP) for step in range(LAST_STEP)
    ]


@pytest.mark.parametrize("step", [2, 3, 5])
def test_training_resumed_goes_on_by_its_schedule(tmp_path: Path, step: int) -> None:
    whole, second = Scheduled(), Scheduled()
    expected = load(named(train(tmp_path / "whole", whole), "checkpoint")[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ml.training.keeper.KEPT_CHECKPOINTS", LAST_STEP + 1)
        each = named(train(tmp_path / "b", Scheduled(), checkpoint_seconds=0), "checkpoint")

    resumed = train(tmp_path / "on", second, resume_from=load(each[step - 1]))

    got = load(named(resumed, "checkpoint")[-1])
    assert second.rates == whole.rates[step:]
    assert all(torch.equal(expected.tensors[key], got.tensors[key]) for key in expected.tensors)


def test_training_refuses_to_resume_on_other_data(tmp_path: Path) -> None:
    train(tmp_path, NoisyPair())
    checkpoint = checkpoints.load(*checkpoints.latest(tmp_path))
    learner = NoisyPair()
    learner.plan = Uniform(n_samples=9, batch_size=BATCH_SIZE)

    with pytest.raises(BadInput, match="made with 10 training samples, now there are 9"):
        train(tmp_path, learner, resume_from=checkpoint)


def test_training_refuses_to_resume_on_other_data_of_equal_length(tmp_path: Path) -> None:
    train(tmp_path, NoisyPair())
    checkpoint = checkpoints.load(*checkpoints.latest(tmp_path))
    learner = NoisyPair()
    learner.fingerprint = "ten other numbers"

    with pytest.raises(BadInput, match="other data, if with as many training samples"):
        train(tmp_path, learner, resume_from=checkpoint)


def test_training_goes_on_from_checkpoints_without_a_fingerprint(tmp_path: Path) -> None:
    train(tmp_path / "a", NoisyPair(), checkpoint_seconds=0)
    checkpoint = checkpoints.load(*checkpoints.latest(tmp_path / "a"))
    del checkpoint.loop["fingerprint"]

    assert train(tmp_path / "b", NoisyPair(), resume_from=checkpoint)


def test_training_refuses_to_resume_another_config_or_seed(tmp_path: Path) -> None:
    train(tmp_path, NoisyPair())
    checkpoint = checkpoints.load(*checkpoints.latest(tmp_path))
    other = replace(checkpoint, seed=6, config={"width": 2})

    with pytest.raises(BadInput, match=r"differs in seed \(6 → 5\), width \(2 → None\)"):
        train(tmp_path, NoisyPair(), resume_from=other)
