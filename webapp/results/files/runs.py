"""The list of runs as a table for files: all that the filter lets through, read in batches."""

from __future__ import annotations

import json
from collections.abc import Iterator

from django.utils.translation import gettext as _

from webapp.common.errors import UserError
from webapp.results.files.tables import Printed, Row, Table, about, interval, number
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT, LONG
from webapp.runs.models import Run, RunQuerySet

MAX_ROWS = 20_000
BATCH = 500
METRICS = ("auroc", "average_precision", "equal_error_rate", "macro_auroc")
COLUMNS = (
    "run", "name", "kind", "method", "features", "feature_set", "region_set", "weights",
    "starts_from", "supervision", "dataset", "dataset_id", "split",
    "ground_truth", "seed", "selection", "selected_on_test", "status", "created_at", "scored_at",
    *(f"{name}{end}" for name in METRICS for end in ("", "_lower", "_upper")),
    "protocol", "protocol_version", "evaluator_version", "score_hash", "annotation_hash", "config",
)  # fmt: skip


def run_table(runs: RunQuerySet, protocol: Protocol) -> Table:
    """Newest first. Raise UserError where there are more than one file should hold."""
    n_rows = runs.count()
    if n_rows > MAX_ROWS:
        sentence = _("These are %(n)d runs, and a file holds %(most)d: narrow the filter.")
        raise UserError(sentence % {"n": n_rows, "most": MAX_ROWS}, code="too_many_rows")
    made = about(protocol)
    return Table(
        title=f"{n_rows} runs",
        about=made | {"n_runs": n_rows},
        columns=COLUMNS,
        rows=lambda: (_row(run, evaluation) | made for run, evaluation in _read(runs, protocol)),
        head=("run", "method", "dataset", "split", "seed", "AUC", "95 %", "AP", "EER"),
        alignment="llllrrlrr",
        lines=lambda: (_line(run, evaluation) for run, evaluation in _read(runs, protocol)),
        is_streamed=True,
    )


def _read(runs: RunQuerySet, protocol: Protocol) -> Iterator[tuple[Run, Evaluation | None]]:
    """By id and in batches, so that memory holds one of them however many runs there are."""
    ordered = runs.for_list().select_related("split", "annotation_set").order_by("-id")
    batch = list(ordered[:BATCH])
    while batch:
        found = _evaluations(batch, protocol)
        yield from ((run, found.get(run.pk)) for run in batch)
        batch = list(ordered.filter(pk__lt=batch[-1].pk)[:BATCH])


def _evaluations(runs: list[Run], protocol: Protocol) -> dict[str, Evaluation]:
    """Against the ground truth that each run was submitted with."""
    truths = {run.pk: run.annotation_set_id for run in runs}
    found = Evaluation.objects.filter(IS_CURRENT, protocol=protocol, score_set__run__in=runs)
    return {
        each.score_set.run_id: each
        for each in found.select_related("score_set").defer(*LONG)
        if each.annotation_set_id == truths[each.score_set.run_id]
    }


def _row(run: Run, evaluation: Evaluation | None) -> Row:
    return {
        "run": run.pk,
        "name": run.name,
        "kind": run.kind,
        "method": run.method_name,
        "features": run.features,
        "feature_set": run.feature_set_id,
        "region_set": run.region_set_id,
        "weights": run.weights_id,
        "starts_from": run.starts_from.origin_id if run.starts_from else None,
        "supervision": run.method.supervision if run.method else run.supervision,
        "dataset": run.dataset.name,
        "dataset_id": run.dataset_id,
        "split": str(run.split),
        "ground_truth": run.annotation_set.version,
        "seed": run.seed,
        "selection": run.selection,
        "selected_on_test": run.is_selected_on_test,
        "status": run.status,
        "created_at": run.created_at.isoformat(),
        "scored_at": run.scored_at.isoformat() if run.scored_at else None,
        "score_hash": evaluation.score_hash if evaluation else None,
        "annotation_hash": evaluation.annotation_hash if evaluation else None,
        "config": json.dumps(run.config, sort_keys=True),
    } | _numbers(evaluation)


def _numbers(evaluation: Evaluation | None) -> Row:
    if evaluation is None:
        return {}
    found: Row = {}
    for name in METRICS:
        lower, upper = evaluation.intervals.get(name) or (None, None)
        found[name] = evaluation.metrics.get(name)
        found |= {f"{name}_lower": lower, f"{name}_upper": upper}
    return found


def _line(run: Run, evaluation: Evaluation | None) -> list[Printed]:
    metrics = evaluation.metrics if evaluation else {}
    return [
        Printed(text=run.name, marks=("on_test",) * run.is_selected_on_test),
        Printed(text=run.method_name),
        Printed(text=run.dataset.name),
        Printed(text=str(run.split)),
        Printed(text=str(run.seed)),
        number(metrics.get("auroc")),
        interval(evaluation.intervals.get("auroc") if evaluation else None),
        number(metrics.get("average_precision")),
        number(metrics.get("equal_error_rate")),
    ]
