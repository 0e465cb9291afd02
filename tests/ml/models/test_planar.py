"""Convolutions and pools of clips computed in two dimensions: the same numbers."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ml.models.backbones.folding import made_ready
from ml.models.backbones.planar import (
    FirstConvolution,
    PlanarConvolution,
    PointConvolution,
    Sides,
    SpaceConvolution,
    TimeConvolution,
    activated,
    make_planar,
    max_pool,
    max_pool_by_axes,
)
from ml.models.backbones.residual import Residual
from ml.models.backbones.resnet3d import ResNet3D


def clips(channels: int, *sides: int, is_last: bool = True) -> Tensor:
    made = torch.randn(2, channels, *sides)
    return made.contiguous(memory_format=torch.channels_last_3d) if is_last else made


def seen(convolution: nn.Conv3d) -> nn.Module:
    """What `make_planar` puts in its place."""
    network = nn.Sequential(convolution)
    make_planar(network, with_first=True)
    return network[0]


@pytest.mark.parametrize("is_last", [True, False])
@pytest.mark.parametrize(
    ("channels", "kernel", "stride", "padding", "kind"),
    [
        (6, (1, 3, 3), (1, 2, 2), (0, 1, 1), SpaceConvolution),
        (6, (1, 3, 2), (1, 1, 2), (0, 1, 0), SpaceConvolution),
        (6, (1, 1, 1), (1, 1, 1), (0, 0, 0), SpaceConvolution),
        (6, (1, 1, 1), (2, 2, 2), (0, 0, 0), SpaceConvolution),
        (6, (3, 1, 1), (1, 1, 1), (1, 0, 0), TimeConvolution),
        (6, (3, 1, 1), (2, 1, 1), (0, 0, 0), TimeConvolution),
        (3, (5, 7, 7), (2, 2, 2), (2, 3, 3), FirstConvolution),
        (3, (7, 7, 7), (1, 2, 2), (3, 3, 3), FirstConvolution),
        (2, (4, 3, 5), (3, 1, 2), (0, 1, 2), FirstConvolution),
        (3, (3, 3, 3), (2, 1, 1), (1, 1, 1), FirstConvolution),
    ],
)
def test_a_convolution_of_clips_is_one_of_pictures(
    channels: int,
    kernel: Sides,
    stride: Sides,
    padding: Sides,
    kind: type[PlanarConvolution],
    is_last: bool,
) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv3d(channels, 5, kernel, stride, padding)
    inputs = clips(channels, 7, 9, 8, is_last=is_last)
    expected = convolution(inputs)

    planar = seen(convolution)

    assert type(planar) is kind
    assert planar(inputs).shape == expected.shape
    assert torch.allclose(planar(inputs), expected, atol=1e-5)


@pytest.mark.parametrize(
    "convolution",
    [
        nn.Conv3d(6, 5, 3, padding=1),
        nn.Conv3d(6, 4, (1, 3, 3), groups=2),
        nn.Conv3d(6, 4, (3, 1, 1), dilation=(2, 1, 1)),
        nn.Conv3d(6, 4, (1, 3, 3), padding=(0, 1, 1), padding_mode="replicate"),
        nn.Conv3d(6, 4, (3, 1, 1), padding=(1, 0, 1)),
    ],
)
def test_what_looks_along_all_axes_or_otherwise_stays(convolution: nn.Conv3d) -> None:
    assert seen(convolution) is convolution


def test_no_bias_is_a_bias_of_zeros() -> None:
    convolution = nn.Conv3d(6, 5, (1, 3, 3), bias=False)
    inputs = clips(6, 2, 5, 5)
    expected = convolution(inputs)

    assert torch.allclose(seen(convolution)(inputs), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        ((2, 3, 3), (2, 2, 2), (0, 0, 0)),
        ((3, 3, 3), (2, 2, 2), (1, 1, 1)),
        ((2, 1, 1), (2, 1, 1), (0, 0, 0)),
        ((1, 3, 2), (1, 2, 2), (0, 1, 0)),
    ],
)
def test_the_maximum_is_found_axis_by_axis(kernel: Sides, stride: Sides, padding: Sides) -> None:
    torch.manual_seed(0)
    inputs = clips(4, 7, 9, 8)

    made = max_pool_by_axes(inputs, kernel, stride, padding)

    assert torch.equal(made, max_pool(inputs, kernel, stride, padding))


def test_folded_axes_are_views_where_channels_lie_last() -> None:
    layer = seen(nn.Conv3d(6, 5, (3, 1, 1), padding=(1, 0, 0)))
    assert isinstance(layer, PlanarConvolution)
    inputs = clips(6, 4, 3, 3)

    rows = layer.rows(inputs)

    assert rows.data_ptr() == inputs.data_ptr()
    assert rows.shape == (2, 6, 4, 9)


def test_a_block_gives_what_it_gave_and_a_gradient_of_its_inputs() -> None:
    """Grad-CAM asks for one."""
    torch.manual_seed(0)
    block = Residual((6, 4, 6), ((1, 3, 3), (3, 1, 1)), ((1, 2, 2), (1, 1, 1))).eval()
    plain, planar = clips(6, 4, 6, 6).requires_grad_(), clips(6, 4, 6, 6).requires_grad_()
    with torch.no_grad():
        planar.copy_(plain)
    expected = block(plain)
    expected.square().sum().backward()

    made = made_ready(block, torch.device("cpu"), torch.float32)(planar)
    made.square().sum().backward()

    assert torch.allclose(made, expected, atol=1e-5)
    assert plain.grad is not None
    assert planar.grad is not None
    assert torch.allclose(planar.grad, plain.grad, atol=1e-4)


@pytest.mark.parametrize("with_first", [True, False])
def test_networks_of_whole_kernels_keep_them_but_for_the_first(with_first: bool) -> None:
    torch.manual_seed(0)
    network = ResNet3D(18, narrowed=8).eval()
    inputs = clips(3, 4, 24, 24)
    expected = network(inputs)

    make_planar(network, with_first=with_first)

    assert isinstance(network.get_submodule("conv1"), FirstConvolution) is with_first
    assert isinstance(network.get_submodule("layer1.0.conv1"), nn.Conv3d)
    assert isinstance(network.get_submodule("layer2.0.downsample.0"), SpaceConvolution)
    assert torch.allclose(network(inputs), expected, atol=1e-4)


def test_relu_follows_the_norm_and_what_is_added() -> None:
    layer, norm = nn.Conv3d(3, 4, 1), nn.BatchNorm3d(4).eval()
    inputs, added = clips(3, 2, 3, 3), clips(4, 2, 3, 3)

    made = activated(layer, norm, inputs, added)

    assert torch.equal(made, (norm(layer(inputs)) + added).relu())


@pytest.mark.parametrize("is_last", [True, False])
@pytest.mark.parametrize("stride", [1, 2, (1, 2, 2)])
@pytest.mark.parametrize("bias", [True, False])
def test_a_convolution_of_points_is_a_product_and_learns_alike(
    is_last: bool, stride: int | Sides, bias: bool
) -> None:
    ours = PointConvolution(5, 7, 1, stride=stride, bias=bias)
    torchs = nn.Conv3d(5, 7, 1, stride=stride, bias=bias)
    torchs.load_state_dict(ours.state_dict())
    given = clips(5, 4, 6, 5, is_last=is_last).requires_grad_()
    other = given.detach().clone().requires_grad_()

    found, expected = ours(given), torchs(other)
    weights = torch.randn_like(expected)
    (found * weights).sum().backward()
    (expected * weights).sum().backward()

    assert torch.allclose(found, expected, atol=1e-6)
    assert given.grad is not None
    assert other.grad is not None
    assert torch.allclose(given.grad, other.grad, atol=1e-6)
    for mine, theirs in zip(ours.parameters(), torchs.parameters(), strict=True):
        assert mine.grad is not None
        assert theirs.grad is not None
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-5)
