"""Beside torch's own schedulers, which count for themselves and would have to be stored."""

import pytest
import torch
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    MultiStepLR,
    PolynomialLR,
    SequentialLR,
    StepLR,
)

from ml.training.schedule import Rates, Schedule, Shape

N_STEPS = 20


def optimiser(*rates: float) -> SGD:
    return SGD([{"params": [torch.zeros(1, requires_grad=True)], "lr": rate} for rate in rates])


def torchs(shape: Shape, for_: Optimizer, n_steps: int) -> LRScheduler:
    match shape:
        case "constant":
            return ConstantLR(for_, factor=1.0)
        case "step":
            return StepLR(for_, step_size=3, gamma=0.5)
        case "cosine":
            return CosineAnnealingLR(for_, T_max=n_steps)
        case "polynomial":
            return PolynomialLR(for_, total_iters=n_steps, power=2.0)


def followed(scheduler: LRScheduler, stepped: Optimizer) -> list[float]:
    rates = []
    for _step in range(N_STEPS):
        rates.append(stepped.param_groups[0]["lr"])
        stepped.step()
        scheduler.step()
    return rates


def factors(schedule: Schedule) -> list[float]:
    return [schedule.factor(step, N_STEPS) for step in range(N_STEPS)]


def schedule(shape: Shape, *, warm_up_steps: int = 0) -> Schedule:
    return Schedule(shape=shape, warm_up_steps=warm_up_steps, step_size=3, gamma=0.5, power=2.0)


@pytest.mark.parametrize("shape", ["constant", "step", "cosine", "polynomial"])
def test_each_shape_is_torchs(shape: Shape) -> None:
    peer = optimiser(1.0)

    expected = followed(torchs(shape, peer, N_STEPS), peer)

    assert factors(schedule(shape)) == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
@pytest.mark.parametrize("shape", ["constant", "step", "cosine", "polynomial"])
def test_each_shape_begins_where_the_warm_up_ends(shape: Shape) -> None:
    peer = optimiser(1.0)
    warm_up = LinearLR(peer, start_factor=0.2, total_iters=4)
    then = torchs(shape, peer, N_STEPS - 4)

    expected = followed(SequentialLR(peer, [warm_up, then], milestones=[4]), peer)

    assert factors(schedule(shape, warm_up_steps=4)) == pytest.approx(expected)


def test_a_warm_up_longer_than_the_training_never_ends() -> None:
    found = factors(Schedule(shape="cosine", warm_up_steps=39))

    assert found == pytest.approx([(step + 1) / 40 for step in range(N_STEPS)])


def test_rates_keep_their_proportions() -> None:
    one, other = optimiser(0.1, 0.2), optimiser(0.4)
    rates = Rates([one, other], Schedule(shape="polynomial"), 4)

    rates.set(3)

    found = [group["lr"] for each in (one, other) for group in each.param_groups]
    assert found == pytest.approx([0.025, 0.05, 0.1])


def test_constant_rates_are_the_same_numbers() -> None:
    held = optimiser(0.1, 1e-4 * 0.1)
    before = [group["lr"] for group in held.param_groups]

    Rates([held], Schedule(), 4).set(3)

    assert [group["lr"] for group in held.param_groups] == before


def test_a_training_may_pass_a_part_of_the_wave_alone() -> None:
    peer = optimiser(1.0)

    expected = followed(torchs("cosine", peer, 24), peer)

    assert factors(Schedule(shape="cosine", passed=20 / 24)) == pytest.approx(expected)


def test_at_milestones_it_falls_to_a_tenth() -> None:
    stepped = optimiser(0.1)
    theirs = followed(MultiStepLR(stepped, [8, 12, 15]), stepped)

    schedule = Schedule(shape="step", milestones=(8, 12, 15))

    ours = [0.1 * schedule.factor(step, N_STEPS) for step in range(N_STEPS)]
    assert ours == pytest.approx(theirs)


def test_milestones_count_from_the_end_of_the_warm_up() -> None:
    schedule = Schedule(shape="step", milestones=(2,), warm_up_steps=3)

    assert [schedule.factor(step, 10) for step in range(3, 7)] == pytest.approx([1, 1, 0.1, 0.1])
