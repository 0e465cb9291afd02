"""What every method is, and how it gets into the catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from ml import configs
from ml.catalogue import Catalogue
from ml.records import Scores, VideoRecord
from ml.supervision import Supervision, TrainingData

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from ml.training.loop import Training

# What is learnt depends on the first three groups alone: runs that differ only in options of
# "Scoring" may share one training.
Group = Literal["Data", "Model", "Training", "Scoring"]


class Reads(StrEnum):
    """What a method takes of a video."""

    FRAMES = "frames"  # one after another, from `ml.data.video.decode`
    CLIPS = "clips"  # a few frames at a time, from anywhere in the video
    FEATURES = "features"  # what a network made of it before, from `ml.data.features`


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A row of a table: a name, and what differs from the method's own values."""

    title: str
    config: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReadySweep:
    """Runs worth making together, most often a table of the method's paper.

    Every combination of the values in `grid`, for each of `variants` where there are any.
    `reproduces` says which table or claim it is, or that the paper has none.
    """

    name: str
    title: str
    reproduces: str
    grid: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    variants: tuple[Variant, ...] = ()


class Method(ABC):
    """A published approach: learns from videos, then gives every video its scores.

    How it learns is its own affair. One that learns by gradient hands a `Learner` to
    `training.run`, which repeats, resumes and keeps checkpoints for it. What not every method
    can do is a protocol, which is asked for by `isinstance`: `ScoresStreams`, `Explains`.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    paper: ClassVar[str]
    supervision: ClassVar[Supervision]
    reads: ClassVar[Reads] = Reads.FRAMES
    rule: ClassVar[str]  # one sentence: how scores belong to frames, which frames get none
    Config: ClassVar[type[Any]]
    tiny: ClassVar[Any]  # a Config with which the tests' toy is learnt in seconds
    sweeps: ClassVar[tuple[ReadySweep, ...]] = ()
    begins_with: ClassVar[tuple[str, ...]] = ()  # other methods whose weights it may begin with
    # Its losses are means over samples that do not know of each other, but for batch norms: several
    # processes may have a part of each batch.
    shares_batches: ClassVar[bool] = False

    def __init__(self, config: Any, device: torch.device) -> None:
        self.config = config
        self.device = device

    @property
    @abstractmethod
    def modules(self) -> dict[str, nn.Module]:
        """All that scoring needs of what was learnt: this is what a checkpoint holds."""

    def take_shape(self, tensors: Mapping[str, Tensor]) -> None:  # noqa: B027
        """Build what has its width from the data, as it was when these were learnt.

        `tensors` are those of a checkpoint, whose names begin with modules/<module>/. Most
        methods have nothing to build: their config says how wide they are.
        """

    @abstractmethod
    def fit(self, data: TrainingData, training: Training) -> None:
        """Learn from the training videos, watched on the validation videos."""

    @abstractmethod
    def score(self, video: VideoRecord) -> Scores:
        """Of the video's frames or clips, or of its features: by what the method `reads`."""


METHODS: Catalogue[Method] = Catalogue("ml.methods", "method")
register = METHODS.register


def option(group: Group, title: str, description: str, **limits: Any) -> Any:
    """A config field as the run form shows it; `limits` are as `ml.configs.option` has them."""
    return configs.option(group, title, description, **limits)
