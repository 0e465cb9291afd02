"""Error maps: what is kept of them, how they come back from their sheet, whose they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ml.data.samples.windows import RunningMean, mean_over_windows
from ml.explain.maps import CELLS, Explains, MapCollector, Maps
from ml.methods import OneClassMethod
from ml.records import VideoRecord
from ml.registry import load_methods
from ml.reports import Reporter, to_nobody
from ml.scoring.videos import load_scores, score_videos
from tests import toys

ONE_CLASS = sorted(
    name for name, method in load_methods().items() if issubclass(method, OneClassMethod)
)
N_FRAMES = 24


def build(name: str, **changes: Any) -> OneClassMethod:
    torch.manual_seed(3)
    kind = load_methods()[name]
    method = kind(type(kind.tiny)(**vars(kind.tiny) | changes), torch.device("cpu"))
    assert isinstance(method, OneClassMethod)
    return method


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoRecord:
    path = toys.moving_square_video(tmp_path_factory.mktemp("video") / "a.mp4", N_FRAMES)
    return VideoRecord(id="vid_a", path=str(path), n_frames=N_FRAMES)


def load_maps(path: Path, facts: dict[str, Any]) -> Maps:
    """The maps of a sheet, read as docs/explanations.md says."""
    h, w, columns = facts["height"], facts["width"], facts["columns"]
    sheet = np.asarray(Image.open(path))
    tiles = sheet.reshape(-1, h, columns, w).swapaxes(1, 2).reshape(-1, h, w)
    known = {name: facts[name] for name in ("highest", "first_frame", "frames_per_map")}
    return Maps(levels=tiles[: facts["n_maps"]], **known)


def collected(values: np.ndarray, *, most: int) -> Maps:
    """Of maps of one cell, offered in batches of 3."""
    collector = MapCollector(1, most=most)
    for first in range(0, len(values), 3):
        collector.add(values[first : first + 3].reshape(-1, 1, 1, 1).astype(np.float32))
    return collector.finish(5)


@pytest.mark.parametrize("name", ONE_CLASS)
def test_explaining_leaves_the_scores_as_they_are(name: str, video: VideoRecord) -> None:
    method = build(name)

    scores, maps = method.explain(video)

    assert np.array_equal(scores.values, method.score(video).values)
    assert maps.levels.shape == (len(scores.values), CELLS, CELLS)
    assert (maps.first_frame, maps.frames_per_map) == (scores.first_frame, 1)
    assert isinstance(method, Explains)
    assert method.map_rule


@pytest.mark.parametrize("name", [name for name in ONE_CLASS if name != "frame_prediction"])
def test_the_mean_of_a_map_is_the_score_of_its_frame(name: str, video: VideoRecord) -> None:
    scores, maps = build(name).explain(video)

    means = maps.levels.mean(axis=(1, 2)) / 255 * maps.highest

    assert means == pytest.approx(scores.values, abs=0.5 * maps.highest / 255)


@pytest.mark.parametrize(("name", "size"), [("conv_ae", 227), ("st_gan_prediction", 80)])
def test_it_is_nearly_so_where_cells_share_pixels(name: str, size: int, video: VideoRecord) -> None:
    """The input size is no multiple of the cells: pixels that two of them share count twice."""
    scores, maps = build(name, input_size=size).explain(video)

    means = maps.levels.mean(axis=(1, 2)) / 255 * maps.highest

    assert size % CELLS
    assert means == pytest.approx(scores.values, rel=0.01)


def test_a_map_shows_where_the_error_is(video: VideoRecord) -> None:
    method = build("conv_ae", input_size=64)
    windows = np.zeros((1, 4, 64, 64), np.uint8)
    windows[:, :, 32:, :16] = 255
    collector = MapCollector(4)

    with torch.inference_mode():
        method.prepare_to_score()
        method._window_scores(windows, {}, collector)
    [*_, last] = collector.finish(0).levels.astype(int)

    assert last[CELLS // 2 :, : CELLS // 4].mean() > 4 * last[: CELLS // 2].mean()


def test_every_map_is_kept_while_they_are_few() -> None:
    maps = collected(np.arange(8), most=8)

    assert maps.frames_per_map == 1
    assert maps.levels.ravel().tolist() == [round(255 * i / 7) for i in range(8)]
    assert maps.highest == 7


@pytest.mark.parametrize(("n", "stride"), [(9, 2), (16, 2), (17, 4), (100, 16)])
def test_of_many_maps_every_kth_is_kept(n: int, stride: int) -> None:
    maps = collected(np.arange(n), most=8)

    assert maps.frames_per_map == stride
    kept = list(range(0, n, stride))
    assert len(kept) <= 8
    assert maps.levels.ravel().tolist() == [round(255 * i / kept[-1]) for i in kept]


def test_maps_without_any_error_are_dark() -> None:
    maps = collected(np.zeros(3), most=8)

    assert (maps.highest, maps.levels.max()) == (0, 0)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 16])
def test_a_sheet_gives_back_what_was_saved(tmp_path: Path, n: int) -> None:
    levels = np.random.default_rng(n).integers(0, 256, (n, 3, 5), np.uint8)
    maps = Maps(levels=levels, highest=0.25, first_frame=3, frames_per_map=2)

    maps.save(tmp_path / "maps.png")
    again = load_maps(tmp_path / "maps.png", maps.facts(maps.rule("the error")))

    assert np.array_equal(again.levels, levels)
    assert (again.highest, again.first_frame, again.frames_per_map) == (0.25, 3, 2)


def test_test_videos_are_explained_beside_their_scores(tmp_path: Path, video: VideoRecord) -> None:
    events: list[dict[str, Any]] = []
    method = build("frame_prediction")
    other = VideoRecord(id="vid_b", path=video.path, n_frames=N_FRAMES, part="validation")

    score_videos(method, [video, other], tmp_path, Reporter(events.append), with_maps=True)

    [told] = [event for event in events if event["event"] == "explanation"]
    index = json.loads((tmp_path / "scores.json").read_text())["scores"]
    assert told["video_id"] == "vid_a"
    assert "maps" not in index["vid_b"]
    facts = index["vid_a"]["maps"]
    maps = load_maps(tmp_path / facts["file"], facts)
    assert maps.levels.shape == (N_FRAMES - 3, CELLS, CELLS)
    assert (told["first_frame"], told["n_maps"]) == (3, N_FRAMES - 3)
    assert "32 × 32 cells" in told["rule"]
    assert method.map_rule in told["rule"]
    assert set(load_scores(tmp_path)) == {"vid_a", "vid_b"}


def test_maps_are_made_only_when_asked_for(tmp_path: Path, video: VideoRecord) -> None:
    score_videos(build("conv_ae"), [video], tmp_path, to_nobody())

    assert not list(tmp_path.glob("*.png"))


def test_a_video_without_scores_has_no_maps(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "short.mp4", 2)
    video = VideoRecord(id="vid_short", path=str(path), n_frames=2)

    score_videos(build("conv_ae"), [video], tmp_path, to_nobody(), with_maps=True)

    assert not list(tmp_path.glob("*.png"))


def test_running_mean_is_the_mean_over_all_windows() -> None:
    values = np.random.default_rng(0).random((11, 4)).astype(np.float32)
    running = RunningMean(4)

    pieces = [running.add(values[first : first + 3]) for first in range(0, 11, 3)]

    found = np.concatenate([*pieces, running.finish()])
    assert found == pytest.approx(mean_over_windows([values], length=4), rel=1e-6)
