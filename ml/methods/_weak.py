"""What methods share that learn from labels of whole videos: bags, their loop, and scoring.

B bags, T segments of a bag, N rows of a video, K crops, D numbers of a feature.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.data.features import open_features
from ml.data.features.bags import BagStore, Rows, resample, store_bags
from ml.device import autocast, to_device
from ml.methods._base import Method, Reads, ReadySweep
from ml.methods._fingerprint import fingerprint
from ml.metrics import auroc
from ml.records import BadInput, Scores, VideoRecord
from ml.supervision import Supervision, TrainingData
from ml.training.goal import Goal
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Balanced, Halves, Indices
from ml.training.schedule import Schedule

SPLIT_SIZES = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64, 128)
ROWS_AT_ONCE = 4096  # of all crops: what is scored in one go


class WeakMethod(Method):
    """A network over bags of features, as wide as these are.

    `width_of` names the weight whose second axis is as long as a feature. Crops are samples of
    their own, or what a sample holds (`crops_are_samples`); at the end the mean over them counts.
    """

    supervision = Supervision.WEAK
    reads = Reads.FEATURES
    width_of: ClassVar[str]
    crops_are_samples: ClassVar[bool] = True
    network: nn.Module | None = None
    config: Any

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {} if self.network is None else {"network": self.network}

    @property
    def learnt(self) -> nn.Module:
        assert self.network is not None, "neither taught nor restored yet"
        return self.network

    @abstractmethod
    def build(self, dimension: int) -> nn.Module:
        """The network for features of so many numbers."""

    @abstractmethod
    def optimiser(self, network: nn.Module) -> Optimizer: ...

    def schedule(self) -> Schedule:
        """Of the learning rate, which stays as it is unless a method has another."""
        return Schedule()

    @abstractmethod
    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        """Of as many bags of each kind, (B, T, D) or (B, K, T, D); "loss" is what is learnt by."""

    @abstractmethod
    def video_scores(self, bags: Tensor) -> Tensor:
        """(B,) in [0, 1] for bags (B, T, D) or (B, K, T, D): how abnormal their videos are."""

    @property
    def bag_length(self) -> int | None:
        """Rows that are scored together; None: all of a video."""
        return None

    @abstractmethod
    def bag_scores(self, bags: Tensor) -> Tensor:
        """(B, T): scores of the rows of bags (B, T, D) as a video's are made, of one crop each.

        Differentiable, since that is how scores are explained.
        """

    def bag_of(self, row: int, n_rows: int) -> range:
        """The rows that the score of `row` is made of."""
        length = self.bag_length or n_rows
        first = row - row % length
        return range(first, min(first + length, n_rows))

    def segment_scores(self, rows: Rows) -> NDArray[np.float32]:
        """(N,) of the rows (N, K, D) of a video: those of its bags, the mean over crops."""
        if self.bag_length is None:
            return self.mean_over_crops(rows, self.bag_scores)
        n_crops = rows.shape[1]
        parts = []
        for bags in self.as_bags(rows, self.bag_length):
            scores_BT = self.bag_scores(bags)
            parts.append(scores_BT.unflatten(0, (-1, n_crops)).mean(1).flatten().cpu().numpy())
        return np.concatenate(parts)

    def make_bag(self, rows: Rows, n_segments: int) -> NDArray[np.float32]:
        """(T, K, D) of the rows (N, K, D) of a video."""
        return resample(rows, n_segments)

    def take_shape(self, tensors: Mapping[str, Tensor]) -> None:
        """Raise BadInput where the weight is not among them that says how wide features are."""
        weights = tensors.get(f"modules/network/{self.width_of}")
        if weights is None or weights.ndim < 2:
            raise BadInput(f"The checkpoint lacks {self.width_of}, which every {self.title} has")
        self.set_dimension(int(weights.shape[1]))

    def set_dimension(self, dimension: int) -> None:
        self.dimension = dimension
        self.network = self.build(dimension).to(self.device)

    def fit(self, data: TrainingData, training: Training) -> None:
        train = self._store(data.train, training, "train.npy")
        watched = None
        if data.validation:
            watched = self._store(data.validation, training, "validation.npy")
        if self.network is None:
            self.set_dimension(train.dimension)
        for store in filter(None, (train, watched)):
            self._check_width(store.dimension, "The videos to learn from")
        learner = BagLearner(self, train, watched)
        learner.fingerprint = fingerprint(data, train.counts, watched.counts if watched else ())
        training.run(learner, updates=self.config.updates)

    def _store(
        self, videos: tuple[VideoRecord, ...], training: Training, file_name: str
    ) -> BagStore:
        return store_bags(
            videos, training.folder / file_name, n_segments=self.config.segments,
            kept_as=self.config.kept_as, reporter=training.reporter, maker=self.make_bag,
        )  # fmt: skip

    def score(self, video: VideoRecord) -> Scores:
        """Frames after the last row, too few for one, share its score."""
        features = open_features(video)
        self._check_width(features.rows.shape[-1], video.name)
        self.learnt.eval()
        with torch.inference_mode():
            values = self.segment_scores(features.rows)
        if features.left_over(len(values), video.n_frames):
            values = np.append(values, values[-1:])
        return features.scores(values)

    def _check_width(self, dimension: int, what: str) -> None:
        if dimension != self.dimension:
            raise BadInput(
                f"{what}: features of {dimension} numbers, where the network takes {self.dimension}"
            )

    def output(self, bags: Tensor, *more: Tensor) -> Any:
        """What the network makes of them, computed as the config's precision says."""
        with self.computing():
            return self.learnt(bags, *more)

    def computing(self) -> AbstractContextManager[object]:
        return autocast(self.device, self.config.precision)

    def mean_over_crops(self, rows: Rows, score: Callable[[Tensor], Tensor]) -> NDArray[np.float32]:
        """(N,): of what `score` gives, (1, N), for all rows of one crop (1, N, D) at a time.

        What looks at all pairs of rows takes much memory for a long video, and ten times as much
        for ten crops.
        """
        total = np.zeros(len(rows), np.float64)
        for crop in range(rows.shape[1]):
            bag = torch.from_numpy(np.asarray(rows[:, crop], np.float32))
            total += score(to_device(bag, self.device)[None])[0].double().cpu().numpy()
        return (total / rows.shape[1]).astype(np.float32)

    def as_bags(self, rows: Rows, length: int) -> Iterator[Tensor]:
        """Bags (n · K, l, D) of `length` consecutive rows on the device; the last one is shorter.

        Those of one bag follow one another, crop by crop.
        """
        whole = len(rows) // length
        at_once = max(1, ROWS_AT_ONCE // (length * rows.shape[1]))
        for first in range(0, whole, at_once):
            block = rows[first * length : min(whole, first + at_once) * length]
            yield self._bags_of(block, length)
        if len(rows) % length:
            yield self._bags_of(rows[whole * length :], len(rows) % length)

    def _bags_of(self, rows: Rows, length: int) -> Tensor:
        dimension = rows.shape[-1]
        bags = torch.from_numpy(np.asarray(rows, np.float32)).unflatten(0, (-1, length))
        return to_device(bags.transpose(1, 2).reshape(-1, length, dimension), self.device)


class BagLearner(Learner[Halves]):
    """As many normal as abnormal bags in every update, drawn without replacement.

    An epoch is a pass over the shorter kind. Validation videos are told apart by their highest
    scores.
    """

    def __init__(self, method: WeakMethod, train: BagStore, validation: BagStore | None) -> None:
        self.method = method
        self.train = train
        self.validation = validation
        self.modules = method.modules
        self.samples = [_samples(train, kind, method.crops_are_samples) for kind in (False, True)]
        self.optimisers = {"network": method.optimiser(method.learnt)}
        self.schedule = method.schedule()
        self.goal = Goal(
            name="video_auroc", higher_is_better=True, tie_breaker="video_bce",
            every_steps=method.config.validate_every,
        )  # fmt: skip
        n_normal, n_abnormal = map(len, self.samples)
        half = max(1, method.config.batch_size // 2)
        self.plan = Balanced(
            n_first=n_normal, n_second=n_abnormal, batch_size=half,
            n_steps=max(1, min(n_normal, n_abnormal) // half),
        )  # fmt: skip

    def step(self, batch: Halves, moment: Moment) -> Mapping[str, Tensor]:
        normal, abnormal = (
            self.bags(self.train, samples[numbers])
            for samples, numbers in zip(self.samples, (batch.first, batch.second), strict=True)
        )
        losses = self.method.losses(normal, abnormal)
        self.update("network", losses["loss"])
        return losses

    def validate(self) -> Mapping[str, float]:
        """AUROC and binary cross entropy of the videos' scores, the mean over their crops."""
        if self.validation is None:
            return {}
        scores = self._video_scores(self.validation)
        labels = self.validation.is_abnormal
        told = torch.from_numpy(labels.astype(np.float64))
        bce = F.binary_cross_entropy(torch.from_numpy(scores), told)
        if labels.all() or not labels.any():
            return {"video_bce": float(bce)}
        return {"video_auroc": auroc(labels.astype(np.uint8), scores), "video_bce": float(bce)}

    def _video_scores(self, store: BagStore) -> NDArray[np.float64]:
        """(V,), a few videos at a time."""
        at_once = max(1, ROWS_AT_ONCE // (store.n_crops * store.bags.shape[2]))
        parts = []
        for first in range(0, len(store.bags), at_once):
            numbers = np.arange(first, min(len(store.bags), first + at_once))
            parts.append(self._mean_over_crops(store, numbers).double().cpu().numpy())
        return np.concatenate(parts)

    def _mean_over_crops(self, store: BagStore, videos: Indices) -> Tensor:
        if not self.method.crops_are_samples:
            return self.method.video_scores(self.bags(store, videos))
        bags = self.bags(store, store.crops_of(videos))
        scores = self.method.video_scores(bags).float()
        return scores.unflatten(0, (-1, store.n_crops)).mean(1)

    def bags(self, store: BagStore, samples: Indices) -> Tensor:
        """(B, T, D) where crops are samples, else (B, K, T, D), float32 on the device."""
        bags = store.take(samples, crop_by_crop=self.method.crops_are_samples)
        return to_device(torch.from_numpy(bags), self.method.device).float()


def split_size_sweep() -> ReadySweep:
    """One training, scored in bags of each size."""
    return ReadySweep(
        name="split_size",
        title="Rows of a bag when videos are scored",
        reproduces="Figures 5 and 6 of Watanabe et al. in Japanese; their published numbers "
        "are made with 28",
        grid={"split_size": SPLIT_SIZES},
    )


def _samples(store: BagStore, is_abnormal: bool, crops_are_samples: bool) -> Indices:
    """Numbers of the samples of one kind: videos, or crops of videos laid end to end."""
    videos = np.flatnonzero(store.is_abnormal == is_abnormal)
    return store.crops_of(videos) if crops_are_samples else videos
