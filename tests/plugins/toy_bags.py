"""A family that the product does not have: a network over bags of features, as its author sends it.

One file and an entry point. A video is a bag; the highest score of an abnormal bag is to lie above
that of a normal one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor, nn

from ml.data.features import open_features
from ml.methods import Method, Reads, ReadySweep, fingerprint, option, register
from ml.metrics import auroc
from ml.records import Scores, VideoRecord
from ml.supervision import Supervision, TrainingData, is_abnormal
from ml.training.goal import Goal
from ml.training.learner import Learner, Moment
from ml.training.loop import Training
from ml.training.plan import Balanced, Halves


@dataclass(frozen=True, kw_only=True)
class ToyBagsConfig:
    epochs: Annotated[int, option("Training", "Epochs", "Passes", ge=1, le=1000)] = 20
    bags: Annotated[int, option("Training", "Bags", "Of each kind in a batch", ge=1, le=64)] = 2
    learning_rate: Annotated[float, option("Training", "Learning rate", "Of Adam", gt=0)] = 0.01
    hidden: Annotated[int, option("Model", "Width", "Of the hidden layer", ge=1, le=512)] = 16
    over_crops: Annotated[
        Literal["mean", "max"], option("Scoring", "Crops", "What their scores become")
    ] = "mean"


@register
class ToyBags(Method):
    title = "Toy bags"
    summary = "Learns which rows of features make a video abnormal, from labels of whole videos"
    paper = "none: it shows what a family takes"
    supervision = Supervision.WEAK
    reads = Reads.FEATURES
    rule = "The frames of a row have its score, the mean or maximum over crops"
    Config = ToyBagsConfig
    tiny = ToyBagsConfig()
    sweeps = (
        ReadySweep(
            name="width", title="Width", reproduces="none", grid={"hidden": (4, 16)}
        ),
    )  # fmt: skip

    def __init__(self, config: ToyBagsConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.network = nn.Sequential(
            nn.LazyLinear(config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1)
        ).to(device)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"network": self.network}

    def fit(self, data: TrainingData, training: Training) -> None:
        learner = _Learner(self, data)
        training.run(learner, epochs=self.config.epochs)

    @torch.no_grad()
    def score(self, video: VideoRecord) -> Scores:
        features = open_features(video)
        scores_TK = self.of_rows(features.rows)
        scores_T = scores_TK.amax(1) if self.config.over_crops == "max" else scores_TK.mean(1)
        return features.scores(scores_T.cpu().numpy())

    def of_rows(self, rows: np.ndarray) -> Tensor:
        """(T, K) from (T, K, D)."""
        inputs = torch.from_numpy(np.asarray(rows, np.float32)).to(self.device)
        return torch.sigmoid(self.network(inputs)).squeeze(-1)


class _Learner(Learner[Halves]):
    """Bags of both kinds in every step."""

    goal = Goal(name="video_auroc", higher_is_better=True)

    def __init__(self, method: ToyBags, data: TrainingData) -> None:
        self.method = method
        self.modules = method.modules
        self.normal = [_rows(video) for video in data.train if not is_abnormal(video)]
        self.abnormal = [_rows(video) for video in data.train if is_abnormal(video)]
        self.watched = [(is_abnormal(video), _rows(video)) for video in data.validation]
        method.of_rows(self.normal[0])  # gives the first layer its width
        self.optimisers = {
            "network": torch.optim.Adam(method.network.parameters(), lr=method.config.learning_rate)
        }
        self.plan = Balanced(
            n_first=len(self.normal), n_second=len(self.abnormal),
            batch_size=method.config.bags, n_steps=len(self.abnormal),
        )  # fmt: skip
        counts = [len(_rows(video)) for video in data.train]
        watched = [len(rows) for _kind, rows in self.watched]
        self.fingerprint = fingerprint(data, counts, watched)

    def step(self, batch: Halves, moment: Moment) -> Mapping[str, Tensor]:
        normal = torch.stack([self._highest(self.normal[n]) for n in batch.first])
        abnormal = torch.stack([self._highest(self.abnormal[n]) for n in batch.second])
        loss = (1 - abnormal + normal).clamp(min=0).mean()
        self.update("network", loss)
        return {"loss": loss}

    def validate(self) -> Mapping[str, float]:
        if len({kind for kind, _rows in self.watched}) < 2:
            return {}
        labels = np.array([kind for kind, _rows in self.watched], np.uint8)
        scores = np.array([float(self._highest(rows)) for _kind, rows in self.watched])
        return {"video_auroc": auroc(labels, scores)}

    def _highest(self, rows: np.ndarray) -> Tensor:
        return self.method.of_rows(rows).mean(1).amax()


def _rows(video: VideoRecord) -> np.ndarray:
    return open_features(video).rows
