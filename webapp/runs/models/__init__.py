"""Methods, runs and sweeps of them, their stages, and weights."""

from webapp.runs.models.checkpoints import (
    Checkpoint,
    TrainingPoint,
    Weights,
    WeightsQuerySet,
    weights_file_name,
)
from webapp.runs.models.methods import SUPERVISION, Method, Reads
from webapp.runs.models.runs import LARGEST_SEED, Run, RunQuerySet
from webapp.runs.models.stages import Shard, ShardQuerySet, Stage
from webapp.runs.models.sweeps import ENDED_BADLY, Sweep, SweepQuerySet

__all__ = [
    "ENDED_BADLY",
    "LARGEST_SEED",
    "SUPERVISION",
    "Checkpoint",
    "Method",
    "Reads",
    "Run",
    "RunQuerySet",
    "Shard",
    "ShardQuerySet",
    "Stage",
    "Sweep",
    "SweepQuerySet",
    "TrainingPoint",
    "Weights",
    "WeightsQuerySet",
    "weights_file_name",
]
