"""What methods that learn from windows of normal frames share: their data and their loop.

B windows, T frames in a window, H W height and width. Frames are grey, pixels in [-1, 1].
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ml.data.samples.frames import FrameStore, store_frames
from ml.data.samples.windows import gather, mean_over_windows, stream_windows, window_starts
from ml.data.video.decode import decode
from ml.device import autocast, to_device
from ml.explain.maps import CELLS, MapCollector, Maps
from ml.methods._base import Method, option
from ml.methods._fingerprint import fingerprint
from ml.models.layers import lay_out
from ml.records import BadInput, Scores, VideoRecord
from ml.supervision import TrainingData
from ml.training.learner import Learner
from ml.training.loop import Training
from ml.training.plan import Indices, Uniform

ScoringState = dict[str, Tensor]
PatchSize = Annotated[
    int,
    option("Scoring", "Patch size", "A frame's score is that of its worst square of this many "
           "pixels; 0: of the whole frame, as in the paper", ge=0),
]  # fmt: skip


class OneClassMethod(Method):
    """Decodes each frame once, resized to a square of `config.input_size`.

    A window judges all of its frames, or its last one alone, by the errors of their pixels. A
    frame that several windows judge gets the mean of what they say.
    """

    config: Any
    shares_batches = True
    scores_all_frames: ClassVar[bool] = False
    map_rule: ClassVar[str]  # a clause: what the error of a pixel is, in which unit

    @abstractmethod
    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor:
        """(B, K, H, W) float32, 0 or more: of each pixel of the K frames that a window judges.

        `windows` (B, L, H, W) follow one another frame by frame, also from one call to the
        next. What a method wants to remember until then goes into `state`, empty at first.
        """

    def frame_scores(self, errors_BKHW: Tensor) -> Tensor:
        """(B, K): of each frame the mean, or with `patch_size` the highest mean over squares."""
        patch = min(self.config.patch_size, self.config.input_size)
        if not patch:
            return errors_BKHW.mean(dim=(2, 3))
        patches = F.avg_pool2d(errors_BKHW, patch, stride=max(1, patch // 2))
        return patches.amax(dim=(2, 3))

    def score(self, video: VideoRecord) -> Scores:
        return self._scored(video, None)

    def explain(self, video: VideoRecord) -> tuple[Scores, Maps]:
        """Scores, and coarse maps of the pixels' errors behind them."""
        collector = MapCollector(self.frames_scored)
        scores = self._scored(video, collector)
        return scores, collector.finish(scores.first_frame)

    def _scored(self, video: VideoRecord, maps: MapCollector | None) -> Scores:
        # Not in inference mode, where weights made anew could never learn again.
        self.prepare_to_score()
        state: ScoringState = {}
        with torch.inference_mode():
            scored = (self._window_scores(windows, state, maps) for windows in self.stream(video))
            values = mean_over_windows(scored, length=self.frames_scored)
        first_frame = self.frames_per_sample - self.frames_scored if len(values) else 0
        return Scores(values=values, first_frame=first_frame)

    def _window_scores(
        self, windows: NDArray[np.uint8], state: ScoringState, maps: MapCollector | None
    ) -> NDArray[np.float32]:
        errors = self.errors(windows, state)
        if maps is not None:
            maps.add(_cells(errors).cpu().numpy())
        return self.frame_scores(errors).cpu().numpy()

    def prepare_to_score(self) -> None:
        """Nothing is learnt any more. Weights lie as convolutions read them fastest."""
        for module in self.modules.values():
            module.eval()
            lay_out(module)

    @abstractmethod
    def _learner(self, train: FrameStore, validation: FrameStore | None) -> Learner[Indices]: ...

    def fit(self, data: TrainingData, training: Training) -> None:
        train = self._store(data.train, training, "train.npy")
        validation = None
        if data.validation:
            validation = self._store(data.validation, training, "validation.npy")
        learner = self._learner(train, validation)
        watched = validation.counts if validation else ()
        learner.fingerprint = fingerprint(data, train.counts, watched)
        training.run(learner, epochs=self.config.epochs)

    def _store(
        self, videos: Sequence[VideoRecord], training: Training, file_name: str
    ) -> FrameStore:
        return training.ranks.made_once(
            FrameStore,
            lambda: store_frames(
                videos, training.folder / file_name, size=self.size, grey=True,
                reporter=training.reporter,
            )
        )  # fmt: skip

    @property
    def size(self) -> tuple[int, int]:
        """Height and width to which frames are resized."""
        return (self.config.input_size, self.config.input_size)

    @property
    def frames_per_sample(self) -> int:
        """Frames of a training window, and of one that is scored."""
        return int(self.config.window)

    @property
    def frames_scored(self) -> int:
        """Of a window: all its frames, or the last one."""
        return self.frames_per_sample if self.scores_all_frames else 1

    def stream(self, video: VideoRecord) -> Iterator[NDArray[np.uint8]]:
        """All windows of a video in order, (B, T, H, W) bytes, in constant memory."""
        frames = decode(video, size=self.size, grey=True)
        return stream_windows(
            frames, length=self.frames_per_sample, batch_size=self.config.batch_size
        )

    def pixels(self, frames: NDArray[np.uint8]) -> Tensor:
        """Bytes to what the networks take, on the device: numbers in [-1, 1]."""
        return to_device(torch.from_numpy(frames), self.device).float() / 127.5 - 1

    def computing(self) -> AbstractContextManager[object]:
        return autocast(self.device, self.config.precision)


