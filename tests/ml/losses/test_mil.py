from itertools import pairwise

import numpy as np
import pytest
import torch

from ml.losses.mil import (
    all_pairs_hinge,
    bag_lengths,
    frobenius,
    mean_of_highest,
    pairwise_hinge,
    roughness,
)

RNG = np.random.default_rng(0)
NORMAL, ABNORMAL = RNG.random((3, 5)), RNG.random((3, 5))


def test_hinge_of_bags_in_pairs() -> None:
    expected = [
        max(0, 1 - abnormal.max() + normal.max())
        for normal, abnormal in zip(NORMAL, ABNORMAL, strict=True)
    ]

    found = pairwise_hinge(torch.from_numpy(NORMAL), torch.from_numpy(ABNORMAL))

    assert found.tolist() == pytest.approx(expected)


def test_hinge_of_every_abnormal_bag_against_all_normal_ones() -> None:
    expected = [
        np.mean([max(0, 1 - abnormal.max() + normal.max()) for normal in NORMAL])
        for abnormal in ABNORMAL[:2]
    ]

    found = all_pairs_hinge(torch.from_numpy(NORMAL), torch.from_numpy(ABNORMAL[:2]))

    assert found.tolist() == pytest.approx(expected)


def test_a_hinge_is_never_below_zero() -> None:
    low, high = torch.full((2, 4), -1.0), torch.full((2, 4), 3.0)

    assert pairwise_hinge(low, high).tolist() == [0, 0]
    assert all_pairs_hinge(low, high).tolist() == [0, 0]


def test_roughness_adds_up_squared_jumps() -> None:
    expected = [sum((a - b) ** 2 for a, b in pairwise(bag)) for bag in NORMAL]

    assert roughness(torch.from_numpy(NORMAL)).tolist() == pytest.approx(expected)


def test_the_length_of_several_matrices_is_that_of_all_their_numbers() -> None:
    weights = [torch.tensor([[3.0, 0.0]]), torch.tensor([[4.0], [12.0]])]

    assert float(frobenius(weights)) == pytest.approx(13)


def test_rows_of_zeros_at_the_end_of_a_bag_are_none_of_its_own() -> None:
    bags = torch.ones(3, 4, 2)
    bags[0, 3:] = 0
    bags[1] = 0

    assert bag_lengths(bags).tolist() == [3, 1, 4]


def test_the_highest_of_the_values_that_are_there() -> None:
    values = torch.tensor([[1.0, 5.0, 3.0, 9.0], [2.0, 4.0, 6.0, 8.0]])

    found = mean_of_highest(values, torch.tensor([3, 1]), torch.tensor([2, 3]))

    assert found.tolist() == [4.0, 2.0]
