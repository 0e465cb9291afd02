"""Grad-CAM over clips: the formula, batches, and where and when a cell lies in the video.

The planted square fills one cell of one step: frames are 96 × 128, a clip shows 32 × 32 of them or
of a region, and a cell sees 4 × 4 of these in two pictures at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.stats import spearmanr
from torch import Tensor, nn

from ml.data.clips.cutting import Clip
from ml.data.clips.reading import read_clips
from ml.data.clips.sliding import wanted_of, windows_in
from ml.data.video.clocks import read_clock
from ml.explain import clip_sheets
from ml.explain.clips import ExplainsClips, explain_clips, maps_of_clips
from ml.explain.randomised import likeness_to_random, randomised, rank_correlation
from ml.methods import ClipMethod
from ml.methods.os_3dcnn import OS3DCNN
from ml.records import BadInput, Box, VideoRecord, VideoRegion
from ml.registry import load_methods
from tests import toys
from tests.ml.methods.clips import clip_method

CPU = torch.device("cpu")
OF_CLIPS = [name for name, kind in load_methods().items() if issubclass(kind, ClipMethod)]
HEIGHT, WIDTH, N_FRAMES = 96, 128, 24
SHOWN = range(6, 12)  # of 24 frames, 3 for a picture and 6 for a step
BOX = Box(left=20, top=10, width=64, height=48)  # a cell of it: 8 × 6 pixels
ASKED = "cells"
Ask = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Brightness(nn.Module):
    """Two logits of how bright clips are, as the mean over cells of 2 × 4 × 4 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.Conv3d(3, 1, (2, 4, 4), stride=(2, 4, 4))
        self.fc = nn.Linear(1, 2)
        nn.init.constant_(self.cells.weight, 1 / (3 * 2 * 4 * 4))
        nn.init.constant_(self.cells.bias, 0.0)  # type: ignore[arg-type]
        nn.init.constant_(self.fc.weight, 1.0)

    def forward(self, clips: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.cells(clips).mean((2, 3, 4)))
        return logits


class Bright(OS3DCNN):
    """Black is 0, so that only what is bright is seen."""

    title = "Bright"
    last_layer = "fc"
    cam_layers = (ASKED,)
    mean = (0.0, 0.0, 0.0)
    deviation = (255.0, 255.0, 255.0)

    def build(self, n_classes: int) -> nn.Module:
        return Brightness()


def bright(**changes: Any) -> Bright:
    small: Ask = {"picture_size": 32, "clip_length": 8, "frame_rate": 0.0, "window_seconds": 5.0}
    method = Bright(replace(OS3DCNN.tiny, **small | changes), CPU)
    method.set_classes(2)
    method.learnt.eval()
    return method


def planted(folder: Path, rows: slice, columns: slice, *, n_frames: int = N_FRAMES) -> VideoRecord:
    """Black frames with a white square in the shown ones, 10 a second."""
    frames = [np.zeros((HEIGHT, WIDTH, 3), np.uint8) for _ in range(n_frames)]
    for number in SHOWN:
        frames[number][rows, columns] = 255
    path = toys.write_images(folder / "frames", frames)
    return VideoRecord(id="a", path=str(path), kind="frames", n_frames=n_frames, fps=10.0)


def in_region(video: VideoRecord, *boxes: Box | None) -> VideoRecord:
    regions = tuple(
        VideoRegion(start_frame=0, end_frame=video.n_frames, box=box, label="") for box in boxes
    )
    return replace(video, regions=regions)


def test_a_cell_over_the_whole_picture(tmp_path: Path) -> None:
    """8 × 8 cells of 12 × 16 pixels each: the picture is no square."""
    video = planted(tmp_path, slice(24, 36), slice(80, 96))

    found = explain_clips(bright(), video)

    maps = found.maps
    expected = np.zeros((N_FRAMES, 8, 8), np.uint8)
    expected[6:12, 2, 5] = 255
    assert (maps.first_frame, maps.frames_per_map) == (0, 1)
    assert np.array_equal(maps.levels, expected)
    assert "4 steps of 8 × 8 cells for the 8 pictures" in found.rule
    assert "the whole picture" in found.rule


def test_a_cell_of_a_region_lies_in_the_frame_to_the_pixel(tmp_path: Path) -> None:
    rows, columns = slice(10 + 2 * 6, 10 + 3 * 6), slice(20 + 5 * 8, 20 + 6 * 8)
    video = in_region(planted(tmp_path, rows, columns), BOX)

    maps = explain_clips(bright(), video).maps

    expected = np.zeros((N_FRAMES, HEIGHT, WIDTH), np.uint8)
    expected[6:12, rows, columns] = 255
    assert np.array_equal(maps.levels, expected)


def test_of_regions_that_overlap_the_higher_map_is_shown(tmp_path: Path) -> None:
    """And a region without a box is the whole picture."""
    rows, columns = slice(22, 28), slice(60, 68)
    video = in_region(planted(tmp_path, rows, columns), BOX, None)

    levels = explain_clips(bright(), video).maps.levels

    assert (levels[6:12, rows, columns] == 255).all()
    beside = levels[6:12].copy()
    beside[:, rows, columns] = 0
    assert 0 < beside.max() < 100  # cells of the whole picture that the square lies in


