"""Networks of the ST-GANs: shapes, what must be equal, what must be able to learn."""

from __future__ import annotations

from typing import cast

import pytest
import torch
import torch.nn.functional as F

from ml.models.layers import ConvLSTMCell, SelfAttention
from ml.models.st_network import STNetwork
from ml.models.unet_discriminator import UNetDiscriminator
from ml.models.upsampling import folded, grow
from ml.models.window_discriminator import WindowDiscriminator
from ml.training.ema import follow, slow_copy


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("attention", [True, False])
def test_a_network_predicts_frames_of_the_input_s_size(attention: bool) -> None:
    network = STNetwork(width=8, code_channels=16, attention=attention)
    windows = torch.rand(2, 3, 48, 32) * 2 - 1

    codes = network.codes(windows)
    frame = network.decoder(codes[-1])

    assert [tuple(code.shape) for code in codes] == [(2, 16, 6, 4)] * 3
    assert frame.shape == (2, 1, 48, 32)
    assert float(frame.detach().abs().max()) <= 1


def test_frames_encoded_once_give_the_same_codes() -> None:
    """Consecutive windows share frames: to encode each frame once changes nothing."""
    network = STNetwork(width=8, code_channels=8, attention=True).eval()
    frames = torch.rand(6, 32, 32) * 2 - 1
    windows = frames.unfold(0, 3, 1).permute(0, 3, 1, 2)

    gates = network.encode(frames.unsqueeze(1)).unfold(0, 3, 1).permute(0, 4, 1, 2, 3)
    once, each = network.remember(gates), network.codes(windows)

    for one, other in zip(once, each, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_the_memory_depends_on_every_frame() -> None:
    network = STNetwork(width=8, code_channels=8, attention=False)
    windows = (torch.rand(1, 4, 32, 32) * 2 - 1).requires_grad_()

    network.codes(windows)[-1].sum().backward()

    assert windows.grad is not None
    assert (windows.grad.abs().amax(dim=(2, 3)) > 0).all()


def test_the_memory_begins_empty() -> None:
    cell = ConvLSTMCell(3, 5)
    gates = cell.from_input(torch.rand(2, 3, 4, 4))
    empty = torch.zeros(2, 5, 4, 4)

    for found, expected in zip(cell.first(gates), cell(gates, (empty, empty)), strict=True):
        assert torch.equal(found, expected)


def test_attention_starts_as_the_identity_and_can_learn() -> None:
    layer = SelfAttention(16)
    x = torch.rand(2, 16, 8, 8)

    assert torch.equal(layer(x), x)
    layer(x).square().sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.abs().item() > 0


@pytest.mark.parametrize("spectral", [True, False])
def test_a_u_net_judges_image_and_pixels(spectral: bool) -> None:
    network = UNetDiscriminator(1, width=8, attention=True, spectral=spectral).eval()
    images = torch.rand(3, 1, 32, 48) * 2 - 1

    judged = network(images)

    assert judged.image.shape == (3,)
    assert judged.pixels.shape == (3, 1, 32, 48)
    assert judged.second.shape == (3, 16, 8, 12)
    torch.testing.assert_close(network.second_features(images), judged.second)


def test_folded_kernels_grow_a_map_as_the_convolution_of_the_doubled_one() -> None:
    layer = torch.nn.Conv2d(5, 3, 3, padding=1)
    x = torch.rand(2, 5, 6, 4)

    found = grow(x, folded(layer.weight), cast(torch.Tensor, layer.bias))

    torch.testing.assert_close(found, layer(F.interpolate(x, scale_factor=2.0)))


def test_a_folded_u_net_judges_as_before_until_it_is_trained() -> None:
    network = UNetDiscriminator(1, width=8, attention=True, spectral=True).eval()
    images = torch.rand(2, 1, 32, 48)
    before = network(images)

    network.fold()

    torch.testing.assert_close(network(images).pixels, before.pixels)
    assert network.train().folded is None


def test_spectral_normalisation_bounds_the_weights() -> None:
    network = UNetDiscriminator(1, width=8, attention=False, spectral=True)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.mul_(50)
    for _ in range(30):  # the largest singular value is found step by step
        network(torch.rand(1, 1, 32, 32))

    weight = network.down[0].weight.detach().flatten(1)  # type: ignore[union-attr, operator]

    assert float(torch.linalg.matrix_norm(weight, 2)) == pytest.approx(1, abs=0.05)


def test_a_window_is_judged_as_a_whole() -> None:
    verdict = WindowDiscriminator(4, width=8, attention=True, spectral=True)(
        torch.rand(2, 4, 32, 32)
    )

    assert verdict.image.shape == (2,)
    assert verdict.features.shape == (2, 32, 2, 2)


def test_the_slow_copy_is_a_running_mean() -> None:
    fast = torch.nn.Linear(1, 1, bias=False)
    slow = slow_copy(fast)
    torch.nn.init.constant_(fast.weight, 4.0)
    torch.nn.init.constant_(slow.weight, 0.0)

    follow(slow, fast, decay=0.75, step=10**6)
    first = float(slow.weight.detach())  # type: ignore[arg-type, operator]
    follow(slow, fast, decay=0.75, step=10**6)

    assert (first, float(slow.weight.detach())) == (1.0, 1.75)  # type: ignore[arg-type, operator]
    assert not any(parameter.requires_grad for parameter in slow.parameters())


def test_the_slow_copy_takes_over_what_is_not_learnt() -> None:
    fast = torch.nn.BatchNorm2d(3)
    slow = slow_copy(fast)
    fast(torch.rand(4, 3, 2, 2) + 5)

    follow(slow, fast, decay=0.99, step=10**6)

    torch.testing.assert_close(slow.running_mean, fast.running_mean)


def test_the_slow_copy_follows_faster_at_first() -> None:
    fast, early, late = (torch.nn.Linear(1, 1, bias=False) for _ in range(3))
    for network, value in ((fast, 1.0), (early, 0.0), (late, 0.0)):
        torch.nn.init.constant_(network.weight, value)

    follow(early, fast, decay=0.99, step=0)
    follow(late, fast, decay=0.99, step=10**6)

    assert float(early.weight.detach()) == pytest.approx(0.9)
    assert float(late.weight.detach()) == pytest.approx(0.01)
