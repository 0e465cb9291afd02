"""Grad-CAM: its equations in NumPy, and the way back from a score over features to the pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.data.video.decode import decode
from ml.data.video.resizing import Size
from ml.explain import pictures
from ml.explain.grad_cam import ShowsWhere, by_step, grad_cam
from ml.explain.maps import Maps
from ml.explain.pictures import NoPictures, explain_pictures, extractor_of
from ml.extraction import EXTRACTORS, PictureExtractor, extract
from ml.extraction._base import NoOptions
from ml.extraction._packaged import PackagedNetwork
from ml.extraction.crops import Place
from ml.extraction.efficientnet_lite0 import EfficientNetFeatures
from ml.extraction.mobilenet_v2 import MobileNetFeatures
from ml.records import FeatureRecord, VideoRecord
from tests import toys

CPU = torch.device("cpu")
LENGTH, CELL = 8, 4
WEIGHTS = (3.0, -1.0)
Floats = NDArray[np.float64]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Brightness(PictureExtractor):
    """Of cells of 4 × 4 pixels: how bright and how dark they are, the mean over all of them."""

    title = "Brightness of cells"
    summary = source = preprocessing = "none"
    is_grey = True
    dimension = 2
    cam_layer = "cells"
    size = (24, 32)

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        super().__init__(device, config, weights)
        cells = nn.Conv2d(1, 2, CELL, stride=CELL)
        with torch.no_grad():
            cells.weight[0] = 1 / CELL**2
            cells.weight[1] = -1 / CELL**2
            cells.bias.copy_(torch.tensor([0.0, 1.0]))  # type: ignore[union-attr]
        self.network = nn.ModuleDict({"cells": cells})

    def frames_seen(self, length: int) -> list[int]:
        return [0, length // 2]

    def pictures(self, segment: NDArray[np.uint8]) -> Tensor:
        frames = segment[self.frames_seen(len(segment))]
        return torch.from_numpy(frames)[:, None].float() / 255

    def inputs(self, segment: NDArray[np.uint8]) -> list[Tensor]:
        return [self.pictures(segment)]

    def places(self, picture: Size) -> list[Place]:
        return [Place(top=0, left=0, height=picture[0], width=picture[1])]

    def features_of(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.network["cells"](pictures).mean((0, 2, 3))[None]
        return features

    def features(self, segment: NDArray[np.uint8]) -> NDArray[np.float32]:
        with torch.inference_mode():
            return self.features_of(self.pictures(segment)).numpy()


def brightness() -> Brightness:
    return Brightness(CPU, None, None)


class Weighted:
    """A row's score is that of its own numbers and a little of those of the others."""

    def bag_of(self, row: int, n_rows: int) -> range:
        return range(n_rows)

    def bag_scores(self, bags: Tensor) -> Tensor:
        own = bags @ torch.tensor(WEIGHTS)
        return torch.sigmoid(own + 0.1 * own.mean(1, keepdim=True))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoRecord:
    """40 frames, a bright block in the first quarter of the picture from frame 16 to 24."""
    folder = tmp_path_factory.mktemp("video")
    frames = [np.full((48, 64, 3), 40, np.uint8) for _ in range(40)]
    for frame in frames[16:24]:
        frame[:16, :16] = 250
    path = toys.write_video(folder / "a.mp4", frames)
    record = VideoRecord(id="a", path=str(path), n_frames=40)
    extract(brightness(), record, folder / "a.npy", frames_per_row=LENGTH)
    features = FeatureRecord(path=str(folder / "a.npy"), frames_per_row=LENGTH)
    return VideoRecord(id="a", path=str(path), n_frames=40, features=features)


def explained(video: VideoRecord, **more: Any) -> tuple[Maps, str]:
    return explain_pictures(Weighted(), brightness(), video, device=CPU, **more)


