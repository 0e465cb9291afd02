"""What methods that learn from windows of normal frames share: their data and their loop.

B windows, T frames in a window, H W height and width. Frames are grey, pixels in [-1, 1].
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.data.decode import decode
from ml.data.frames import FrameStore, store_frames
from ml.data.windows import gather, stream_windows, window_starts
from ml.device import autocast
from ml.methods._base import Method
from ml.records import BadInput, Manifest, Part, VideoRecord
from ml.training import Learner, Moment, Training, normal_videos


class OneClassMethod(Method):
    """Decodes each frame once, resized to a square of `config.input_size`."""

    config: Any

    @abstractmethod
    def _learner(self, train: FrameStore, validation: FrameStore | None) -> Learner: ...

    def fit(self, manifest: Manifest, training: Training) -> None:
        train = self._store(manifest, "train", training)
        if train is None:
            raise BadInput("The split has no training videos")
        learner = self._learner(train, self._store(manifest, "validation", training))
        training.run(learner, epochs=self.config.epochs, batch_size=self.config.batch_size)

    def _store(self, manifest: Manifest, part: Part, training: Training) -> FrameStore | None:
        videos = normal_videos(manifest, part)
        if not videos:
            return None
        return store_frames(
            videos, training.folder / f"{part}.npy", size=self._size, grey=True,
            reporter=training.reporter,
        )  # fmt: skip

    @property
    def _size(self) -> tuple[int, int]:
        return (self.config.input_size, self.config.input_size)

    @property
    def frames_per_sample(self) -> int:
        """Frames of a training window, and of one that is scored."""
        return int(self.config.window)

    def stream(self, video: VideoRecord) -> Iterator[NDArray[np.uint8]]:
        """All windows of a video in order, (B, T, H, W) bytes, in constant memory."""
        frames = decode(video, size=self._size, grey=True)
        return stream_windows(
            frames, length=self.frames_per_sample, batch_size=self.config.batch_size
        )

    def pixels(self, frames: NDArray[np.uint8]) -> Tensor:
        """Bytes to [-1, 1], on the device."""
        return torch.from_numpy(frames).to(self.device).float() / 127.5 - 1

    def computing(self) -> AbstractContextManager[object]:
        return autocast(self.device, self.config.precision)


class WindowLearner(Learner):
    """Updates one network, `modules["network"]`, from windows of frames that are decoded once."""

    def __init__(
        self, method: OneClassMethod, train: FrameStore, validation: FrameStore | None, *, step: int
    ) -> None:
        self.method = method
        self.config = method.config
        self.train = train
        self.validation = validation
        self.modules = method.modules
        self.starts = window_starts(train.counts, length=method.frames_per_sample, step=step)
        self.n_samples = len(self.starts)
        if not self.n_samples:
            n_frames = method.frames_per_sample
            raise BadInput(f"No training video is as long as a window of {n_frames} frames")

    @abstractmethod
    def loss(self, windows_BTHW: Tensor) -> Tensor:
        """What is made smaller, and the smallest on validation windows chooses the best epoch."""

    def step(self, samples: NDArray[np.int64], moment: Moment) -> Mapping[str, Tensor]:
        loss = self.loss(self.windows(self.train, self.starts[samples]))
        optimiser = self.optimisers["network"]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        return {"loss": loss}

    def validate(self) -> Mapping[str, float]:
        """Over windows that do not overlap."""
        if self.validation is None:
            return {}
        losses = [
            (float(self.loss_to_validate(windows)), len(windows))
            for windows in self._validation_windows(self.validation)
        ]
        total = sum(count for _loss, count in losses)
        return {"loss": sum(loss * count for loss, count in losses) / total} if total else {}

    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        return self.loss(windows_BTHW)

    def _validation_windows(self, store: FrameStore) -> Iterator[Tensor]:
        length = self.method.frames_per_sample
        starts = window_starts(store.counts, length=length, step=length)
        for first in range(0, len(starts), self.config.batch_size):
            yield self.windows(store, starts[first : first + self.config.batch_size])

    def windows(self, store: FrameStore, starts: NDArray[np.int64]) -> Tensor:
        frames = gather(store.frames, starts, length=self.method.frames_per_sample)
        return self.method.pixels(frames)
