"""Means and deviations over runs of one configuration, such as its seeds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from django.db.models import F

from ml.evaluation import METRICS
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT, LONG
from webapp.results.scores.pooling import same_configuration
from webapp.runs.models import Run


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Mean over `n` runs; one run alone has no deviation."""

    n: int
    mean: float
    deviation: float | None


def seeds_of(run: Run) -> list[Run]:
    """The newest scored run of each seed of its configuration, on its split and ground truth."""
    alike = same_configuration(run).filter(split=run.split_id, annotation_set=run.annotation_set_id)
    by_seed = {each.seed: each for each in alike.scored().order_by("pk")}
    return [by_seed[seed] for seed in sorted(by_seed)]


def seed_spreads(runs: Iterable[Run], protocol: Protocol) -> dict[str, Spread]:
    """Mean and deviation of each number under `protocol`."""
    found = [each for each in evaluations_by_own_truth(runs) if each.protocol_id == protocol.pk]
    spreads = {name: spread_of(number(each, name) for each in found) for name in METRICS}
    return {name: spread for name, spread in spreads.items() if spread}


def evaluations_by_own_truth(runs: Iterable[Run]) -> list[Evaluation]:
    """Of each run against the ground truth that it was submitted with."""
    found = Evaluation.objects.filter(
        IS_CURRENT,
        score_set__run__in=list(runs),
        annotation_set=F("score_set__run__annotation_set"),
    )
    return list(found.select_related("score_set", "protocol").defer(*LONG))


def spread_of(values: Iterable[float | None]) -> Spread | None:
    """Of the values that are defined; None without any."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = stdev(known) if len(known) > 1 else None
    return Spread(n=len(known), mean=mean(known), deviation=deviation)


def number(evaluation: Evaluation | None, name: str) -> float | None:
    metrics: Mapping[str, Any] = evaluation.metrics if evaluation else {}
    return metrics.get(name)