@pytest.mark.parametrize("places", [(5, 7), (3, 5, 7)])
def test_the_equations(places: tuple[int, ...]) -> None:
    """The score is the sum of the layer's values, each times a number of its own."""
    random = np.random.default_rng(len(places))
    activations, gradients = (random.normal(size=(2, 4, *places)) for _ in range(2))
    factors = torch.from_numpy(gradients)
    layer = nn.Identity()

    found = grad_cam(
        layer,
        torch.from_numpy(activations),
        lambda inputs: (layer(inputs) * factors).flatten(1).sum(1),
    )

    for number in range(2):
        expected = np.zeros(places)
        for channel in range(4):
            alpha = gradients[number, channel].sum() / np.prod(places)
            expected += alpha * activations[number, channel]
        assert np.allclose(found[number].numpy(), np.maximum(expected, 0), atol=1e-12)


def test_what_lies_before_the_layer_is_not_differentiated() -> None:
    """So nothing of it is kept, and a layer may write into what it was given."""
    before, layer, after = nn.Linear(3, 3), nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True)
    graphs = []

    def score(inputs: Tensor) -> Tensor:
        passed = before(inputs)
        graphs.append(passed.requires_grad)
        return after(layer(passed)).sum()

    maps = grad_cam(layer, torch.rand(1, 1, 3, 3), score)

    assert maps.shape == (1, 3, 3)
    assert graphs == [False]
    assert torch.is_grad_enabled()


def test_a_network_over_clips_gives_a_map_for_each_step() -> None:
    torch.manual_seed(0)
    layer = nn.Conv3d(3, 5, 3, stride=2, padding=1)
    clip = torch.rand(1, 3, 8, 12, 16)

    maps = by_step(grad_cam(layer, clip, lambda inputs: layer(inputs).square().sum()))

    activations = layer(clip)[0].detach().double().numpy()
    weights = (2 * activations).mean((1, 2, 3))
    expected = np.maximum(np.einsum("c,cthw->thw", weights, activations), 0)
    assert maps.shape == (4, 6, 8)
    assert np.allclose(maps, expected, rtol=1e-4)


def test_a_layer_that_is_not_passed_once_is_no_layer_to_ask() -> None:
    layer = nn.Conv2d(1, 1, 1)

    with pytest.raises(ValueError, match="passed 2 times"):
        grad_cam(layer, torch.ones(1, 1, 2, 2), lambda inputs: layer(layer(inputs)).sum())
    assert not layer._forward_hooks


def test_maps_of_a_video_by_hand(video: VideoRecord) -> None:
    maps, _rule = explained(video, frames=(16, 32))

    frames = list(decode(video, size=(24, 32), grey=True))
    for number, place in enumerate([16, 20, 24, 28]):
        cells = frames[place].astype(np.float64).reshape(6, CELL, 8, CELL).mean((1, 3)) / 255
        # The score's odds by its row: one for itself, and 0.1 / 5 as one of five.
        weights = np.array(WEIGHTS) * 1.02 / (2 * 6 * 8)
        expected = np.maximum(weights[0] * cells + weights[1] * (1 - cells), 0)
        found = maps.levels[number] / 255 * maps.highest
        assert np.allclose(found, expected, atol=maps.highest / 255)
    assert (maps.first_frame, maps.frames_per_map) == (16, 4)


def test_the_brightest_cell_lies_where_the_block_is(video: VideoRecord) -> None:
    """Also in its own quarter of the picture alone: 16 of 48 by 16 of 64 pixels."""
    maps, rule = explained(video)

    levels = maps.levels.astype(int)
    assert levels.shape == (10, 6, 8)
    inside, outside = levels[4:6, :2, :2], np.delete(levels, [4, 5], axis=0)
    assert inside.min() > 200
    assert outside.max() == 0
    assert levels[4:6, 2:].max() == levels[4:6, :, 2:].max() == 0
    assert "6 × 8 cells" in rule
    assert "2 frames of a row of 8; the map of one stands for 4 frames" in rule


