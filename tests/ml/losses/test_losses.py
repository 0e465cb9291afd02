"""Losses against their definitions, and CutMix masks against their law."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from ml.losses import adversarial, cutmix


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


def test_adversarial_losses_are_cross_entropies() -> None:
    logits = torch.randn(50) * 5

    ones, zeros = torch.ones(50), torch.zeros(50)
    torch.testing.assert_close(
        adversarial.real(logits), F.binary_cross_entropy_with_logits(logits, ones)
    )
    torch.testing.assert_close(
        adversarial.fake(logits), F.binary_cross_entropy_with_logits(logits, zeros)
    )


def test_pixels_of_a_mix_are_told_apart_by_its_mask() -> None:
    logits, mask = torch.randn(2, 1, 4, 4), (torch.rand(2, 1, 4, 4) > 0.5).float()

    expected = torch.where(mask == 1, F.softplus(-logits), F.softplus(logits)).mean()
    torch.testing.assert_close(adversarial.masked(logits, mask), expected)


def test_adversarial_losses_stay_finite() -> None:
    far = torch.tensor([1e4, -1e4])
    assert torch.isfinite(adversarial.real(far))
    assert torch.isfinite(adversarial.fake(far))


@pytest.mark.parametrize(
    ("real", "fake", "expected"), [([1, 2], [-1, -2], 1.0), ([1, -1], [1, 1], 0.25), ([-1], [1], 0)]
)
def test_accuracy(real: list[float], fake: list[float], expected: float) -> None:
    found = adversarial.accuracy(torch.tensor(real).float(), torch.tensor(fake).float())
    assert float(found) == expected


def test_features_of_real_samples_are_fixed() -> None:
    real, fake = torch.rand(2, 3, requires_grad=True), torch.rand(2, 3, requires_grad=True)

    adversarial.feature_matching(real, fake).backward()

    assert real.grad is None
    assert fake.grad is not None


def test_gradient_difference_sees_edges_not_brightness() -> None:
    truth = torch.rand(1, 1, 6, 6)

    assert float(adversarial.gradient_difference(truth + 0.3, truth)) == pytest.approx(0, abs=1e-6)
    blurred = F.avg_pool2d(truth, 3, stride=1, padding=1)
    assert float(adversarial.gradient_difference(blurred, truth)) > 0.05


def test_masks_cut_a_rectangle_of_half_the_area_on_average() -> None:
    drawn = cutmix.masks(2_000, 16, 24, torch.device("cpu"))

    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert float(drawn.mean()) == pytest.approx(0.5, abs=0.03)  # either kind is as likely
    for mask in drawn[:50, 0]:
        cut = mask if mask.mean() <= 0.5 else 1 - mask
        inside = cut if _is_rectangle(cut) else 1 - cut
        assert _is_rectangle(inside)


def _is_rectangle(mask: torch.Tensor) -> bool:
    rows, columns = mask.amax(dim=1), mask.amax(dim=0)
    return torch.equal(mask, rows[:, None] * columns[None, :])


def test_masks_are_the_same_for_the_same_seed() -> None:
    torch.manual_seed(3)
    one = cutmix.masks(5, 8, 8, torch.device("cpu"))
    torch.manual_seed(3)
    assert torch.equal(one, cutmix.masks(5, 8, 8, torch.device("cpu")))


def test_mixing_keeps_real_pixels_where_the_mask_is_one() -> None:
    real, fake = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    mask = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]]])

    assert torch.equal(cutmix.mix(real, fake, mask), mask)


def test_a_judge_of_single_pixels_is_consistent() -> None:
    real, fake = torch.rand(2, 1, 8, 8), torch.rand(2, 1, 8, 8)
    mask = cutmix.masks(2, 8, 8, torch.device("cpu"))
    mixed = cutmix.mix(real, fake, mask)

    assert float(cutmix.consistency(3 * mixed - 1, 3 * real - 1, 3 * fake - 1, mask)) < 1e-12

    def blur(x: torch.Tensor) -> torch.Tensor:
        return F.avg_pool2d(x, 3, stride=1, padding=1)

    assert float(cutmix.consistency(blur(mixed), blur(real), blur(fake), mask)) > 1e-4


@pytest.mark.parametrize(
    ("position", "warm_up", "expected"), [(0, 5, 0), (2.5, 5, 0.5), (9, 5, 1), (0, 0, 1)]
)
def test_ramp(position: float, warm_up: float, expected: float) -> None:
    assert cutmix.ramp(position, warm_up) == expected
