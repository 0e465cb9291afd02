"""Options that methods of any family may have, each with its title, its text and its range.

A method's config names those that it has: `schedule: ScheduleShape = "cosine"`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import TypeAdapter

from ml.data.features.bags import BagType
from ml.device import Precision
from ml.methods._base import option
from ml.training.schedule import Schedule, Shape

Epochs = Annotated[
    int, option("Training", "Epochs", "Passes over all training samples", ge=1, le=10_000)
]
BatchSize = Annotated[
    int,
    option("Training", "Batch size", "Samples per update, such as windows of frames",
           ge=1, le=4096),
]  # fmt: skip
Updates = Annotated[
    int, option("Training", "Updates", "Steps of the optimiser in all", ge=1, le=10_000_000)
]
ValidateEvery = Annotated[
    int,
    option("Training", "Validate every", "So many updates, and where each pass over the shorter "
           "kind ends; the best is kept", ge=1, le=1_000_000),
]  # fmt: skip
Segments = Annotated[
    int,
    option("Data", "Segments", "A training video is cut into so many, each the mean of its "
           "features", ge=1, le=4096),
]  # fmt: skip
KeptAs = Annotated[
    BagType,
    option("Data", "Bags kept as", "float16 takes half the memory and rounds to 11 bits"),
]
RAdamReading = Annotated[
    Literal["authors", "torch"],
    option("Training", "RAdam's first steps", "While its variance is not rectified: none, as its "
           "authors first had it, or of plain momentum, as torch has it"),
]  # fmt: skip
SplitSize = Annotated[
    int,
    option("Scoring", "Split size", "Segments of a bag when a video is scored; the last bag is "
           "shorter", ge=1, le=1_000_000),
]  # fmt: skip
LearningRate = Annotated[
    float,
    option("Training", "Learning rate", "Of the optimiser; where two networks oppose each other, "
           "of the generator's", gt=0, le=10),
]  # fmt: skip
WeightDecay = Annotated[
    float, option("Training", "Weight decay", "Of all weights, by the optimiser", ge=0)
]
ComputePrecision = Annotated[
    Precision,
    option("Training", "Precision", "bf16 is faster where the hardware has it; publish float32"),
]
ScheduleShape = Annotated[
    Shape,
    option("Training", "Learning-rate schedule", "How the learning rate falls, from step to step"),
]
WarmUpSteps = Annotated[
    int,
    option("Training", "Warm-up steps", "The learning rate grows over so many; 0: at once whole",
           ge=0, le=1_000_000),
]  # fmt: skip
StepSize = Annotated[
    int,
    option("Training", "Step size", "Of the schedule “step”: it falls every so many steps",
           ge=1, le=10_000_000),
]  # fmt: skip
Gamma = Annotated[
    float, option("Training", "Gamma", "Of the schedule “step”: by this factor", gt=0, le=1)
]
Power = Annotated[
    float,
    option("Training", "Power", "Of the schedule “polynomial”: of the share that is left",
           gt=0, le=10),
]  # fmt: skip
SCHEDULE_OPTIONS = ("warm_up_steps", "step_size", "gamma", "power")


def dropout_of(what: str) -> Any:
    """The option of a share of `what` that is left out, at random, in training."""
    return option("Model", "Dropout", what, ge=0, lt=1)


def with_own_scoring(config: Any) -> Any:
    """The config with the method's own values of all options that say how videos are scored."""
    fields = TypeAdapter(type(config)).json_schema()["properties"]
    own = {name: each["default"] for name, each in fields.items() if each["group"] == "Scoring"}
    return replace(config, **own)


def schedule_of(config: Any) -> Schedule:
    """By the config's `schedule` and those of `SCHEDULE_OPTIONS` that it has."""
    given = {name: getattr(config, name) for name in SCHEDULE_OPTIONS if hasattr(config, name)}
    return Schedule(shape=config.schedule, **given)
