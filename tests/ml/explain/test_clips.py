"""Grad-CAM of networks over clips: maps of crops are laid back where these were cut from.

The pictures are 96 × 128 and shown as 48 × 64 of which crops of 32 × 32 are seen: a pixel there is
a square of 2 × 2 of the frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.features import open_features
from ml.data.video.resizing import Shorter
from ml.explain import pictures
from ml.explain.grad_cam import ShowsWhere, grad_cam
from ml.explain.laying import cells_of, laid_back, over_picture
from ml.explain.maps import Maps
from ml.explain.pictures import explain_pictures, extractor_of, most_rows
from ml.extraction import create_extractor, extract
from ml.extraction._clips import ClipExtractor, ClipPrecision, CropKind, Preprocessing
from ml.extraction.crops import Place, crops_of, places_of
from ml.records import FeatureRecord, VideoRecord
from tests import toys
from tests.ml.extraction.test_clips import CLIPS, NARROWED

CPU = torch.device("cpu")
HEIGHT, WIDTH, CROP, LENGTH = 48, 64, 32, 8
ROWS, COLUMNS = slice(6, 26), slice(84, 100)  # of the frame: where the square is
KINDS = ["centre", "five", "ten"]
Cells = NDArray[np.float32]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class LightOptions:
    crops: CropKind = "ten"
    precision: ClipPrecision = "float32"


class Light(ClipExtractor):
    """How bright a crop is: the mean over all places of its only layer, which sees single pixels
    of two frames at a time."""

    title = "Light"
    summary = source = "none"
    Config = LightOptions
    cam_layer = "0"
    preprocessings = {
        "own": Preprocessing(
            resizing=Shorter(HEIGHT), crop=CROP, mean=(0, 0, 0), deviation=(255, 255, 255),
            normalisation="to 0…1",
        ),
    }  # fmt: skip
    dimension = 1

    def build(self) -> nn.Module:
        layer = nn.Conv3d(3, 1, (2, 1, 1), stride=(2, 1, 1))
        return nn.Sequential(layer, nn.AdaptiveAvgPool3d(1), nn.Flatten())


class Bright:
    """The brighter its row, the higher its score: by as much for each crop."""

    def bag_of(self, row: int, n_rows: int) -> range:
        return range(n_rows)

    def bag_scores(self, bags: Tensor) -> Tensor:
        return 0.5 + bags.sum(2) / 4


def light(crops: Any, folder: Path) -> Light:
    state = {"0.weight": torch.full((1, 3, 2, 1, 1), 1 / 6), "0.bias": torch.zeros(1)}
    torch.save(state, folder / "light.pth")
    return Light(CPU, LightOptions(crops=crops), folder / "light.pth")


def planted(extractor: Light, folder: Path, *, shown: range) -> VideoRecord:
    """Three rows of frames, black but for a white square in the `shown` ones."""
    frames = [np.zeros((96, 128, 3), np.uint8) for _ in range(3 * LENGTH)]
    for number in shown:
        frames[number][ROWS, COLUMNS] = 255
    path = toys.write_images(folder / "frames", frames)
    video = VideoRecord(id="a", path=str(path), kind="frames", n_frames=len(frames))
    extract(extractor, video, folder / "a.npy", frames_per_row=LENGTH)
    features = FeatureRecord(path=str(folder / "a.npy"), frames_per_row=LENGTH)
    return VideoRecord(
        id="a", path=str(path), kind="frames", n_frames=len(frames), features=features
    )


def seen_by(kind: str) -> NDArray[np.int64]:
    """(48, 64): how many crops show a pixel, counted one by one as torchvision cuts them."""
    counts = np.zeros((HEIGHT, WIDTH), np.int64)
    mirror = counts[:, ::-1]
    corners = [(0, 0), (0, WIDTH - CROP), (HEIGHT - CROP, 0), (HEIGHT - CROP, WIDTH - CROP)]
    centre = [((HEIGHT - CROP) // 2, (WIDTH - CROP) // 2)]
    for picture in (counts, mirror) if kind == "ten" else (counts,):
        for top, left in centre if kind == "centre" else corners + centre:
            picture[top : top + CROP, left : left + CROP] += 1
    return counts


@pytest.mark.parametrize("kind", KINDS)
def test_a_planted_square_is_found_to_the_pixel(kind: str, tmp_path: Path) -> None:
    """Only where some crop shows it, and the brighter the more crops do; in its frames alone."""
    extractor = light(kind, tmp_path)
    video = planted(extractor, tmp_path, shown=range(LENGTH + 4, 2 * LENGTH))

    maps, rule = explain_pictures(Bright(), extractor, video, device=CPU)

    square = np.zeros((96, 128), bool)
    square[ROWS, COLUMNS] = True
    expected = square[::2, ::2] * seen_by(kind)
    assert (maps.first_frame, maps.frames_per_map, maps.levels.shape) == (0, 2, (12, 48, 64))
    assert not maps.levels[[0, 1, 2, 3, 4, 5, 8, 9, 10, 11]].any()
    assert 0 < expected.max() < 10
    for found in maps.levels[6:8]:
        assert np.array_equal(found, np.rint(expected * (255 / expected.max())))
        over_frame = found.repeat(2, axis=0).repeat(2, axis=1)
        assert np.array_equal(
            over_frame > 0, square & (seen_by(kind).repeat(2, 0).repeat(2, 1) > 0)
        )
    n_crops = {"centre": "1 crop", "five": "5 crops", "ten": "10 crops"}[kind]
    assert f"its layer 0: 32 × 32 cells of each of {n_crops}, laid back" in rule
    assert "picture of 64 × 48 pixels" in rule
    assert "The layer has 4 steps of a row of 8 frames; the map of one stands for 2 frames" in rule


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("picture", [(32, 32), (33, 45), (48, 65), (61, 32)])
def test_what_was_cut_out_is_laid_back_where_it_was(kind: Any, picture: tuple[int, int]) -> None:
    """Each crop as its own map, of pictures whose pixels are all different."""
    numbered = np.arange(1, 1 + picture[0] * picture[1], dtype=np.float32).reshape(1, *picture)
    crops = [np.ascontiguousarray(each) for each in crops_of(numbered, CROP, kind)]
    places = places_of(picture, CROP, kind)

    laid = laid_back(crops, places, picture)

    times = laid[0] / numbered[0]
    counts = laid_back([np.ones((1, 1, 1), np.float32)] * len(places), places, picture)[0]
    assert np.array_equal(times, counts)
    assert counts.sum() == len(places) * CROP**2


@pytest.mark.parametrize(("side", "n_cells"), [(32, 4), (112, 14), (224, 55), (32, 32)])
def test_cells_lie_evenly_over_what_was_seen(side: int, n_cells: int) -> None:
    cells = np.arange(n_cells**2, dtype=np.float32).reshape(1, n_cells, n_cells)
    place = Place(top=3, left=5, height=side, width=side)

    laid = laid_back([cells], [place], (side + 7, side + 9))

    for y, x in np.random.default_rng(0).integers(0, side, (50, 2)):
        expected = cells[0, int((y + 0.5) / side * n_cells), int((x + 0.5) / side * n_cells)]
        assert laid[0, 3 + y, 5 + x] == expected
    assert not laid[0, :3].any()
    assert not laid[0, :, side + 5 :].any()


def test_many_maps_are_kept_as_means_over_fewer_cells() -> None:
    picture, random = (30, 44), np.random.default_rng(0)
    crop = random.random((1, 24, 24), np.float32)
    place = Place(top=6, left=20, height=24, width=24)

    cells = cells_of(picture, 10, 10 * 15 * 22)
    [kept] = over_picture([crop], [place], picture, cells)

    pixels = np.zeros(picture, np.float32)
    pixels[6:, 20:] = crop[0]
    assert cells == (15, 22)
    assert np.allclose(kept, pixels.reshape(15, 2, 22, 2).mean((1, 3)), atol=1e-6)
    assert cells_of(picture, 10, 10**9) == picture
    assert cells_of(picture, 10**9, 10) == (1, 1)


def test_a_map_of_the_whole_picture_stays_as_it_is() -> None:
    cells = np.ones((2, 7, 7), np.float32)
    whole = Place(top=0, left=0, height=30, width=44)

    assert over_picture([cells], [whole], (30, 44), (15, 22)) is cells


def test_crop_by_crop_is_as_all_at_once(tmp_path: Path) -> None:
    """The gradient of a score that is made of all crops, by what one of them gives."""
    extractor = light("five", tmp_path)
    video = planted(extractor, tmp_path, shown=range(4, 20))
    features = open_features(video)
    segment = np.zeros((LENGTH, HEIGHT, WIDTH, 3), np.uint8)
    segment[:, 3:13, 42:50] = 255
    rows = torch.from_numpy(np.asarray(features.rows, np.float32)).transpose(0, 1)

    def score(clips: Tensor) -> Tensor:
        made = extractor.features_of(clips)[:, None]
        with_it = torch.cat([rows[:, :1], made, rows[:, 2:]], dim=1)
        return torch.logit(Bright().bag_scores(with_it)[:, 1].mean())

    clips = torch.cat(extractor.inputs(segment))
    expected = grad_cam(extractor.network.get_submodule("0"), clips, score)
    laid = laid_back(list(expected.numpy()), extractor.places((HEIGHT, WIDTH)), (HEIGHT, WIDTH))
    maps = explained_row(extractor, video)

    assert laid.max() > 0
    assert np.allclose(maps.levels / 255 * maps.highest, laid, atol=maps.highest / 255)


def explained_row(extractor: Light, video: VideoRecord) -> Maps:
    """Of the second row, whose frames all show the square."""
    frames = (LENGTH, 2 * LENGTH)
    return explain_pictures(Bright(), extractor, video, frames=frames, device=CPU)[0]


STEPS = {  # of 16 frames, and the side of the map of a crop
    "i3d_resnet50": (2, 7), "inception_i3d": (4, 14), "c3d": (4, 14), "resnet3d": (4, 14),
    "r2plus1d": (4, 14),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CLIPS))
def test_the_layer_that_is_asked_has_several_steps(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = CLIPS[name]
    monkeypatch.setattr(kind, "build", lambda _self: NARROWED[name]())
    torch.manual_seed(0)
    torch.save(NARROWED[name]().state_dict(), tmp_path / "w.pth")
    extractor = create_extractor(name, {"crops": "five"}, CPU, tmp_path / "w.pth")
    assert isinstance(extractor, ShowsWhere)
    assert isinstance(extractor, ClipExtractor)
    size = extractor.size.size_of((120, 160))
    segment = np.random.default_rng(0).integers(0, 255, (16, *size, 3), np.uint8)
    inputs = extractor.inputs(segment)

    layer = extractor.network.get_submodule(extractor.cam_layer)
    maps = grad_cam(layer, inputs[0], lambda clip: extractor.features_of(clip).sum())

    n_steps, side = STEPS[name]
    assert maps.shape == (1, n_steps, side, side)
    assert len(inputs) == len(extractor.places(size)) == 5
    assert torch.isfinite(maps).all()
    assert maps.max() > 0
    assert maps.std(1).max() > 0  # it moves
    with torch.no_grad():
        features = torch.cat([extractor.features_of(each) for each in inputs]).numpy()
    assert np.allclose(features, extractor.features(segment), atol=1e-5)
    plain = NARROWED[name]().eval()
    plain.load_state_dict(torch.load(tmp_path / "w.pth", weights_only=True))
    layer = plain.get_submodule(extractor.cam_layer)
    as_trained = grad_cam(layer, inputs[0], lambda clip: plain(clip).sum())
    assert torch.allclose(maps, as_trained, rtol=0.01, atol=0.001 * float(as_trained.max()))


def test_features_of_unit_length_are_followed_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLIPS["c3d"], "build", lambda _self: NARROWED["c3d"]())
    torch.manual_seed(0)
    torch.save(NARROWED["c3d"]().state_dict(), tmp_path / "w.pth")
    extractor = create_extractor("c3d", {"unit_length": True}, CPU, tmp_path / "w.pth")
    assert isinstance(extractor, ClipExtractor)
    segment = np.random.default_rng(0).integers(0, 255, (16, 128, 171, 3), np.uint8)

    made = extractor.features_of(extractor.inputs(segment)[0])

    assert np.allclose(made.detach().numpy(), extractor.features(segment), atol=1e-6)


def test_an_extractor_is_asked_in_float32_whatever_it_made_features_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLIPS["r2plus1d"], "build", lambda _self: NARROWED["r2plus1d"]())
    torch.save(NARROWED["r2plus1d"]().state_dict(), tmp_path / "w.pth")

    extractor = extractor_of(
        ["r2plus1d"], CPU, options={"precision": "bf16"}, weights=tmp_path / "w.pth"
    )

    assert extractor.config.precision == "float32"


@pytest.mark.parametrize(("kind", "most"), [("centre", 64), ("five", 32), ("ten", 16)])
def test_the_more_crops_the_fewer_rows(kind: str, most: int, tmp_path: Path) -> None:
    assert most_rows(light(kind, tmp_path)) == most


def test_a_long_video_is_explained_at_every_so_many_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_INPUTS", 10)
    extractor = light("five", tmp_path)
    video = planted(extractor, tmp_path, shown=range(2 * LENGTH, 3 * LENGTH))

    maps, _rule = explain_pictures(Bright(), extractor, video, device=CPU)

    assert (len(maps.levels), maps.frames_per_map) == (2, 2 * LENGTH)
    assert not maps.levels[0].any()
    assert maps.levels[1].any()