def _cells(errors_BKHW: Tensor) -> Tensor:
    """(B, K, h, w) with at most `CELLS` cells a side, each the mean of its pixels."""
    height, width = errors_BKHW.shape[-2:]
    return F.adaptive_avg_pool2d(errors_BKHW, (min(CELLS, height), min(CELLS, width)))


class WindowLearner(Learner[Indices]):
    """Learns from windows of frames that are decoded once.

    A training window begins every `step` frames, and is made of every n-th frame for each n of
    `strides`. Raise BadInput where no video is long enough for one.
    """

    drops_last: ClassVar[bool] = False  # leave out an epoch's last windows, too few for a batch

    def __init__(
        self,
        method: OneClassMethod,
        train: FrameStore,
        validation: FrameStore | None,
        *,
        step: int = 1,
        strides: Sequence[int] = (1,),
    ) -> None:
        self.method = method
        self.config = method.config
        self.train = train
        self.validation = validation
        self.modules = method.modules
        length = method.frames_per_sample
        self.starts, self.strides = _windows(train.counts, length, step, strides)
        if not len(self.starts):
            raise BadInput(f"No training video is as long as a window of {length} frames")
        self.plan = Uniform(
            n_samples=len(self.starts),
            batch_size=self.config.batch_size,
            drops_last=self.drops_last,
        )

    @abstractmethod
    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        """The smallest on the validation windows chooses the best epoch."""

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

    def _validation_windows(self, store: FrameStore) -> Iterator[Tensor]:
        length = self.method.frames_per_sample
        starts = window_starts(store.counts, length=length, step=length)
        for first in range(0, len(starts), self.config.batch_size):
            yield self.windows(store, starts[first : first + self.config.batch_size])

    def training_windows(self, batch: Indices) -> Tensor:
        """(B, T, H, W) pixels of the training windows with these numbers, on the device."""
        return self.windows(self.train, self.starts[batch], self.strides[batch])

    def windows(self, store: FrameStore, starts: Indices, strides: Indices | int = 1) -> Tensor:
        """(B, T, H, W) pixels, on the device."""
        length = self.method.frames_per_sample
        return self.method.pixels(gather(store.frames, starts, length=length, strides=strides))


def _windows(
    counts: Sequence[int], length: int, step: int, strides: Sequence[int]
) -> tuple[Indices, Indices]:
    """First frame and stride of every window of videos laid end to end."""
    starts = [window_starts(counts, length=length, stride=n, step=step) for n in strides]
    repeated = np.repeat(strides, [len(of_stride) for of_stride in starts])
    return np.concatenate(starts), repeated.astype(np.int64)
