"""Networks over clips: whole forward passes in NumPy, at an eighth or so of their widths."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from ml.models.backbones.c3d import C3D
from ml.models.backbones.c3d import our_name as c3d_name
from ml.models.backbones.folding import fold_norms
from ml.models.backbones.i3d_resnet50 import I3DResNet50
from ml.models.backbones.inception_i3d import InceptionI3D, padded
from ml.models.backbones.r2plus1d import R2Plus1D, channels_between
from ml.models.backbones.resnet3d import DEPTHS, ResNet3D
from tests.ml.models.by_hand import (
    Array,
    Sides,
    Weights,
    batch_norm3d,
    below,
    conv3d,
    linear,
    max_pool3d,
    relu,
    softmax,
    weights_of,
)

# Millions of numbers, with 1,039 classes, and tensors.
WITH_FC = {18: 33.7, 34: 64.0, 50: 48.3, 101: 87.4, 152: 119.5, 200: 128.7}
TENSORS = {18: 122, 34: 218, 50: 320, 101: 626, 152: 932, 200: 1220}


def unsettled(network: nn.Module) -> nn.Module:
    """Norms and biases that do something, so that a wrong place of them shows."""
    random = torch.Generator().manual_seed(0)
    for name, each in network.state_dict().items():
        if name.endswith("running_var"):
            each.copy_(0.5 + torch.rand(each.shape, generator=random))
        elif each.ndim == 1:
            each.copy_(0.2 * torch.randn(each.shape, generator=random) + name.endswith("weight"))
    return network.eval()


def clip(*sides: int) -> torch.Tensor:
    return torch.randn(1, 3, *sides, generator=torch.Generator().manual_seed(1))


def convolved(inputs: Array, weights: Weights, stride: Sides = (1, 1, 1)) -> Array:
    """Padded by half the kernel on each side."""
    sides = weights["weight"].shape[2:]
    return conv3d(inputs, weights, stride, [(side // 2, side // 2) for side in sides])


def layer(
    inputs: Array, weights: Weights, conv: str, norm: str, stride: Sides = (1, 1, 1)
) -> Array:
    return batch_norm3d(convolved(inputs, below(weights, conv), stride), below(weights, norm))


def bottleneck(inputs: Array, weights: Weights, stride: Sides) -> Array:
    hidden = relu(layer(inputs, weights, "conv1", "bn1"))
    hidden = relu(layer(hidden, weights, "conv2", "bn2", stride))
    hidden = layer(hidden, weights, "conv3", "bn3")
    return relu(hidden + brought(inputs, weights, stride))


def brought(inputs: Array, weights: Weights, stride: Sides) -> Array:
    if "downsample.0.weight" not in weights:
        return inputs
    return layer(inputs, weights, "downsample.0", "downsample.1", stride)


def non_local(inputs: Array, weights: Weights) -> Array:
    def product(name: str, of: Array) -> Array:
        return convolved(of, below(weights, name))

    theta, few = product("theta", inputs), max_pool3d(inputs, (1, 2, 2), (1, 2, 2))
    flat = theta.reshape(len(theta), -1)
    phi, g = (product(name, few).reshape(len(theta), -1) for name in ("phi", "g"))
    taken = g @ softmax(flat.T @ phi / np.sqrt(len(theta))).T
    outputs = convolved(taken.reshape(theta.shape), below(weights, "out"))
    return inputs + batch_norm3d(outputs, below(weights, "bn"))


def i3d_by_hand(inputs: Array, weights: Weights) -> Array:
    outputs = relu(layer(inputs, weights, "conv1", "bn1", (2, 2, 2)))
    outputs = max_pool3d(outputs, (2, 3, 3), (2, 2, 2))
    for stage, n_blocks in enumerate((3, 4, 6, 3), 1):
        for number in range(n_blocks):
            step = 2 if stage > 1 and number == 0 else 1
            own = below(weights, f"layer{stage}.{number}")
            outputs = bottleneck(outputs, own, (1, step, step))
            if below(own, "nl"):
                outputs = non_local(outputs, below(own, "nl"))
        if stage == 1:
            outputs = max_pool3d(outputs, (2, 1, 1), (2, 1, 1))
    return np.asarray(outputs.mean((1, 2, 3)))


@pytest.mark.parametrize("has_non_local", [False, True])
def test_i3d_resnet50_is_as_defined(has_non_local: bool) -> None:
    network = unsettled(I3DResNet50(non_local=has_non_local, narrowed=32))
    inputs = clip(8, 32, 40)

    expected = i3d_by_hand(inputs[0].double().numpy(), weights_of(network))

    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


def test_i3d_resnet50_has_the_published_tensors() -> None:
    shapes = shapes_of(I3DResNet50)

    assert sum(np.prod(shape) for name, shape in parameters(shapes)) == 27_223_872
    assert len(shapes) + 2 == 320  # with the classifier
    assert shapes["conv1.weight"] == (64, 3, 5, 7, 7)
    in_time = [
        (stage, number)
        for stage, n_blocks in enumerate((3, 4, 6, 3), 1)
        for number in range(n_blocks)
        if shapes[f"layer{stage}.{number}.conv1.weight"][2] == 3
    ]
    assert in_time == [
        (1, 0), (1, 1), (1, 2), (2, 0), (2, 2), (3, 0), (3, 2), (3, 4), (4, 1),
    ]  # fmt: skip
    assert shapes["layer4.2.conv3.weight"] == (2048, 512, 1, 1, 1)
    has_non_local = {
        name.partition(".nl.")[0]
        for name in shapes_of(lambda: I3DResNet50(non_local=True)).keys() - shapes.keys()
    }
    assert has_non_local == {"layer2.1", "layer2.3", "layer3.1", "layer3.3", "layer3.5"}


def shapes_of(make: Callable[[], nn.Module]) -> dict[str, tuple[int, ...]]:
    """Of the network at its full width, for which no memory is taken."""
    with torch.device("meta"):
        return {name: tuple(each.shape) for name, each in make().state_dict().items()}


def parameters(shapes: dict[str, tuple[int, ...]]) -> list[tuple[str, tuple[int, ...]]]:
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    return [(name, shape) for name, shape in shapes.items() if not name.endswith(buffers)]


def same(length: int, side: int, step: int) -> tuple[int, int]:
    """TensorFlow's SAME: as few zeros as give ⌈length / step⌉ places, one more at the end."""
    missing = max(0, (-(-length // step) - 1) * step + side - length)
    return missing // 2, missing - missing // 2


def same_pads(inputs: Array, sides: Sides, stride: Sides) -> list[tuple[int, int]]:
    return [same(*each) for each in zip(inputs.shape[1:], sides, stride, strict=True)]


def unit(inputs: Array, weights: Weights, stride: Sides = (1, 1, 1)) -> Array:
    own = below(weights, "conv3d")
    pads = same_pads(inputs, own["weight"].shape[2:], stride)
    return relu(batch_norm3d(conv3d(inputs, own, stride, pads), below(weights, "bn"), eps=1e-3))


def same_pool(inputs: Array, sides: Sides, stride: Sides) -> Array:
    return max_pool3d(inputs, sides, stride, same_pads(inputs, sides, stride))


def mixed(inputs: Array, weights: Weights) -> Array:
    of = {name: below(weights, name) for name in ("b0", "b1a", "b1b", "b2a", "b2b", "b3b")}
    return np.concatenate([
        unit(inputs, of["b0"]),
        unit(unit(inputs, of["b1a"]), of["b1b"]),
        unit(unit(inputs, of["b2a"]), of["b2b"]),
        unit(same_pool(inputs, (3, 3, 3), (1, 1, 1)), of["b3b"]),
    ])  # fmt: skip


def inception_by_hand(inputs: Array, weights: Weights) -> Array:
    outputs = unit(inputs, below(weights, "Conv3d_1a_7x7"), (2, 2, 2))
    outputs = same_pool(outputs, (1, 3, 3), (1, 2, 2))
    outputs = unit(unit(outputs, below(weights, "Conv3d_2b_1x1")), below(weights, "Conv3d_2c_3x3"))
    outputs = same_pool(outputs, (1, 3, 3), (1, 2, 2))
    for name in ("3b", "3c"):
        outputs = mixed(outputs, below(weights, f"Mixed_{name}"))
    outputs = same_pool(outputs, (3, 3, 3), (2, 2, 2))
    for name in ("4b", "4c", "4d", "4e", "4f"):
        outputs = mixed(outputs, below(weights, f"Mixed_{name}"))
    outputs = same_pool(outputs, (2, 2, 2), (2, 2, 2))
    for name in ("5b", "5c"):
        outputs = mixed(outputs, below(weights, f"Mixed_{name}"))
    means = [outputs[:, n : n + 2].mean((1, 2, 3)) for n in range(outputs.shape[1] - 1)]
    return np.asarray(np.mean(means, axis=0))


@pytest.mark.parametrize("n_frames", [9, 17])
def test_inception_i3d_is_as_defined(n_frames: int) -> None:
    network = unsettled(InceptionI3D(narrowed=16))
    inputs = clip(n_frames, 32, 24)

    expected = inception_by_hand(inputs[0].double().numpy(), weights_of(network))

    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


@pytest.mark.parametrize("length", [7, 8, 9, 16])
@pytest.mark.parametrize(("side", "step"), [(7, 2), (3, 2), (2, 2), (3, 1), (1, 1)])
def test_zeros_are_put_where_tensorflow_puts_them(length: int, side: int, step: int) -> None:
    inputs = torch.ones(1, 1, length, 2, 2)

    found = padded(inputs, (side, 1, 1), (step, 1, 1))[0, 0, :, 0, 0].tolist()

    before, after = same(length, side, step)
    assert found == [0] * before + [1] * length + [0] * after


def test_inception_i3d_has_the_published_tensors() -> None:
    shapes = shapes_of(InceptionI3D)

    assert len(shapes) + 2 == 344  # with the classifier
    assert sum(np.prod(shape) for _name, shape in parameters(shapes)) == 12_287_264
    assert shapes["Conv3d_1a_7x7.conv3d.weight"] == (64, 3, 7, 7, 7)
    assert shapes["Mixed_5c.b0.bn.running_var"] == (384,)
    assert shapes["Mixed_4e.b1b.conv3d.weight"] == (288, 144, 3, 3, 3)
    flow = shapes_of(lambda: InceptionI3D(channels=2))
    assert flow["Conv3d_1a_7x7.conv3d.weight"] == (64, 2, 7, 7, 7)


def test_c3d_is_as_defined() -> None:
    network = unsettled(C3D(narrowed=32))
    inputs, weights = clip(16, 112, 112), weights_of(network)

    outputs = inputs[0].double().numpy()
    for stage in (("1",), ("2",), ("3a", "3b"), ("4a", "4b"), ("5a", "5b")):
        for name in stage:
            outputs = relu(convolved(outputs, below(weights, f"conv{name}")))
        sides = (1, 2, 2) if stage == ("1",) else (2, 2, 2)
        pads = ((0, 0), (1, 1), (1, 1)) if stage == ("5a", "5b") else ((0, 0),) * 3
        outputs = max_pool3d(outputs, sides, sides, pads)
    expected = relu(linear(outputs.reshape(1, -1), below(weights, "fc6")))

    assert np.allclose(network(inputs).detach(), expected, atol=1e-4)
    assert shapes_of(C3D)["fc6.weight"] == (4096, 8192)


def test_c3ds_tensors_are_known_by_both_their_names() -> None:
    numbers = (0, 3, 6, 8, 11, 13, 16, 18)
    named = [c3d_name(f"features.{number}.weight") for number in numbers]

    shapes = shapes_of(C3D)
    assert named == [name for name in shapes if name.startswith("conv") and "weight" in name]
    assert [c3d_name(f"classifier.{n}.bias") for n in (0, 3, 6)] == [
        "fc6.bias", "fc7.bias", "fc8.bias",
    ]  # fmt: skip
    assert all(c3d_name(name) == name for name in shapes)


def resnet3d_by_hand(inputs: Array, weights: Weights, n_blocks: tuple[int, ...]) -> Array:
    outputs = relu(layer(inputs, weights, "conv1", "bn1", (1, 2, 2)))
    outputs = max_pool3d(outputs, (3, 3, 3), (2, 2, 2), [(1, 1)] * 3)
    for stage, blocks in enumerate(n_blocks, 1):
        for number in range(blocks):
            stride = (2, 2, 2) if stage > 1 and number == 0 else (1, 1, 1)
            own = below(weights, f"layer{stage}.{number}")
            if "conv3.weight" in own:
                outputs = bottleneck(outputs, own, stride)
                continue
            hidden = relu(layer(outputs, own, "conv1", "bn1", stride))
            hidden = layer(hidden, own, "conv2", "bn2")
            outputs = relu(hidden + shortcut(outputs, own, stride, len(hidden)))
    return np.asarray(outputs.mean((1, 2, 3)))


def shortcut(inputs: Array, weights: Weights, stride: Sides, channels: int) -> Array:
    """Projected, or of type A: pixels left out and channels of zeros added."""
    if "downsample.0.weight" in weights:
        return brought(inputs, weights, stride)
    frames, rows, columns = stride
    kept = inputs[:, ::frames, ::rows, ::columns]
    return np.pad(kept, [(0, channels - len(kept)), (0, 0), (0, 0), (0, 0)])


@pytest.mark.parametrize(
    ("depth", "projects", "n_blocks"),
    [(18, True, (2, 2, 2, 2)), (18, False, (2, 2, 2, 2)), (50, True, (3, 4, 6, 3))],
)
def test_3d_resnets_are_as_defined(depth: int, projects: bool, n_blocks: tuple[int, ...]) -> None:
    network = unsettled(ResNet3D(depth, projects=projects, narrowed=16))  # type: ignore[arg-type]
    inputs = clip(8, 24, 24)

    expected = resnet3d_by_hand(inputs[0].double().numpy(), weights_of(network), n_blocks)

    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


@pytest.mark.parametrize("depth", DEPTHS)
def test_3d_resnets_have_the_published_tensors(depth: int) -> None:
    shapes = shapes_of(lambda: ResNet3D(depth))  # type: ignore[arg-type]

    width = 2048 if depth >= 50 else 512
    count = sum(np.prod(shape) for _name, shape in parameters(shapes)) + 1039 * (width + 1)
    assert len(shapes) + 2 == TENSORS[depth]
    assert round(count / 1e6, 1) == WITH_FC[depth]
    assert shapes["conv1.weight"] == (64, 3, 7, 7, 7)
    without = shapes_of(lambda: ResNet3D(depth, projects=False))  # type: ignore[arg-type]
    assert not any("downsample" in name for name in without)


def r2plus1d_by_hand(inputs: Array, weights: Weights) -> Array:
    def split(values: Array, own: Weights, stride: int) -> Array:
        hidden = layer(values, own, "0.0", "0.1", (1, stride, stride))
        return batch_norm3d(
            convolved(relu(hidden), below(own, "0.3"), (stride, 1, 1)), below(own, "1")
        )

    outputs = relu(layer(inputs, weights, "stem.0", "stem.1", (1, 2, 2)))
    outputs = relu(layer(outputs, weights, "stem.3", "stem.4"))
    for stage in (1, 2, 3, 4):
        for number in (0, 1):
            stride = 2 if stage > 1 and number == 0 else 1
            own = below(weights, f"layer{stage}.{number}")
            hidden = split(outputs, below(own, "conv1"), stride)
            hidden = split(relu(hidden), below(own, "conv2"), 1)
            outputs = relu(hidden + brought(outputs, own, (stride,) * 3))
    return np.asarray(outputs.mean((1, 2, 3)))


def test_r2plus1d_is_as_defined() -> None:
    network = unsettled(R2Plus1D(narrowed=16))
    inputs = clip(4, 24, 24)

    expected = r2plus1d_by_hand(inputs[0].double().numpy(), weights_of(network))

    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


def test_r2plus1d_has_torchvisions_tensors() -> None:
    shapes = shapes_of(R2Plus1D)

    count = sum(np.prod(shape) for _name, shape in parameters(shapes))
    assert count + 400 * 513 == 31_505_325  # as torchvision tells of its file
    assert shapes["stem.0.weight"] == (45, 3, 1, 7, 7)
    assert shapes["layer1.0.conv1.0.0.weight"] == (144, 64, 1, 3, 3)
    assert shapes["layer2.0.conv2.0.3.weight"] == (128, 230, 3, 1, 1)
    assert channels_between(64, 64) == 144


@pytest.mark.parametrize(
    ("make", "sides"),
    [
        (lambda: I3DResNet50(non_local=True, narrowed=32), (8, 24, 24)),
        (lambda: InceptionI3D(narrowed=16), (9, 32, 32)),
        (lambda: ResNet3D(18, narrowed=16), (4, 24, 24)),
        (lambda: R2Plus1D(narrowed=16), (4, 24, 24)),
    ],
    ids=["i3d_resnet50", "inception_i3d", "resnet3d", "r2plus1d"],
)
def test_folding_the_norms_changes_nothing_but_rounding(
    make: Callable[[], nn.Module], sides: Sides
) -> None:
    network = unsettled(make())
    inputs = clip(*sides)

    with torch.inference_mode():
        before = network(inputs)
        fold_norms(network)
        after = network(inputs)

    assert not any(isinstance(each, nn.BatchNorm3d) for each in network.modules())
    assert torch.allclose(before, after, atol=1e-4, rtol=1e-4)


def test_a_norm_that_no_convolution_feeds_is_not_folded() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm3d(2)).eval()

    with pytest.raises(AssertionError, match="1 follows no convolution"):
        fold_norms(network)
