"""Networks over clips as extractors: at a sixteenth of their widths, but otherwise whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import nn

from ml.data.features.provenance import checked
from ml.data.video.resizing import Shorter
from ml.device import has_bf16
from ml.extraction import EXTRACTORS, create_extractor, extract
from ml.extraction._clips import (
    ClipExtractor,
    ClipPrecision,
    CropKind,
    Preprocessing,
    batches_of,
    mirrored,
    normalised,
)
from ml.models.backbones.c3d import C3D, NUMBERED
from ml.models.backbones.folding import made_ready
from ml.models.backbones.i3d_resnet50 import I3DResNet50
from ml.models.backbones.inception_i3d import InceptionI3D
from ml.models.backbones.r2plus1d import R2Plus1D
from ml.models.backbones.resnet3d import ResNet3D
from ml.records import BadInput, VideoRecord
from tests import toys

CPU = torch.device("cpu")
NARROWED: dict[str, Callable[[], nn.Module]] = {
    "i3d_resnet50": lambda: I3DResNet50(narrowed=16),
    "inception_i3d": lambda: InceptionI3D(narrowed=16),
    "c3d": lambda: C3D(narrowed=32),
    "resnet3d": lambda: ResNet3D(18, narrowed=16),
    "r2plus1d": lambda: R2Plus1D(narrowed=16),
}
CLIPS = {n: kind for n, kind in EXTRACTORS.load().items() if issubclass(kind, ClipExtractor)}


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class TinyOptions:
    crops: CropKind = "ten"
    precision: ClipPrecision = "float32"


class Tiny(ClipExtractor):
    """Means of colours over a crop, weighed."""

    title = summary = source = "tiny"
    Config = TinyOptions
    preprocessings = {
        "own": Preprocessing(
            resizing=Shorter(24), crop=16, mean=(10, 20, 30), deviation=(2, 4, 8),
            normalisation="own",
        ),
    }  # fmt: skip
    dimension = 2

    def build(self) -> nn.Module:
        return nn.Sequential(
            nn.Conv3d(3, 2, 3, bias=False), nn.BatchNorm3d(2), nn.AdaptiveAvgPool3d(1), nn.Flatten()
        )


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    network = Tiny.build(Tiny.__new__(Tiny))
    torch.save(network.state_dict(), tmp_path / "w.pth")
    return tmp_path / "w.pth"


def segment(height: int = 24, width: int = 32) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (8, height, width, 3), np.uint8)


@pytest.mark.parametrize(("crops", "n_crops"), [("centre", 1), ("five", 5), ("ten", 10)])
def test_each_crop_is_seen_by_itself(weights: Path, crops: Any, n_crops: int) -> None:
    extractor = Tiny(CPU, TinyOptions(crops=crops), weights)
    frames = segment()

    found = extractor.features(frames)

    assert found.shape == extractor.shape == (n_crops, 2)
    assert found.dtype == np.float32
    network = extractor.build().eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    scaled = (frames.astype(np.float64) - [10, 20, 30]) / [2, 4, 8]
    corners = [(0, 0), (0, 16), (8, 0), (8, 16), (4, 8)]
    cut = [each[:, top : top + 16, left : left + 16] for each in (scaled, scaled[:, :, ::-1])
           for top, left in corners]  # fmt: skip
    expected = [
        network(torch.from_numpy(each.copy()).float().permute(3, 0, 1, 2)[None])[0].detach()
        for each in (cut[4:5] if crops == "centre" else cut[:n_crops])
    ]
    assert np.allclose(found, torch.stack(expected), atol=1e-4)


def test_crops_of_the_picture_are_views(weights: Path) -> None:
    clips = Tiny(CPU, TinyOptions(), weights).clips(segment())

    assert {tuple(each.shape) for each in clips} == {(1, 3, 8, 16, 16)}
    assert len({each.untyped_storage().data_ptr() for each in clips}) == 2  # picture and mirror


def test_pixels_are_brought_to_what_a_network_was_trained_with() -> None:
    pictures = segment(16, 16)
    frames = pictures.astype(np.float64)
    prepared = {
        f"{name}/{key}": each
        for name, kind in CLIPS.items()
        for key, each in kind.preprocessings.items()
    }
    expected = {
        "i3d_resnet50/trained": (frames - 114.75) / 57.375,
        "i3d_resnet50/squeezed": frames * 2 / 255 - 1,
        "inception_i3d/shorter_side": frames / 255 * 2 - 1,
        "inception_i3d/squeezed": frames / 255 * 2 - 1,
        "c3d/scaled": (frames / 255 - np.array([124, 117, 104]) / 255) / (1 / (0.0167 * 255)),
        "c3d/bytes": frames,
        "c3d/bgr": frames[..., ::-1] - np.array([90, 98, 102]),
        "resnet3d/kinetics": (frames / 255 - [0.4345, 0.4051, 0.3775]) / [0.2768, 0.2713, 0.2737],
        "resnet3d/activitynet": frames - np.array([114.7748, 107.7354, 99.475]),
        "r2plus1d/torchvision": (frames / 255 - [0.43216, 0.394666, 0.37645])
        / [0.22803, 0.22145, 0.216989],
    }
    sizes = {name: each.resizing.size_of((240, 320)) for name, each in prepared.items()}

    assert prepared.keys() == expected.keys()
    for name, each in prepared.items():
        assert np.allclose(normalised(pictures, each, CPU), expected[name], atol=2e-4), name
        assert min(sizes[name]) >= each.crop
    assert sizes["i3d_resnet50/trained"] == (256, 341)
    assert sizes["i3d_resnet50/squeezed"] == sizes["inception_i3d/squeezed"] == (256, 340)
    assert sizes["c3d/scaled"] == sizes["r2plus1d/torchvision"] == (128, 171)


def test_pixels_are_the_same_bits_by_table_and_by_arithmetic_and_in_the_mirror() -> None:
    pictures = segment(16, 20)
    for kind in CLIPS.values():
        for each in kind.preprocessings.values():
            factor = 1 / torch.tensor(each.deviation)
            shown = torch.from_numpy(pictures[..., ::-1].copy() if each.is_bgr else pictures)
            expected = shown.float() * factor - torch.tensor(each.mean) * factor

            assert torch.equal(normalised(pictures, each, CPU), expected)
            assert torch.equal(normalised(mirrored(pictures), each, CPU), expected.flip(2))


@pytest.mark.parametrize("name", sorted(CLIPS))
def test_each_takes_files_in_its_own_layout(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = CLIPS[name]
    monkeypatch.setattr(kind, "build", lambda _self: NARROWED[name]())
    torch.manual_seed(0)
    network = NARROWED[name]().eval()
    state: dict[str, Any] = dict(network.state_dict())
    state |= {f"{each}weight": torch.ones(2, 2) for each in kind.classifier}
    torch.save({"state_dict": {f"module.{key}": each for key, each in state.items()}},
               tmp_path / "w.pth")  # fmt: skip

    extractor = create_extractor(name, {"crops": "centre"}, CPU, tmp_path / "w.pth")

    assert isinstance(extractor, ClipExtractor)
    assert not any(isinstance(each, nn.BatchNorm3d) for each in extractor.network.modules())
    clip = torch.randn(1, 3, 16, extractor.prepared.crop, extractor.prepared.crop)
    with torch.inference_mode():
        laid_out = clip.contiguous(memory_format=torch.channels_last_3d)
        ours, theirs = extractor.network(laid_out), network(clip)
    assert torch.allclose(ours, theirs, atol=1e-4 * float(theirs.abs().max()))
    facts = extractor.facts()
    assert checked(facts["provenance"]) == facts["provenance"]
    assert facts["options"]["crops"] == "centre"
    assert facts["preprocessing"] == str(extractor.prepared)


def test_c3d_takes_both_layouts_and_may_have_unit_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLIPS["c3d"], "build", lambda _self: NARROWED["c3d"]())
    torch.manual_seed(0)
    state = NARROWED["c3d"]().state_dict()
    numbers = {ours: theirs for theirs, ours in NUMBERED.items()}
    renamed = {
        f"{numbers[name.rpartition('.')[0]]}.{name.rpartition('.')[2]}": each
        for name, each in state.items()
    }
    torch.save(state, tmp_path / "a.pth")
    torch.save(renamed, tmp_path / "b.pth")
    frames = np.random.default_rng(0).integers(0, 255, (16, 128, 171, 3), np.uint8)

    plain, unit = (
        create_extractor("c3d", {"unit_length": is_unit}, CPU, tmp_path / name).features(frames)
        for is_unit, name in ((False, "a.pth"), (True, "b.pth"))
    )

    assert np.linalg.norm(unit) == pytest.approx(1, abs=1e-5)
    assert np.allclose(unit * np.linalg.norm(plain), plain, atol=1e-4)


def test_the_wrong_number_of_frames_is_told_before_a_video_is_read(
    tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tiny, "fewest_frames", 16)
    monkeypatch.setattr(Tiny, "most_frames", 16)
    extractor = Tiny(CPU, TinyOptions(), weights)
    video = VideoRecord(id="vid_1", path=str(tmp_path / "nothing.mp4"))

    with pytest.raises(BadInput, match=r"tiny looks at 16 frames at a time \(frames per row: 8\)"):
        extract(extractor, video, tmp_path / "a.npy", frames_per_row=8)


def test_a_video_becomes_rows_of_crops(tmp_path: Path, weights: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 20)
    video = VideoRecord(id="vid_1", path=str(path), n_frames=20)

    extract(Tiny(CPU, TinyOptions(), weights), video, tmp_path / "a.npy", frames_per_row=8)

    rows = np.load(tmp_path / "a.npy")
    assert rows.shape == (2, 10, 2)
    assert not np.allclose(rows[:, 0], rows[:, 1], atol=1e-3)


def test_segments_of_a_batch_give_what_they_give_alone(weights: Path) -> None:
    """A GPU is given several at once, and the next ones before those are fetched."""
    extractor = Tiny(CPU, TinyOptions(), weights)
    alone = [segment() // divisor for divisor in range(1, 6)]

    batches = list(batches_of(alone, 2))
    rows = list(extractor.overlapped(batches))

    assert [len(batch) for batch in batches] == [2, 2, 1]
    expected = [extractor.features(each) for each in alone]
    assert np.allclose(rows, expected, atol=1e-5)
    assert not np.allclose(rows[0], rows[1], atol=1e-3)


def test_bf16_is_computed_or_refused_and_never_something_else(weights: Path) -> None:
    options = TinyOptions(precision="bf16")
    if not has_bf16(CPU):
        with pytest.raises(BadInput, match="no instructions for bf16: choose float32"):
            Tiny(CPU, options, weights)
        return
    exact = Tiny(CPU, TinyOptions(), weights).features(segment())
    assert np.allclose(Tiny(CPU, options, weights).features(segment()), exact, atol=0.1)


def test_a_network_in_bf16_gives_about_the_same() -> None:
    torch.manual_seed(0)
    inputs = torch.randn(1, 3, 8, 32, 32)
    networks = []
    for dtype in (torch.float32, torch.bfloat16):
        torch.manual_seed(1)
        networks.append(made_ready(I3DResNet50(narrowed=16), CPU, dtype))

    with torch.inference_mode():
        exact, rounded = networks[0](inputs), networks[1](inputs.bfloat16())

    assert rounded.dtype == torch.bfloat16
    assert torch.allclose(rounded.float(), exact, rtol=0.1, atol=0.05)
