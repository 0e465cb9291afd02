"""PEL4VAD: context features that are held against texts (Pu et al., IEEE TIP 2024).

What the authors' code does otherwise than their paper is in docs/weak-methods.md. B bags, T
segments, N rows, K crops, D numbers of a feature, V of a context feature, G groups: the
foregrounds and backgrounds that are held against texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.data.features.bags import BagStore, Rows, sampled_or_padded
from ml.data.prompts import NORMAL_ROW, Prompts, read_prompts
from ml.losses.mil import bag_lengths, mean_of_highest
from ml.methods._base import option, register
from ml.methods._options import (
    BatchSize,
    ComputePrecision,
    KeptAs,
    LearningRate,
    Segments,
    Updates,
    ValidateEvery,
    dropout_of,
)
from ml.methods._weak import BagLearner, WeakMethod
from ml.models.context_aggregation import ContextAggregation
from ml.records import BadInput
from ml.supervision import TrainingData
from ml.training.loop import Training
from ml.training.plan import Indices
from ml.training.schedule import Schedule

SEGMENTS_PER_TOP = 16
SHARPNESS = 10.0  # of the weights by which segments add up to a foreground and a background
CERTAINTY = 10.0  # of the likeness that groups and texts are to have
PASSED = 50 / 60  # their schedule's half wave is made for 60 epochs, of which they train 50


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class PEL4VADConfig:
    segments: Segments = 200
    kept_as: KeptAs = "float16"
    prompts: Annotated[
        str,
        option("Data", "Prompts", "An .npy file of text vectors: a row for what is normal, then "
               "one for each class. Empty: learns without texts", max_length=1000, file=True),
    ] = ""  # fmt: skip
    prompt_classes: Annotated[
        str,
        option("Data", "Classes of the prompts", "Of the rows after the first, with commas. "
               "Empty: the classes of the training videos by alphabet", max_length=1000),
    ] = ""  # fmt: skip
    window: Annotated[
        int, option("Model", "Window", "Segments that local attention sees", ge=1, le=4096)
    ] = 9
    attention_width: Annotated[
        int, option("Model", "Attention width", "Numbers of queries, keys, values", ge=1, le=4096)
    ] = 128
    width: Annotated[
        int, option("Model", "Width", "Numbers that a score is made of", ge=1, le=4096)
    ] = 300
    causal_segments: Annotated[
        int,
        option("Model", "Causal segments", "Over which a score is made: its own and those before",
               ge=1, le=256),
    ] = 9  # fmt: skip
    power_norm: Annotated[
        bool, option("Model", "Power norm", "Of what the attention gives; off for XD-Violence")
    ] = True
    dropout: Annotated[float, dropout_of("Of both layers after the attention")] = 0.1
    nearness_slope: Annotated[
        float, option("Training", "Nearness: slope", "γ, what learning begins with", ge=0, le=10)
    ] = 0.6
    nearness_offset: Annotated[
        float, option("Training", "Nearness: offset", "Of the same exponent", ge=0, le=10)
    ] = 0.2
    temperature: Annotated[
        float, option("Training", "Temperature", "Of likeness to texts, at first", gt=0, le=10)
    ] = 0.09
    prompt_weight: Annotated[
        float, option("Training", "Weight of the prompts", "λ, of the loss of texts", ge=0)
    ] = 1.0
    updates: Updates = 6300
    batch_size: BatchSize = 128
    learning_rate: LearningRate = 5e-4
    validate_every: ValidateEvery = 126
    precision: ComputePrecision = "float32"
    smoothing: Annotated[
        Literal["slide", "fixed", "none"],
        option("Scoring", "Smoothing", "The mean with the rows that follow, or of each run of rows "
               "that follow one another"),
    ] = "slide"  # fmt: skip
    smoothed_rows: Annotated[
        int, option("Scoring", "Smoothed rows", "κ, that a mean is of", ge=1, le=4096)
    ] = 7


@register
class PEL4VAD(WeakMethod):
    title = "PEL4VAD"
    summary = (
        "Learns context from all and from near segments at once, and to be like texts that "
        "describe each class of events, where such are given"
    )
    paper = (
        "Pu et al., Learning Prompt-Enhanced Context Features for Weakly-Supervised Video Anomaly "
        "Detection, IEEE Transactions on Image Processing 2024"
    )
    rule = (
        "The frames of a row of features have its score, the mean over crops, made with the whole "
        "video in view and smoothed over the rows that follow; frames after the last row share "
        "its score"
    )
    Config = PEL4VADConfig
    tiny = PEL4VADConfig(
        segments=16, window=1, attention_width=1, width=128, causal_segments=1, updates=60,
        batch_size=8, learning_rate=0.005, validate_every=10, smoothing="none",
    )  # fmt: skip
    width_of = "to_context.weight"
    config: PEL4VADConfig
    prompts: Prompts | None = None
    context_width = 0  # half of the features' width, unless texts or what was learnt say otherwise

    def make_bag(self, rows: Rows, n_segments: int) -> NDArray[np.float32]:
        return sampled_or_padded(rows, n_segments)

    def build(self, dimension: int) -> nn.Module:
        config = self.config
        return ContextAggregation(
            dimension, context=self.context_width or max(1, dimension // 2),
            attention=config.attention_width, hidden=config.width, window=config.window,
            causal=config.causal_segments, is_normed=config.power_norm, dropout=config.dropout,
            slope=config.nearness_slope, offset=config.nearness_offset,
            temperature=config.temperature,
        )  # fmt: skip

    def take_shape(self, tensors: Mapping[str, Tensor]) -> None:
        weights = tensors.get(f"modules/network/{self.width_of}")
        self.context_width = 0 if weights is None else len(weights)
        super().take_shape(tensors)

    @property
    def context_network(self) -> ContextAggregation:
        assert isinstance(self.learnt, ContextAggregation)
        return self.learnt

    def optimiser(self, network: nn.Module) -> Optimizer:
        return torch.optim.Adam(network.parameters(), lr=self.config.learning_rate)

    def schedule(self) -> Schedule:
        return Schedule(shape="cosine", passed=PASSED)

    def fit(self, data: TrainingData, training: Training) -> None:
        config = self.config
        if config.prompts:
            self.prompts = read_prompts(Path(config.prompts), config.prompt_classes, data.train)
            self._fit_width(self.prompts.width)
            training.reporter.send("facts", values={"prompts_sha256": self.prompts.sha256})
        super().fit(data, training)

    def _fit_width(self, width: int) -> None:
        if self.network is None:
            self.context_width = width
        elif self.context_width != width:
            raise BadInput(
                f"The prompts have {width} numbers each, where the network that learns on is made "
                f"for {self.context_width}"
            )

    def learner(
        self, data: TrainingData, train: BagStore, validation: BagStore | None
    ) -> BagLearner:
        learner = _PromptLearner(self, train, validation)
        if self.prompts is not None:
            learner.texts = np.array([self.prompts.row_of(video) for video in data.train])
        return learner

    def learnt_from(self) -> tuple[str, ...]:
        return (self.prompts.sha256, *self.prompts.classes) if self.prompts else ()

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        bce = self._bce(*self._whole(normal, abnormal)[:2], len(normal))
        return {"loss": bce, "bce": bce}

    def losses_with_texts(
        self, normal: Tensor, abnormal: Tensor, texts_of_abnormal: Indices
    ) -> Mapping[str, Tensor]:
        """`texts_of_abnormal` are the rows of prompts of the abnormal bags' classes."""
        scores_BT, lengths_B, context_BTV = self._whole(normal, abnormal)
        bce = self._bce(scores_BT, lengths_B, len(normal))
        prompts = self._held_against_texts(scores_BT, context_BTV, len(normal), texts_of_abnormal)
        return {"loss": bce + self.config.prompt_weight * prompts, "bce": bce, "prompts": prompts}

    def _whole(self, normal: Tensor, abnormal: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Scores (B, T), lengths (B,) and context (B, T, V), cut to the longest of the bags."""
        bags_BTD = torch.cat([normal, abnormal])
        lengths_B = bag_lengths(bags_BTD)
        scores_BT, context_BTV = self.output(bags_BTD[:, : int(lengths_B.max())])
        return scores_BT.float(), lengths_B, context_BTV.float()

    @staticmethod
    def _bce(scores_BT: Tensor, lengths_B: Tensor, n_normal: int) -> Tensor:
        """Of a normal bag the highest score counts, of an abnormal one the mean of several."""
        n_top_B = lengths_B // SEGMENTS_PER_TOP + 1
        n_top_B[:n_normal] = 1
        labels_B = torch.zeros(len(scores_BT), device=scores_BT.device)
        labels_B[n_normal:] = 1
        return F.binary_cross_entropy(mean_of_highest(scores_BT, lengths_B, n_top_B), labels_B)

    def _held_against_texts(
        self, scores_BT: Tensor, context_BTV: Tensor, n_normal: int, texts: Indices
    ) -> Tensor:
        """Of normal bags and of abnormal ones' foregrounds and backgrounds.

        Each is to be like the texts of all that have its own text, and unlike the others.
        """
        assert self.prompts is not None
        foreground_BV = _added_up(scores_BT, context_BTV)
        background_BV = _added_up(1 - scores_BT, context_BTV)[n_normal:]
        features_GV = torch.cat([foreground_BV, background_BV])
        rows = torch.full((len(features_GV),), NORMAL_ROW, device=features_GV.device)
        rows[n_normal : len(scores_BT)] = torch.from_numpy(texts).to(rows)
        vectors = torch.from_numpy(self.prompts.vectors).to(features_GV.device)
        likeness_GG = self.context_network.likeness(features_GV, vectors[rows])
        is_same_GG = (rows[:, None] == rows[None]).float()
        wanted_GG = (CERTAINTY * is_same_GG).softmax(dim=1)
        return F.kl_div(likeness_GG.log_softmax(dim=1), wanted_GG, reduction="batchmean")

    def video_scores(self, bags: Tensor) -> Tensor:
        """As an abnormal bag's, each of its own length: what is padded changes the attention."""
        lengths_B = bag_lengths(bags)
        scores_B = bags.new_zeros(len(bags))
        for length in lengths_B.unique().tolist():
            is_so_long = lengths_B == length
            scores_BT = self.output(bags[is_so_long, :length])[0].float()
            n_top = length // SEGMENTS_PER_TOP + 1
            scores_B[is_so_long] = scores_BT.topk(min(n_top, length), dim=1).values.mean(1)
        return scores_B

    def bag_scores(self, bags: Tensor) -> Tensor:
        scores_BT = self.output(bags)[0].float()
        if self.config.smoothing == "none":
            return scores_BT
        smoothed = slid if self.config.smoothing == "slide" else fixed
        return smoothed(scores_BT, self.config.smoothed_rows)


class _PromptLearner(BagLearner):
    """Learns with `texts` (V,), the row of prompts of each training video, where there are any."""

    method: PEL4VAD
    texts: Indices | None = None

    def losses(self, normal: Indices, abnormal: Indices) -> Mapping[str, Tensor]:
        if self.texts is None:
            return super().losses(normal, abnormal)
        bags = self.bags(self.train, normal), self.bags(self.train, abnormal)
        return self.method.losses_with_texts(
            *bags, self.texts[abnormal // self.train.store.n_crops]
        )


def _added_up(scores_BT: Tensor, context_BTV: Tensor) -> Tensor:
    """(B, V): segments weigh as much as exp(10 · score) − 1; so do those that pad."""
    weights_BT = F.normalize(torch.expm1(SHARPNESS * scores_BT), p=1, dim=1)
    return (weights_BT[:, None] @ context_BTV)[:, 0]


def slid(scores_BT: Tensor, n_rows: int) -> Tensor:
    """(B, T): the mean of each score and the `n_rows` − 1 after it; zeros follow the last one."""
    return F.avg_pool1d(F.pad(scores_BT, (0, n_rows - 1)), n_rows, 1)


def fixed(scores_BT: Tensor, n_rows: int) -> Tensor:
    """(B, T): the mean of each run of `n_rows` scores; zeros follow the last one."""
    n_scores = scores_BT.shape[1]
    means = F.avg_pool1d(F.pad(scores_BT, (0, -n_scores % n_rows)), n_rows)
    return means.repeat_interleave(n_rows, dim=1)[:, :n_scores]
