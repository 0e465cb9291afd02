"""Scores of a stream of frames, such as a live camera's, each as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.data.samples.windows import RunningMean
from ml.data.video.decode import resize
from ml.methods import ScoringState
from ml.records import BadInput


@runtime_checkable
class ScoresStreams(Protocol):
    """A method whose scores need no more than a window of frames, whatever family it is of.

    A window has `frames_per_sample` frames of `size` (height, width), and gives errors of its
    last `frames_scored`.
    """

    @property
    def size(self) -> tuple[int, int]: ...

    @property
    def frames_per_sample(self) -> int: ...

    @property
    def frames_scored(self) -> int: ...

    def prepare_to_score(self) -> None: ...

    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor: ...

    def frame_scores(self, errors: Tensor) -> Tensor: ...


class FrameScore(NamedTuple):
    """Frames are numbered from 0, as they came."""

    frame: int
    score: float


class OnlineScorer:
    """Takes one frame after another, and holds one window of them however many come.

    The scores are those that `method.score` gives the same frames, but for the order in which
    float32 numbers are added. The first frames have none where the method's rule says so.
    """

    def __init__(self, method: ScoresStreams) -> None:
        method.prepare_to_score()
        self._method = method
        height, width = method.size
        self._window = np.empty((1, method.frames_per_sample, height, width), np.uint8)
        self._state: ScoringState = {}
        self._mean = RunningMean(method.frames_scored)
        self._n_frames = 0
        self._next = method.frames_per_sample - method.frames_scored  # frame to be scored

    @property
    def delay(self) -> int:
        """Frames that come after a frame until its score is known."""
        return self._method.frames_scored - 1

    def push(self, frame: NDArray[np.uint8]) -> list[FrameScore]:
        """The scores known now: none, or one.

        `frame` is (H, W) grey or (H, W, 3) RGB, of any size. Raise BadInput for anything else.
        """
        prepared = _prepared(frame, self._method.size)  # a refused one leaves all as it was
        self._window[:, :-1] = self._window[:, 1:]
        self._window[:, -1] = prepared
        self._n_frames += 1
        if self._n_frames < self._window.shape[1]:
            return []
        return self._numbered(self._mean.add(self._window_scores()))

    def finish(self) -> list[FrameScore]:
        """The scores of the last `delay` frames, from fewer windows than those before."""
        return self._numbered(self._mean.finish())

    @torch.inference_mode()
    def _window_scores(self) -> NDArray[np.float32]:
        errors = self._method.errors(self._window, self._state)
        return self._method.frame_scores(errors).cpu().numpy()

    def _numbered(self, values: NDArray[np.float64]) -> list[FrameScore]:
        first = self._next
        self._next += len(values)
        return [FrameScore(first + i, float(np.float32(value))) for i, value in enumerate(values)]


def stream_scores(
    method: ScoresStreams, frames: Iterable[NDArray[np.uint8]]
) -> Iterator[FrameScore]:
    """The score of each frame as soon as it is known, in order; see `OnlineScorer`."""
    scorer = OnlineScorer(method)
    for frame in frames:
        yield from scorer.push(frame)
    yield from scorer.finish()


def _prepared(frame: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Grey, of `size`."""
    if frame.ndim == 3 and frame.shape[2] == 3:
        frame = np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), np.uint8)
    if frame.ndim != 2 or frame.dtype != np.uint8:
        given = f"{frame.shape} {frame.dtype}"
        raise BadInput(f"A frame is (H, W) grey or (H, W, 3) RGB bytes; this one is {given}")
    return frame if frame.shape == size else resize(frame, size)