def test_of_a_long_stretch_every_so_many_rows(
    video: VideoRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_ROWS", 3)

    maps, rule = explained(video)

    assert maps.levels.shape == (3, 6, 8)
    assert (maps.first_frame, maps.frames_per_map) == (0, 16)
    assert maps.levels.reshape(3, -1).max(1).tolist() == [0, 255, 0]
    assert "The mean map of a row of 8 frames stands for 16 frames" in rule


def test_features_of_other_frames_are_not_explained(video: VideoRecord, tmp_path: Path) -> None:
    other = FeatureRecord(path=str(tmp_path / "a.npy"), frames_per_row=LENGTH)
    moved = VideoRecord(id="a", path=video.path, n_frames=40, features=other)
    np.save(tmp_path / "a.npy", np.full((5, 1, 2), [1.0, -1.0], np.float32))
    with pytest.raises(
        NoPictures, match=r"makes other features of these frames than .* \(cosine -0\."
    ):
        explained(moved)

    np.save(tmp_path / "a.npy", np.ones((5, 2, 2), np.float32))
    with pytest.raises(NoPictures, match="makes 1 crops × 2 numbers, where these features have 2"):
        explained(moved)


def test_rows_that_are_not_made_of_whole_frames(video: VideoRecord) -> None:
    assert video.features is not None
    parts = FeatureRecord(path=video.features.path, row_length=7.5)

    with pytest.raises(NoPictures, match="not made of whole frames"):
        explained(VideoRecord(id="a", path=video.path, features=parts))


def test_another_layer_is_one_of_the_networks(video: VideoRecord) -> None:
    named = explained(video, layer="cells")

    assert named[1] == explained(video)[1]
    with pytest.raises(NoPictures, match="Brightness of cells has no layer rooms; it has cells, …"):
        explained(video, layer="rooms")


def test_a_layer_without_places_is_no_layer_to_ask() -> None:
    layer = nn.Linear(4, 2)

    with pytest.raises(ValueError, match="has no places in a picture"):
        grad_cam(layer, torch.ones(1, 4), lambda inputs: layer(inputs).sum())


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "Nothing says which network"),
        (["", " "], "Nothing says which network"),
        (["I3D, Kinetics"], "I3D, Kinetics is no network that is known here"),
        (["flow_gradients"], "Flow and gradient histograms has no layer here"),
    ],
)
def test_why_there_are_no_maps(names: list[str], sentence: str) -> None:
    with pytest.raises(NoPictures, match=sentence):
        extractor_of(names, CPU)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def made(kind: type[PackagedNetwork]) -> Path:
        torch.manual_seed(0)
        path = tmp_path / f"{kind.package}.pt"
        torch.save(kind.Network().state_dict(), path)
        return path

    monkeypatch.setattr(PackagedNetwork, "packaged_weights", classmethod(made))


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("name", ["mobilenet_v2", "MobileNetV2, ImageNet", "I3D|mobilenet_V2"])
def test_an_extractor_is_found_by_its_name_or_title(name: str) -> None:
    extractor = extractor_of(name.split("|"), CPU)

    assert isinstance(extractor, MobileNetFeatures)
    assert isinstance(extractor, ShowsWhere)


@pytest.mark.usefixtures("weights")
@pytest.mark.parametrize("kind", [MobileNetFeatures, EfficientNetFeatures])
def test_where_a_network_looks_is_what_its_weighted_channels_say(
    kind: type[PackagedNetwork],
) -> None:
    """Features are means over the last layer, so the map is the layer, weighted by them."""
    extractor = kind(CPU, NoOptions(), None)
    given: list[Tensor] = []
    asked = extractor.network.get_submodule(extractor.cam_layer)
    asked.register_forward_hook(lambda *passed: given.append(passed[-1].detach()))
    inputs = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    direction = torch.randn(extractor.dimension, generator=torch.Generator().manual_seed(2))

    maps = grad_cam(asked, inputs, lambda pictures: extractor.features_of(pictures)[0] @ direction)

    layer = given[0].double().numpy()
    expected = np.einsum("c,nchw->nhw", direction.double().numpy(), layer) / (2 * 2 * 3)
    assert maps.shape == (2, 2, 3)
    assert np.allclose(maps.numpy(), np.maximum(expected, 0), atol=1e-4)


def test_every_extractor_with_a_layer_to_ask_can_be_asked() -> None:
    for kind in EXTRACTORS.load().values():
        if hasattr(kind, "cam_layer"):
            needed = ("places", "frames_seen", "inputs", "features_of")
            assert all(hasattr(kind, name) for name in needed)
