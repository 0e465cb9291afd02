"""Integrated gradients against attributions that are known, and their axioms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.explain import integrated_gradients as module
from ml.explain.integrated_gradients import STEPS, integrated_gradients

Array = NDArray[np.float64]
K, T, D = 2, 5, 3


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


BAG, BASELINE = drawn(K, T, D), drawn(K, D, seed=1)
DISTANCE: Array = (BAG - BASELINE[:, None]).double().numpy()


def test_of_a_linear_score_they_are_weights_times_distances() -> None:
    weights_TTD = drawn(T, T, D, seed=2)

    def score(bags: Tensor) -> Tensor:
        return torch.einsum("btd,std->bs", bags, weights_TTD) + 0.5

    found = integrated_gradients(score, BAG, BASELINE, range(T))

    expected = np.einsum("ktd,std->st", DISTANCE, weights_TTD.double().numpy()) / K
    assert np.allclose([each.values for each in found], expected, atol=1e-5)
    assert [each.n_steps for each in found] == [STEPS[0]] * T


def test_of_a_quadratic_score_they_are_distances_times_the_gradient_half_way() -> None:
    """∫ (x − b)ᵀ 2A (b + α (x − b)) dα = (x − b)ᵀ A (x + b), number by number."""
    form = drawn(T * D, T * D, seed=3)
    form = (form + form.T) / 2

    def score(bags: Tensor) -> Tensor:
        flat = bags.flatten(1)
        return ((flat @ form) * flat).sum(1, keepdim=True).expand(-1, T)

    [found] = integrated_gradients(score, BAG, BASELINE, [1])

    expected = np.zeros(T)
    for crop in range(K):
        x, b = BAG[crop].double().numpy(), np.tile(BASELINE[crop].double().numpy(), (T, 1))
        middle = form.double().numpy() @ (x + b).ravel()
        expected += ((x - b).ravel() * middle).reshape(T, D).sum(1) / K
    assert np.allclose(found.values, expected, rtol=1e-4, atol=1e-4)


def by_hand(score: nn.Module, segment: int, n_steps: int = 4000) -> Array:
    """The paper's own sum, in the middle of each step, one step and crop after another."""
    total = np.zeros(T)
    for crop in range(K):
        for step in range(n_steps):
            place = (step + 0.5) / n_steps
            bag = (BASELINE[crop] + place * (BAG[crop] - BASELINE[crop])).requires_grad_()
            [gradient] = torch.autograd.grad(score(bag[None])[0, segment], bag)
            total += (gradient.double().numpy() * DISTANCE[crop]).sum(1) / n_steps / K
    return total


def network(*, width: int = 4) -> nn.Sequential:
    torch.manual_seed(5)
    mixed = nn.Conv1d(D, width, 3, padding=1)
    return nn.Sequential(
        Transposed(), mixed, nn.Tanh(), nn.Conv1d(width, 1, 1), nn.Sigmoid(), nn.Flatten(1)
    )


class Transposed(nn.Module):
    def forward(self, bags: Tensor) -> Tensor:
        return bags.transpose(1, 2)


def test_of_a_network_they_are_those_of_a_fine_sum() -> None:
    score = network()

    [found] = integrated_gradients(score, BAG, BASELINE, [2])

    assert np.allclose(found.values, by_hand(score, 2, 400), atol=1e-4)
    assert found.values[4] == 0  # further away than the network sees


def test_they_add_up_to_the_difference_of_the_scores() -> None:
    score = network()

    for found in integrated_gradients(score, BAG, BASELINE, range(T)):
        ends = [score(each).double()[:, found.segment].mean().item() for each in (
            BAG, BASELINE[:, None].expand(K, T, D))]  # fmt: skip
        assert [found.score, found.baseline_score] == pytest.approx(ends, abs=1e-6)
        assert found.values.sum() == pytest.approx(ends[0] - ends[1], abs=1e-4)
        assert found.is_complete


def test_two_networks_that_compute_the_same_have_the_same() -> None:
    """Implementation invariance: the second has each hidden number twice, with half its weight."""
    one, other = network(), network(width=8)
    with torch.no_grad():
        for at in (1, 3):
            source, target = one[at], other[at]
            assert isinstance(source, nn.Conv1d)
            assert isinstance(target, nn.Conv1d)
            if at == 1:
                target.weight.copy_(torch.cat([source.weight] * 2))
                target.bias.copy_(source.bias.repeat(2))  # type: ignore[union-attr]
            else:
                target.weight.copy_(torch.cat([source.weight / 2] * 2, dim=1))
                target.bias.copy_(source.bias)  # type: ignore[union-attr]

    pairs = zip(
        integrated_gradients(one, BAG, BASELINE, range(T)),
        integrated_gradients(other, BAG, BASELINE, range(T)),
        strict=True,
    )

    assert all(np.allclose(a.values, b.values, atol=1e-6) for a, b in pairs)


def test_more_steps_are_taken_where_the_sum_misses_and_only_there() -> None:
    """The first score has a bend on the way, the second has none."""

    def score(bags: Tensor) -> Tensor:
        bent = (bags[:, :, 0] - BAG[0, 0, 0] * 0.3).abs() ** 0.5
        return torch.stack([bent[:, 0], bags[:, 1, 1]], dim=1)

    bag, baseline = BAG[:1], torch.zeros(1, D)
    bent, straight = integrated_gradients(score, bag, baseline, [0, 1])

    assert bent.n_steps > STEPS[0]
    assert straight.n_steps == STEPS[0]


def test_what_a_jump_adds_is_told_as_a_gap() -> None:
    def score(bags: Tensor) -> Tensor:
        return bags.sum(2) + (bags.sum(dim=(1, 2)) > 1).float()[:, None]

    bag = torch.ones(1, T, D)
    [found] = integrated_gradients(score, bag, torch.zeros(1, D), [0])

    assert found.values.tolist() == pytest.approx([3, 0, 0, 0, 0])
    assert found.gap == pytest.approx(-1)
    assert not found.is_complete
    assert found.n_steps == STEPS[-1]


def test_they_do_not_depend_on_how_many_rows_go_through_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    score = network()
    together = integrated_gradients(score, BAG, BASELINE, [0, 3])
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 3 * T)

    apart = integrated_gradients(score, BAG, BASELINE, [0, 3])

    for one, other in zip(together, apart, strict=True):
        assert np.allclose(one.values, other.values, atol=1e-7)
