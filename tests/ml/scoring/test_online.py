"""Scores of frames as they come: the same as of the whole video, at once, in little memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml.data.video.decode import decode
from ml.methods import OneClassMethod
from ml.records import BadInput, VideoRecord
from ml.scoring.online import OnlineScorer, ScoresStreams, stream_scores
from tests import toys
from tests.ml.explain.test_maps import ONE_CLASS, build

N_FRAMES = 23
DELAYS = {"conv_ae": 3, "conv3d_ae": 7}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def clip(folder: Path, n_frames: int = N_FRAMES) -> VideoRecord:
    path = toys.moving_square_video(folder / f"{n_frames}.mp4", n_frames, abnormal=range(9, 13))
    return VideoRecord(id="vid_a", path=str(path), n_frames=n_frames)


def frames_of(method: OneClassMethod, video: VideoRecord) -> list[np.ndarray]:
    return list(decode(video, size=method.size, grey=True))


@pytest.mark.parametrize("name", ONE_CLASS)
@pytest.mark.parametrize("changes", [{}, {"patch_size": 8}], ids=["mean", "patch"])
def test_the_scores_are_those_of_the_whole_video(
    name: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    method, video = build(name, **changes), clip(tmp_path)
    expected = method.score(video)

    found = list(stream_scores(method, frames_of(method, video)))

    assert [each.frame for each in found] == list(range(expected.first_frame, N_FRAMES))
    assert [each.score for each in found] == pytest.approx(expected.values, rel=1e-5, abs=1e-6)


class Brightness:
    """Of no family: the score of a frame is how much brighter it is than the one before."""

    size = (4, 4)
    frames_per_sample = 2
    frames_scored = 1

    def prepare_to_score(self) -> None:
        """Nothing was learnt."""

    def errors(self, windows: np.ndarray, state: dict[str, torch.Tensor]) -> torch.Tensor:
        frames = torch.from_numpy(windows).float()
        return (frames[:, 1:] - frames[:, :-1]).clamp(min=0)

    def frame_scores(self, errors: torch.Tensor) -> torch.Tensor:
        return errors.mean(dim=(2, 3))


def test_whatever_has_windows_of_frames_scores_streams() -> None:
    frames = [np.full((4, 4), level, np.uint8) for level in (0, 10, 10, 40)]

    found = list(stream_scores(Brightness(), frames))

    assert isinstance(Brightness(), ScoresStreams)
    assert not isinstance(object(), ScoresStreams)
    assert [(each.frame, each.score) for each in found] == [(1, 10), (2, 0), (3, 30)]


def test_a_refused_frame_leaves_the_window_as_it_was(tmp_path: Path) -> None:
    method, video = build("frame_prediction"), clip(tmp_path)
    scorer, found = OnlineScorer(method), []

    for frame in frames_of(method, video):
        with pytest.raises(BadInput, match="A frame is"):
            scorer.push(np.zeros((4, 4, 4), np.uint8))
        found += scorer.push(frame)

    expected = method.score(video).values
    assert [each.score for each in found] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", ONE_CLASS)
def test_a_score_follows_its_frame_by_the_delay(name: str, tmp_path: Path) -> None:
    method = build(name)
    scorer = OnlineScorer(method)
    delay = DELAYS.get(name, 0)
    assert scorer.delay == delay
    first = method.frames_per_sample - method.frames_scored

    for number, frame in enumerate(frames_of(method, clip(tmp_path))):
        known = [each.frame for each in scorer.push(frame)]
        assert known == ([number - delay] if number - delay >= first else [])
    assert [each.frame for each in scorer.finish()] == list(range(N_FRAMES - delay, N_FRAMES))


@pytest.mark.parametrize("name", ONE_CLASS)
def test_a_stream_shorter_than_a_window_has_no_scores(name: str, tmp_path: Path) -> None:
    method = build(name)

    assert list(stream_scores(method, frames_of(method, clip(tmp_path, 2)))) == []


def test_frames_may_have_any_size_and_colours(tmp_path: Path) -> None:
    method = build("frame_prediction")
    small = frames_of(method, clip(tmp_path))
    coloured = [np.repeat(np.repeat(np.repeat(f, 2, 0), 2, 1)[:, :, None], 3, 2) for f in small]

    expected = [each.score for each in stream_scores(method, small)]

    assert [each.score for each in stream_scores(method, coloured)] == pytest.approx(expected)


@pytest.mark.parametrize("frame", [np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4), np.float32)])
def test_what_is_no_frame_is_refused(frame: np.ndarray) -> None:
    with pytest.raises(BadInput, match="A frame is"):
        OnlineScorer(build("conv_ae")).push(frame)


@pytest.mark.parametrize("name", ONE_CLASS)
def test_what_is_held_does_not_grow(name: str) -> None:
    method = build(name)
    scorer = OnlineScorer(method)
    frames = np.random.default_rng(0).integers(0, 256, (60, 32, 32), np.uint8)

    sizes = []
    for number, frame in enumerate(frames):
        scorer.push(frame)
        if number in (20, 59):
            sizes.append(held_bytes(scorer))

    assert sizes[0] == sizes[1]


def held_bytes(scorer: OnlineScorer) -> int:
    kept = sum(tensor.untyped_storage().nbytes() for tensor in scorer._state.values())
    waiting = 0 if scorer._mean._sums is None else scorer._mean._sums.nbytes
    return scorer._window.nbytes + kept + waiting