def test_frames_show_the_step_of_their_picture_where_clips_are_short(tmp_path: Path) -> None:
    """5 frames for 8 pictures: some frames are shown twice, and none is left out."""
    video = planted(tmp_path, slice(24, 36), slice(80, 96), n_frames=12)

    maps = explain_clips(bright(window_seconds=0.5, stride_seconds=0.5), video).maps

    lit = maps.levels.reshape(12, -1).max(1)
    assert (lit[6:] > 0).all()
    assert lit[:4].max() == 0


def test_a_frame_has_the_mean_over_the_clips_that_hold_it(tmp_path: Path) -> None:
    video = planted(tmp_path, slice(24, 36), slice(80, 96))
    method = bright(window_seconds=1.6, stride_seconds=0.4)
    clock = read_clock(video)

    maps = explain_clips(method, video, frames=(10, 15)).maps

    clips = windows_in(Clip(start_frame=0, end_frame=N_FRAMES), clock, 1.6, 0.4)
    wanted = [wanted_of(clip, clock, method.making) for clip in clips]
    pictures = list(read_clips(video, wanted, method.making.picturing))
    expected = []
    for frame in range(10, 15):
        shown = [
            maps_of_clips(method, [seen], ASKED)[0, (frame - clip.start_frame) // 4]  # 16 frames
            for clip, seen in zip(clips, pictures, strict=True)
            if clip.start_frame <= frame < clip.end_frame
        ]
        expected.append(np.mean(shown, axis=0))
    found = maps.levels / 255 * maps.highest
    assert (maps.first_frame, len(found)) == (10, 5)
    assert np.allclose(found, expected, atol=maps.highest / 255)


def test_of_many_clips_every_so_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_sheets, "MOST_CLIPS", 2)
    video = planted(tmp_path, slice(24, 36), slice(80, 96))

    found = explain_clips(bright(window_seconds=0.4, stride_seconds=0.4), video)

    assert "Of 6 clips 2 were explained" in found.rule
    lit = found.maps.levels.reshape(N_FRAMES, -1).max(1)
    assert len(lit) == N_FRAMES
    assert lit.tolist() == [0] * N_FRAMES  # the square is in a clip that is left out


def test_a_sheet_has_so_many_tiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clip_sheets, "MOST_TILES", 8)

    maps = explain_clips(bright(), planted(tmp_path, slice(24, 36), slice(80, 96))).maps

    assert (len(maps.levels), maps.frames_per_map) == (8, 3)
    assert np.flatnonzero(maps.levels.reshape(8, -1).max(1)).tolist() == [2, 3]


# --- Every method


def built(name: str, **changes: Any) -> ClipMethod:
    torch.manual_seed(3)
    method = clip_method(name, **changes)
    method.set_classes(2)
    for module in method.learnt.modules():
        if isinstance(module, nn.BatchNorm2d | nn.BatchNorm3d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)  # type: ignore[arg-type]
            nn.init.uniform_(module.running_var, 0.5, 1.5)  # type: ignore[arg-type]
    method.learnt.eval()
    return method


def clips_for(method: ClipMethod, n: int) -> list[NDArray[np.uint8]]:
    random = np.random.default_rng(5)
    return [random.integers(0, 256, method.making.shape, np.uint8) for _ in range(n)]


