"""Methods, runs and sweeps of them, and weights."""

from webapp.runs.models.checkpoints import (
    Checkpoint,
    TrainingPoint,
    Weights,
    WeightsQuerySet,
    weights_file_name,
)
from webapp.runs.models.methods import SUPERVISION, TOLD, Method, Reads
from webapp.runs.models.runs import LARGEST_SEED, Run, RunQuerySet
from webapp.runs.models.sweeps import Sweep, SweepQuerySet

__all__ = [
    "LARGEST_SEED",
    "SUPERVISION",
    "TOLD",
    "Checkpoint",
    "Method",
    "Reads",
    "Run",
    "RunQuerySet",
    "Sweep",
    "SweepQuerySet",
    "TrainingPoint",
    "Weights",
    "WeightsQuerySet",
    "weights_file_name",
]
