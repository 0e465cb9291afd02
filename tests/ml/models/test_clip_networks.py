"""Networks that tell clips apart: whole forward passes in NumPy, and the published tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from ml.models.backbones.resnet3d import Depth
from ml.models.backbones.split_resnet3d import SplitResNet3D
from ml.models.clip_classifier import ClipClassifier, as_he_begins
from ml.models.eco_lite import ECOLite
from ml.models.ts_3dcnn import OneStream3DCNN, TwoStream3DCNN
from tests.ml.models.by_hand import (
    Array,
    Weights,
    batch_norm3d,
    below,
    conv3d,
    linear,
    max_pool3d,
    relu,
    weights_of,
)
from tests.ml.models.test_backbones import (
    clip,
    convolved,
    layer,
    parameters,
    shapes_of,
    shortcut,
    unsettled,
)

WIDTHS = (4, 6, 8, 10)


def stream_by_hand(inputs: Array, weights: Weights) -> Array:
    for number, pool in enumerate([(1, 2, 2), (2, 2, 2), (2, 2, 2)], 1):
        outputs = relu(layer(inputs, weights, f"conv{number}", f"bn{number}"))
        inputs = max_pool3d(outputs, pool, pool)
    return inputs


def head_by_hand(maps: Array, weights: Weights) -> Array:
    outputs = relu(layer(maps, weights, "conv4", "bn4"))
    return linear(outputs.mean((1, 2, 3)), below(weights, "fc"))


def test_one_stream_is_as_defined() -> None:
    network = unsettled(OneStream3DCNN(WIDTHS, 2, dropout=0.5))
    inputs, weights = clip(9, 20, 16), weights_of(network)

    maps = stream_by_hand(inputs[0].double().numpy(), below(weights, "rgb"))
    expected = head_by_hand(maps, below(weights, "head"))

    assert maps.shape == (8, 2, 2, 2)
    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


def test_two_streams_meet_before_the_fourth_convolution() -> None:
    network = unsettled(TwoStream3DCNN(WIDTHS, 2, dropout=0.5))
    rgb, second = clip(8, 16, 16), -clip(8, 16, 16).flip(2)
    weights = weights_of(network)

    maps = np.concatenate([
        stream_by_hand(rgb[0].double().numpy(), below(weights, "rgb")),
        stream_by_hand(second[0].double().numpy(), below(weights, "second")),
    ])  # fmt: skip
    expected = head_by_hand(maps, below(weights, "head"))

    assert np.allclose(network(rgb, second)[0].detach(), expected, atol=1e-4)
    assert not torch.allclose(network(rgb, second), network(second, rgb))


def test_half_is_dropped_at_conv4_and_at_the_mean() -> None:
    network = OneStream3DCNN(WIDTHS, 2, dropout=0.5)
    seen: list[torch.Tensor] = []
    network.head.dropout.register_forward_hook(lambda _module, _in, out: seen.append(out))

    network.train()(clip(8, 16, 16))

    assert [each.ndim for each in seen] == [5, 2]


def test_two_streams_have_the_papers_widths() -> None:
    one, two = (
        shapes_of(lambda kind=kind: kind((64, 128, 256, 512), 400, dropout=0.5))  # type: ignore[misc]
        for kind in (OneStream3DCNN, TwoStream3DCNN)
    )

    assert one["rgb.conv1.weight"] == two["second.conv1.weight"] == (64, 3, 3, 3, 3)
    assert one["head.conv4.weight"] == (512, 256, 3, 3, 3)
    assert two["head.conv4.weight"] == (512, 512, 3, 3, 3)
    assert two["head.fc.weight"] == (400, 512)
    assert not any(name.endswith("conv1.bias") for name in two)


def flat(inputs: Array, weights: Weights, name: str, stride: int = 1) -> Array:
    """A layer over each picture: (C, L, H, W), kernels of one picture."""
    own = dict(below(weights, name))
    own["weight"] = own["weight"][:, :, None]
    side = own["weight"].shape[-1]
    pads = [(0, 0), (side // 2, side // 2), (side // 2, side // 2)]
    outputs = conv3d(inputs, own, (1, stride, stride), pads)
    return relu(batch_norm3d(outputs, below(weights, f"{name}_bn")))


def halved(inputs: Array) -> Array:
    return max_pool3d(inputs, (1, 3, 3), (1, 2, 2), [(0, 0), (0, 1), (0, 1)])


def mean_of_nine(inputs: Array) -> Array:
    kernel = np.zeros((len(inputs), len(inputs), 1, 3, 3))
    kernel[np.arange(len(inputs)), np.arange(len(inputs))] = 1 / 9
    return conv3d(inputs, {"weight": kernel}, (1, 1, 1), [(0, 0), (1, 1), (1, 1)])


def inception(inputs: Array, weights: Weights, name: str) -> Array:
    def chain(values: Array, *layers: str) -> Array:
        for each in layers:
            values = flat(values, weights, f"{name}_{each}")
        return values

    return np.concatenate([
        chain(inputs, "1x1"),
        chain(inputs, "3x3_reduce", "3x3"),
        chain(inputs, "double_3x3_reduce", "double_3x3_1", "double_3x3_2"),
        chain(mean_of_nine(inputs), "pool_proj"),
    ])  # fmt: skip


def eco_by_hand(inputs: Array, weights: Weights) -> Array:
    of_pictures, of_clips = below(weights, "pictures"), below(weights, "clips")
    maps = halved(flat(inputs, of_pictures, "conv1_7x7_s2", 2))
    maps = flat(flat(maps, of_pictures, "conv2_3x3_reduce"), of_pictures, "conv2_3x3")
    maps = inception(halved(maps), of_pictures, "inception_3a")
    maps = inception(maps, of_pictures, "inception_3b")
    for name in ("inception_3c_double_3x3_reduce", "inception_3c_double_3x3_1"):
        maps = flat(maps, of_pictures, name)

    def conv(values: Array, name: str, step: int = 1) -> Array:
        return convolved(values, below(of_clips, name), (step, step, step))

    def active(values: Array, norm: str) -> Array:
        return relu(batch_norm3d(values, below(of_clips, norm)))

    res3a = conv(maps, "res3a_2")
    hidden = active(conv(active(res3a, "res3a_bn"), "res3b_1"), "res3b_1_bn")
    total, norm = res3a + conv(hidden, "res3b_2"), "res3b_bn"
    for stage in ("res4", "res5"):
        before = active(total, norm)
        hidden = active(conv(before, f"{stage}a_1", 2), f"{stage}a_1_bn")
        total = conv(hidden, f"{stage}a_2") + conv(before, f"{stage}a_down", 2)
        hidden = active(conv(active(total, f"{stage}a_bn"), f"{stage}b_1"), f"{stage}b_1_bn")
        total, norm = total + conv(hidden, f"{stage}b_2"), f"{stage}b_bn"
    return linear(active(total, norm).mean((1, 2, 3)), below(weights, "fc_final"))


def test_eco_lite_is_as_defined() -> None:
    network = unsettled(ECOLite(2, narrowed=8))
    inputs = clip(4, 36, 36)

    expected = eco_by_hand(inputs[0].double().numpy(), weights_of(network))

    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


def test_eco_lite_has_its_authors_layers() -> None:
    network = ECOLite(400, narrowed=1)
    shapes = {name: tuple(each.shape) for name, each in network.state_dict().items()}

    with torch.inference_mode():
        maps = network.eval().pictures(torch.zeros(1, 3, 224, 224))

    assert maps.shape == (1, 96, 28, 28)
    assert shapes["pictures.inception_3b_3x3.weight"] == (96, 64, 3, 3)
    assert shapes["pictures.inception_3c_double_3x3_reduce.weight"] == (64, 320, 1, 1)
    assert shapes["clips.res3a_2.weight"] == (128, 96, 3, 3, 3)
    assert shapes["clips.res4a_down.weight"] == (256, 128, 3, 3, 3)
    assert shapes["fc_final.weight"] == (400, 512)


def split_by_hand(inputs: Array, weights: Weights, n_blocks: tuple[int, ...]) -> Array:
    def split(values: Array, own: Weights, name: str, step: int) -> Array:
        hidden = relu(layer(values, own, f"conv{name}_s", f"bn{name}_s", (1, step, step)))
        return layer(hidden, own, f"conv{name}_t", f"bn{name}_t", (step, 1, 1))

    outputs = relu(layer(inputs, weights, "conv1_s", "bn1_s", (1, 2, 2)))
    outputs = relu(layer(outputs, weights, "conv1_t", "bn1_t"))
    outputs = max_pool3d(outputs, (3, 3, 3), (2, 2, 2), [(1, 1)] * 3)
    for stage, blocks in enumerate(n_blocks, 1):
        for number in range(blocks):
            step = 2 if stage > 1 and number == 0 else 1
            own = below(weights, f"layer{stage}.{number}")
            if "conv3.weight" in own:
                hidden = relu(split(relu(layer(outputs, own, "conv1", "bn1")), own, "2", step))
                hidden = layer(hidden, own, "conv3", "bn3")
            else:
                hidden = split(relu(split(outputs, own, "1", step)), own, "2", 1)
            outputs = relu(hidden + shortcut(outputs, own, (step,) * 3, len(hidden)))
    return np.asarray(outputs.mean((1, 2, 3)))


@pytest.mark.parametrize(
    ("depth", "projects", "n_blocks"),
    [(18, True, (2, 2, 2, 2)), (18, False, (2, 2, 2, 2)), (50, True, (3, 4, 6, 3))],
)
def test_split_resnets_are_as_defined(
    depth: Depth, projects: bool, n_blocks: tuple[int, ...]
) -> None:
    network = unsettled(SplitResNet3D(depth, projects=projects, narrowed=16))
    inputs = clip(4, 24, 24)

    expected = split_by_hand(inputs[0].double().numpy(), weights_of(network), n_blocks)

    assert np.allclose(network(inputs)[0].detach(), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("depth", "millions", "n_tensors"), [(18, 33.6, 224), (34, 63.9, 416), (50, 47.7, 422)]
)
def test_split_resnets_have_the_published_tensors(
    depth: Depth, millions: float, n_tensors: int
) -> None:
    shapes = shapes_of(lambda: SplitResNet3D(depth))

    width = 2048 if depth >= 50 else 512
    count = sum(np.prod(shape) for _name, shape in parameters(shapes)) + 700 * (width + 1)
    assert len(shapes) + 2 == n_tensors
    assert round(count / 1e6, 1) == millions
    assert shapes["conv1_s.weight"] == (110, 3, 1, 7, 7)
    assert shapes["layer1.0.conv2_s.weight"][:2] == (144, 64)


def test_a_classifier_is_a_backbone_and_a_layer() -> None:
    backbone = nn.Sequential(nn.AdaptiveAvgPool3d(1), nn.Flatten())
    network = ClipClassifier(backbone, 3, 5).eval()
    inputs = clip(4, 8, 8)

    expected = linear(inputs.mean((2, 3, 4)).double().numpy(), weights_of(network.fc))

    assert np.allclose(network(inputs).detach(), expected, atol=1e-6)


def test_convolutions_begin_by_what_leaves_them() -> None:
    torch.manual_seed(0)
    convolution = nn.Conv3d(8, 64, (3, 3, 3), bias=False)

    as_he_begins(nn.Sequential(convolution))

    assert float(convolution.weight.detach().std()) == pytest.approx(
        np.sqrt(2 / (64 * 27)), rel=0.02
    )


def test_four_pictures_of_sixteen_pixels_are_the_least() -> None:
    """Options of methods keep clips from being smaller."""
    network = OneStream3DCNN(WIDTHS, 2, dropout=0.5).eval()

    assert network(clip(4, 16, 16)).shape == (1, 2)
    with pytest.raises(RuntimeError):
        network(clip(2, 16, 16))
