from itertools import pairwise

import numpy as np
import pytest
import torch

from ml.losses.mil import all_pairs_hinge, frobenius, pairwise_hinge, roughness

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