def by_hand(method: ClipMethod, clip: NDArray[np.uint8], layer: str) -> NDArray[np.float64]:
    """(T, h, w) in NumPy, of one clip and a backward pass through all of the network."""
    given: list[Tensor] = []

    def keep(_layer: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        output.retain_grad()
        given.append(output)
        return output.clone()  # what follows may write into it

    hook = method.learnt.get_submodule(layer).register_forward_hook(keep)
    method.logits_of(method.streams([clip]))[0, 1:].max().backward()
    hook.remove()
    values, gradients = given[0].detach().double().numpy(), given[0].grad
    assert gradients is not None
    if values.ndim == 4:
        values = values[None].swapaxes(1, 2)
        weights = gradients.double().numpy().mean((2, 3)).T[None, :, :, None, None]
    else:
        weights = gradients.double().numpy().mean((2, 3, 4))[:, :, None, None, None]
    return np.maximum((weights * values).sum(1)[0], 0)


def layers() -> list[tuple[str, str]]:
    return [(name, layer) for name in OF_CLIPS for layer in load_methods()[name].cam_layers]


@pytest.mark.parametrize(("name", "layer"), layers())
def test_batches_are_as_the_formula_says_of_each_clip(name: str, layer: str) -> None:
    method = built(name)
    clips = clips_for(method, 3)

    found = maps_of_clips(method, clips, layer)

    for maps, clip in zip(found, clips, strict=True):
        expected = by_hand(method, clip, layer)
        assert maps.shape == expected.shape
        assert np.abs(maps - expected).max() <= 1e-6 * max(1.0, expected.max())
    assert not any(each._forward_hooks for each in method.learnt.modules())


@pytest.mark.parametrize(
    ("name", "more"),
    [*((name, {}) for name in OF_CLIPS), ("resnet3d", {"architecture": "r2plus1d"})],
)
def test_the_layer_that_is_asked_unless_told_moves_in_time(name: str, more: Ask) -> None:
    method = built(name, clip_length=16, picture_size=32, **more)

    found = maps_of_clips(method, clips_for(method, 1), method.cam_layers[0])

    assert isinstance(method, ExplainsClips)
    assert found.shape[1] >= 4


def test_of_several_classes_the_likeliest_but_normal_is_followed() -> None:
    method = clip_method("os_3dcnn")
    torch.manual_seed(0)
    method.set_classes(4)
    method.learnt.eval()
    clips = clips_for(method, 1)
    with torch.no_grad():
        method.last.bias.copy_(torch.tensor([9.0, -5.0, 5.0, 0.0]))
    before = maps_of_clips(method, clips, "rgb")

    with torch.no_grad():
        method.last.weight[1] += 1  # of a class that is less likely
        method.last.weight[0] += 1  # of the normal one
        assert np.array_equal(maps_of_clips(method, clips, "rgb"), before)
        method.last.weight[2] *= 2
    assert np.allclose(maps_of_clips(method, clips, "rgb"), 2 * before, rtol=1e-5)


def test_a_map_of_one_stream_is_that_of_its_own_layer() -> None:
    method = built("ts_3dcnn", clip_length=16, picture_size=32)
    clips = clips_for(method, 1)

    one, other = (maps_of_clips(method, clips, layer) for layer in ("rgb", "second"))

    assert one.shape == other.shape
    assert not np.allclose(one, other)


# --- Held against random weights


@pytest.mark.parametrize("name", OF_CLIPS)
def test_all_that_was_learnt_is_drawn_anew(name: str) -> None:
    method = built(name)
    with torch.no_grad():
        for weights in method.learnt.parameters():
            weights += 0.5

    first, again = (randomised(method.learnt, 1).state_dict() for _ in range(2))

    for key, each in method.learnt.state_dict().items():
        if each.is_floating_point():
            assert not torch.equal(first[key], each), key
            assert torch.equal(first[key], again[key]), key


def test_the_rank_correlation_is_spearmans() -> None:
    random = np.random.default_rng(0)
    one = np.maximum(random.normal(size=(4, 5, 6)), 0).astype(np.float32)
    other = np.maximum(one + random.normal(size=one.shape), 0).astype(np.float32)

    assert rank_correlation(one, other) == pytest.approx(
        spearmanr(one.ravel(), other.ravel()).statistic
    )
    assert rank_correlation(one, one) == pytest.approx(1)
    assert rank_correlation(one, np.zeros_like(one)) is None


def test_a_map_that_hangs_on_no_weights_is_found_out() -> None:
    network = nn.Linear(2, 2)
    random = np.random.default_rng(0)
    maps = [random.random((2, 3, 4)).astype(np.float32) for _ in range(3)]

    def of_weights(other: nn.Module) -> list[Any]:
        drawn = np.random.default_rng(other.weight.detach().numpy().view(np.uint32).ravel())
        return [drawn.random((2, 3, 4)).astype(np.float32) for _ in maps]

    assert likeness_to_random(lambda _other: maps, network, maps) == pytest.approx(1)
    changed = likeness_to_random(of_weights, network, maps)
    assert changed is not None
    assert abs(changed) < 0.5
    flat = [np.zeros((2, 3, 4), np.float32) for _ in maps]
    assert likeness_to_random(lambda _other: flat, network, maps) is None


def test_what_was_explained_says_how_alike_random_weights_are(tmp_path: Path) -> None:
    method = built("os_3dcnn", clip_length=8, picture_size=32)
    path = toys.moving_square_video(tmp_path / "a.mp4", 40)

    found = explain_clips(method, VideoRecord(id="a", path=str(path), n_frames=40))

    assert found.likeness is not None
    assert -1 <= found.likeness <= 1
    assert found.likeness < 0.999


# --- Bad input


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ("rooms", "OS-3DCNN has no layer rooms; it has head.maps, rgb, rgb.conv1"),
        ("head.fc", "The layer head.fc cannot be asked: what the layer gives has no places"),
        ("head.dropout", "The layer head.dropout cannot be asked"),
    ],
)
def test_a_layer_that_cannot_be_asked(layer: str, sentence: str) -> None:
    method = built("os_3dcnn")

    with pytest.raises(BadInput, match=sentence):
        maps_of_clips(method, clips_for(method, 1), layer)


def test_frames_that_no_clip_holds(tmp_path: Path) -> None:
    video = planted(tmp_path, slice(24, 36), slice(80, 96))
    early = replace(video, regions=(VideoRegion(start_frame=0, end_frame=8, box=BOX),))

    with pytest.raises(BadInput, match="holds the frames 10 to 12: nothing scored"):
        explain_clips(bright(), early, frames=(10, 12))
    with pytest.raises(BadInput, match="no part of a video of 24 frames"):
        explain_clips(bright(), video, frames=(10, 30))
