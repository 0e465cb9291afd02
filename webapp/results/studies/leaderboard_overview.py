"""All leaderboards of a team at once: datasets by protocols, the best of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, FloatField, QuerySet, Window
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from ml.evaluation import METRICS, Metric, Settings
from webapp.datasets.models import Dataset
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.runs.models import Run

DATASET = "score_set__run__dataset"
SPLIT = "score_set__run__split"
FIELDS = ("pk", DATASET, "score_set__run", "score_set__run__name", "score_set__run__selection")


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best run of a dataset's newest split and ground truth, of `n_runs` that may be ranked."""

    run_id: str
    run_name: str
    value: float
    interval: list[float] | None
    n_runs: int
    is_selected_on_test: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """A dataset with the best under each protocol, None where no run has the number."""

    dataset: Dataset
    cells: list[tuple[Protocol, Best | None]]


def lines(datasets: QuerySet[Dataset], protocols: Sequence[Protocol]) -> list[Line]:
    """Of datasets with a number under any of `protocols`. One query for each protocol."""
    rows = list(datasets)
    best = {protocol.pk: best_of_each(rows, protocol) for protocol in protocols}
    found = [
        Line(
            dataset=dataset,
            cells=[
                (protocol, best[protocol.pk].get(dataset.pk))
                for protocol in protocols
                if protocol.team_id in (None, dataset.team_id)
            ],
        )
        for dataset in rows
    ]
    return [line for line in found if any(cell for _protocol, cell in line.cells)]


def best_of_each(datasets: Iterable[Dataset], protocol: Protocol) -> dict[str, Best]:
    """By dataset id: what stands first in the first table of its leaderboard."""
    name, metric = metric_of(protocol)
    value = Cast(KT(f"metrics__{name}"), FloatField())
    rivals = Window(Count("pk"), partition_by=[F(DATASET), F(SPLIT), F("annotation_set")])
    evaluations = Evaluation.objects.filter(
        IS_CURRENT, protocol=protocol, **{f"{DATASET}__in": list(datasets)}
    )
    numbered = evaluations.annotate(value=value).filter(value__isnull=False)
    in_order = numbered.annotate(n_runs=rivals).order_by(
        DATASET,
        "-annotation_set__version",
        f"-{SPLIT}",
        "-value" if metric.higher_is_better else "value",
        "pk",
    )
    rows = in_order.distinct(DATASET).values(*FIELDS, "value", "n_runs", "intervals")
    return {row[DATASET]: _best(row, name) for row in rows}


def metric_of(protocol: Protocol) -> tuple[str, Metric]:
    """The number that leads under the protocol."""
    name = Settings.from_json(protocol.settings).metric
    return name, METRICS[name]


def _best(row: dict[str, Any], name: str) -> Best:
    return Best(
        run_id=row["score_set__run"],
        run_name=row["score_set__run__name"],
        value=row["value"],
        interval=row["intervals"].get(name),
        n_runs=row["n_runs"],
        is_selected_on_test=row["score_set__run__selection"] == Run.Selection.TEST,
    )
