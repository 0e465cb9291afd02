"""What methods share that learn from labels of whole videos: bags, their loop, and scoring.

B bags, T segments of a bag, N rows of a video, K crops, D numbers of a feature.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.data.features import Features, open_features
from ml.data.features.bags import BagStore, Rows, resample, store_bags
from ml.device import autocast, to_device
from ml.methods._bags import DeviceBags
from ml.methods._base import Method, Reads, ReadySweep
from ml.methods._fingerprint import fingerprint
from ml.methods._options import with_own_scoring
from ml.metrics import auroc
from ml.records import BadInput, Scores, VideoRecord, frame_labels
from ml.supervision import Supervision, TrainingData
from ml.training.goal import Goal
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Balanced, Halves, Indices
from ml.training.schedule import Schedule

TEST_AUROC = "test_auroc"
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
        data = replace(data, train=_whole(data.train), validation=_whole(data.validation))
        train = self._store(data.train, training, "train.npy")
        watched = None
        if data.validation:
            watched = self._store(data.validation, training, "validation.npy")
        if self.network is None:
            self.set_dimension(train.dimension)
        for store in filter(None, (train, watched)):
            self._check_width(store.dimension, "The videos to learn from")
        learner = self.learner(data, train, watched)
        if data.test:
            learner.select_on(data.test)
        counts = train.counts, watched.counts if watched else ()
        learner.fingerprint = fingerprint(data, *counts, *self.learnt_from())
        training.run(learner, updates=self.config.updates)

    def learner(
        self, data: TrainingData, train: BagStore, validation: BagStore | None
    ) -> BagLearner:
        """What learns from the bags of `data`, whose videos have the order of the bags."""
        return BagLearner(self, train, validation)

    def learnt_from(self) -> tuple[str, ...]:
        """Hashes of what is learnt from besides videos: a resume needs the same."""
        return ()

    def _store(
        self, videos: tuple[VideoRecord, ...], training: Training, file_name: str
    ) -> BagStore:
        return store_bags(
            videos, training.folder / file_name, n_segments=self.config.segments,
            kept_as=self.config.kept_as, reporter=training.reporter, maker=self.make_bag,
        )  # fmt: skip

    def score(self, video: VideoRecord) -> Scores:
        """Frames after the last row, too few for one, share its score."""
        return self._scores_of(open_features(video), video)

    def test_auroc(self, videos: Sequence[VideoRecord]) -> float:
        """Over all frames of the videos together that have a score.

        Scored by the method's own values of the options of scoring, whatever the config's are:
        what is learnt must not depend on these.
        """
        way = self._in_another_way(with_own_scoring(self.config))
        scores = np.concatenate([way.score(video).to_frames(video.n_frames) for video in videos])
        labels = np.concatenate([frame_labels(each.intervals, each.n_frames) for each in videos])
        is_scored = np.isfinite(scores)
        return auroc(labels[is_scored], scores[is_scored])

    def score_ways(self, video: VideoRecord, configs: Sequence[Any]) -> list[Scores]:
        """By each of these configs, which differ in how they score; features are opened once."""
        features = open_features(video)
        return [self._in_another_way(config)._scores_of(features, video) for config in configs]

    def _in_another_way(self, config: Any) -> Self:
        """With the same network."""
        other = copy(self)
        other.config = config
        return other

    def _scores_of(self, features: Features, video: VideoRecord) -> Scores:
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

    test: Sequence[VideoRecord] = ()  # whose truth chooses the checkpoint, where that is asked for

    def __init__(self, method: WeakMethod, train: BagStore, validation: BagStore | None) -> None:
        self.method = method
        self.train = DeviceBags(train, method.device)
        self.validation = DeviceBags(validation, method.device) if validation else None
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

    def select_on(self, test: Sequence[VideoRecord]) -> None:
        """Let the truth of the test videos choose the best checkpoint."""
        self.test = test
        every_steps = self.method.config.validate_every
        self.goal = Goal(name=TEST_AUROC, higher_is_better=True, every_steps=every_steps)

    def state(self) -> dict[str, Any]:
        """So that a checkpoint tells of itself that it was chosen so."""
        return {"selected_on": "test"} if self.test else {}

    def step(self, batch: Halves, moment: Moment) -> Mapping[str, Tensor]:
        normal, abnormal = self.samples
        losses = self.losses(normal[batch.first], abnormal[batch.second])
        self.update("network", losses["loss"])
        return losses

    def losses(self, normal: Indices, abnormal: Indices) -> Mapping[str, Tensor]:
        """Of the samples of these numbers."""
        return self.method.losses(self.bags(self.train, normal), self.bags(self.train, abnormal))

    def validate(self) -> Mapping[str, float]:
        """AUROC and binary cross entropy of the videos' scores, the mean over their crops.

        And the frame AUROC of the test videos, where these choose.
        """
        on_test = {TEST_AUROC: self.method.test_auroc(self.test)} if self.test else {}
        return on_test if self.validation is None else on_test | self._validated(self.validation)

    def _validated(self, validation: DeviceBags) -> dict[str, float]:
        scores = self._video_scores(validation)
        labels = validation.store.is_abnormal
        targets = torch.from_numpy(labels.astype(np.float64))
        bce = F.binary_cross_entropy(torch.from_numpy(scores), targets)
        if labels.all() or not labels.any():
            return {"video_bce": float(bce)}
        return {"video_auroc": auroc(labels.astype(np.uint8), scores), "video_bce": float(bce)}

    def _video_scores(self, bags: DeviceBags) -> NDArray[np.float64]:
        """(V,), a few videos at a time."""
        n_videos, n_crops, n_segments, _dimension = bags.store.bags.shape
        at_once = max(1, ROWS_AT_ONCE // (n_crops * n_segments))
        parts = []
        for first in range(0, n_videos, at_once):
            numbers = np.arange(first, min(n_videos, first + at_once))
            parts.append(self._mean_over_crops(bags, numbers).double().cpu().numpy())
        return np.concatenate(parts)

    def _mean_over_crops(self, bags: DeviceBags, videos: Indices) -> Tensor:
        if not self.method.crops_are_samples:
            return self.method.video_scores(self.bags(bags, videos))
        taken = self.bags(bags, bags.store.crops_of(videos))
        scores = self.method.video_scores(taken).float()
        return scores.unflatten(0, (-1, bags.store.n_crops)).mean(1)

    def bags(self, bags: DeviceBags, samples: Indices) -> Tensor:
        """(B, T, D) where crops are samples, else (B, K, T, D), float32 on the device."""
        return bags.take(samples, crop_by_crop=self.method.crops_are_samples)


def _whole(videos: Sequence[VideoRecord]) -> tuple[VideoRecord, ...]:
    """Rows are of whole videos: regions would only tell where in them something is."""
    return tuple(replace(video, regions=()) for video in videos)


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
