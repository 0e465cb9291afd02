"""What the process of an evaluation is given, and what is kept of what it tells."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.evaluation.exchange import save_material
from webapp.common.beneath import open_beneath
from webapp.results.models import (
    Evaluation,
    PooledEvaluation,
    Protocol,
    ScoreOverview,
    ScoreSet,
)
from webapp.results.scores.evaluation_keys import evaluations_key, hashes_of
from webapp.results.scores.evaluation_tasks import Task, score_sets_for, tasks_of
from webapp.results.scores.pooling import pooled_key
from webapp.runs.models import Run

TARGETS = "targets.json"  # of each task: where what comes of it is kept
STORED = ("evaluation", "overview")  # what the process tells that is kept
POOLED = ("metrics", "intervals", "counts")


def write_tasks(run: Run, folder: Path, asked: Iterable[int] = ()) -> list[dict[str, Any]]:
    """Put into `folder` what is stored and `ml.evaluation.tasks` needs, and return what it is told.

    `asked` as in `tasks_of`. Nothing is computed: whoever evaluates does that.
    """
    tasks = tasks_of(run, asked)
    (folder / TARGETS).write_text(json.dumps([task.to_json() for task in tasks]))
    return [_write(task, folder / f"task-{number}.json") for number, task in enumerate(tasks)]


def _write(task: Task, path: Path) -> dict[str, Any]:
    save_material(task.material(), path)
    return {
        "material": str(path),
        "protocols": [protocol.settings for protocol in task.protocols],
        "needs_overview": task.needs_overview,
    }


def store_evaluations(events: Iterable[dict[str, Any]], folder: Path) -> None:
    """Store what the process has told. What is there already stays as it is."""
    targets = json.loads((folder / TARGETS).read_text())
    for event in events:
        target = targets[event["task"]]
        with open_beneath(folder, event["path"]) as file:
            values = json.load(file)
        score_sets = list(score_sets_for(pk__in=target["score_sets"]))
        if event["event"] == "overview":
            _store_overview(score_sets[0], values)
            continue
        protocol = Protocol.objects.get(pk=target["protocols"][event["protocol"]])
        if target["is_pooled"]:
            _store_pooled(score_sets, protocol, values)
        else:
            with open_beneath(folder, event["replicates"]) as file:
                replicates = np.load(file, allow_pickle=False)
            _store(score_sets[0], protocol, values | {"replicate_values": replicates.tobytes()})


def _store_overview(score_set: ScoreSet, values: dict[str, Any]) -> None:
    """With the range of scores that are stored nowhere, which nobody has read before."""
    defaults = {name: values[name] for name in ("grid", "sweep")}
    ScoreOverview.objects.get_or_create(**evaluations_key(score_set), defaults=defaults)
    unknown = ScoreSet.objects.filter(pk=score_set.pk, lowest=None)
    unknown.update(lowest=values["lowest"], highest=values["highest"])


def _store(score_set: ScoreSet, protocol: Protocol, values: dict[str, Any]) -> None:
    key = evaluations_key(score_set) | {"protocol": protocol}
    Evaluation.objects.get_or_create(**key, defaults=values | hashes_of(score_set))


def _store_pooled(
    score_sets: Sequence[ScoreSet], protocol: Protocol, values: dict[str, Any]
) -> None:
    key = pooled_key(score_sets) | {"protocol": protocol}
    defaults = {name: values[name] for name in POOLED}
    pooled, is_new = PooledEvaluation.objects.get_or_create(**key, defaults=defaults)
    if is_new:
        pooled.score_sets.set(score_sets)
