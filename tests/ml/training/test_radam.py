import math

import numpy as np
import pytest
import torch
from torch import nn

from ml.training.radam import RAdam, is_rectified

RATE, BETA1, BETA2, EPSILON = 0.1, 0.9, 0.999, 1e-8


def by_hand(weight: float, gradients: list[float]) -> list[float]:
    """Algorithm 2 of Liu et al., without a step while the average is no longer than 5."""
    longest = 2 / (1 - BETA2) - 1
    first = second = 0.0
    path = []
    for step, gradient in enumerate(gradients, start=1):
        first = BETA1 * first + (1 - BETA1) * gradient
        second = BETA2 * second + (1 - BETA2) * gradient**2
        length = longest - 2 * step * BETA2**step / (1 - BETA2**step)
        if length > 5:
            rectified = math.sqrt(
                (length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length)
            )
            adapted = math.sqrt(1 - BETA2**step) / (math.sqrt(second) + EPSILON)
            weight -= RATE * rectified * adapted * first / (1 - BETA1**step)
        path.append(weight)
    return path


def path_of(kind: type[torch.optim.Optimizer], gradients: list[float]) -> list[float]:
    weight = nn.Parameter(torch.tensor(1.0, dtype=torch.float64))
    optimiser = kind([weight], lr=RATE)  # type: ignore[call-arg]
    path = []
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=torch.float64)
        optimiser.step()
        path.append(float(weight.detach()))
    return path


GRADIENTS = np.random.default_rng(1).normal(0.3, 1, 40).tolist()


def test_steps_are_those_of_the_paper() -> None:
    assert path_of(RAdam, GRADIENTS) == pytest.approx(by_hand(1.0, GRADIENTS), abs=1e-9)


def test_the_first_five_steps_change_nothing_where_torch_makes_some() -> None:
    assert path_of(RAdam, GRADIENTS)[:5] == [1.0] * 5
    assert path_of(torch.optim.RAdam, GRADIENTS)[0] != 1.0
    assert [is_rectified(step, BETA2) for step in (1, 5, 6)] == [False, False, True]


def test_it_leaves_the_learning_rate_as_it_was() -> None:
    weight = nn.Parameter(torch.ones(()))
    optimiser = RAdam([weight], lr=RATE)
    weight.grad = torch.ones(())

    optimiser.step()

    assert optimiser.param_groups[0]["lr"] == RATE
