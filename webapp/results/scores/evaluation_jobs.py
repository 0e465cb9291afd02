"""Evaluation as a job: which numbers a run lacks, what is computed of, where they are kept.

Under every preset, as soon as the scores of a run are there. The job of the last fold of a
cross-validation brings the numbers of all folds together, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from django.db.models import QuerySet

from ml.evaluation import ScoredVideo
from ml.evaluation.exchange import save_scored
from webapp.accounts.models import User
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, PooledEvaluation, Protocol, ScoreSet
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.scores.evaluating import evaluations_key, hashes_of
from webapp.results.scores.pooling import CrossValidation, pooled_key
from webapp.results.scores.with_ground_truth import labelled_scores, labelled_validation
from webapp.runs import stages
from webapp.runs.models import Run

TARGETS = "targets.json"  # of each task: where what comes of it is kept
POOLED = ("metrics", "intervals", "counts")


@dataclass(frozen=True, kw_only=True)
class Task:
    """`protocols` under which the scores of these sets, together, have no numbers yet."""

    score_sets: Sequence[ScoreSet]
    protocols: Sequence[Protocol]
    is_pooled: bool = False

    def videos(self) -> list[ScoredVideo]:
        truth = self.score_sets[0].run.annotation_set
        videos = [video for each in self.score_sets for video in labelled_scores(each, truth)]
        return sorted(videos, key=lambda video: video.video_id) if self.is_pooled else videos

    def validation(self) -> list[ScoredVideo]:
        """Folds have their own, which decide nothing together."""
        if self.is_pooled:
            return []
        [score_set] = self.score_sets
        return labelled_validation(score_set, score_set.run.annotation_set)

    def to_json(self) -> dict[str, Any]:
        return {
            "score_sets": [score_set.pk for score_set in self.score_sets],
            "protocols": [protocol.pk for protocol in self.protocols],
            "is_pooled": self.is_pooled,
        }


def submit_evaluation(run: Run, *, by: User | None, queue: str = "") -> Job:
    """The job that `run` has from now on. A light one: the CPU will do."""
    job = stages.begin(run, "evaluate", queue=queue or jobs.light_queue(), by=by)
    run.current_job = job
    run.save(update_fields=["current_job", "updated_at"])
    return job


def submit_missing() -> int:
    """For every run at rest that lacks numbers of this evaluator. Return how many."""
    pools: set[str] = set()
    lacking = [run for run in _at_rest() if _lacks(run, pools)]
    for run in lacking:
        submit_evaluation(run, by=run.created_by)
    return len(lacking)


def _at_rest() -> Iterable[Run]:
    runs = Run.objects.scored().select_related("split", "team", "created_by", "current_job")
    return [run for run in runs.order_by("pk") if not run.is_going_on]


def _lacks(run: Run, pools: set[str]) -> bool:
    """`pools` are the hashes of folds that another run will bring together."""
    tasks = tasks_of(run)
    pooled = {each.pool_hash for each in _folds(run) if any(task.is_pooled for task in tasks)}
    is_needed = any(not task.is_pooled for task in tasks) or bool(pooled - pools)
    pools |= pooled
    return is_needed


def tasks_of(run: Run) -> list[Task]:
    """What the scores of `run` are to be evaluated for."""
    protocols = ensure_protocols()
    tasks = [*_own(run, protocols), *_of_folds(run, protocols)]
    return [task for task in tasks if task.protocols]


def _own(run: Run, protocols: Sequence[Protocol]) -> list[Task]:
    return [
        Task(score_sets=[each], protocols=_missing(Evaluation, evaluations_key(each), protocols))
        for each in _score_sets(run=run)
    ]


def _score_sets(**wanted: Any) -> QuerySet[ScoreSet]:
    return ScoreSet.objects.filter(**wanted).select_related("run__annotation_set").order_by("pk")


def _of_folds(run: Run, protocols: Sequence[Protocol]) -> list[Task]:
    tasks = []
    for folds in _folds(run):
        sets = list(_score_sets(run__in=folds.runs))
        missing = _missing(PooledEvaluation, pooled_key(sets), protocols)
        tasks.append(Task(score_sets=sets, protocols=missing, is_pooled=True))
    return tasks


def _folds(run: Run) -> list[CrossValidation]:
    """Those that `run` is one of, where they can be brought together."""
    folds = CrossValidation.of(run)
    return [] if folds is None or folds.refusal else [folds]


def _missing(
    table: type[Evaluation | PooledEvaluation], key: dict[str, Any], protocols: Sequence[Protocol]
) -> list[Protocol]:
    there = set(table.objects.filter(**key).values_list("protocol_id", flat=True))
    return [protocol for protocol in protocols if protocol.pk not in there]


def write_tasks(run: Run, folder: Path) -> list[dict[str, Any]]:
    """Put into `folder` what `ml.evaluation.tasks` needs, and return what it is told."""
    tasks = tasks_of(run)
    (folder / TARGETS).write_text(json.dumps([task.to_json() for task in tasks]))
    return [_write(task, folder / f"task-{number}") for number, task in enumerate(tasks)]


def _write(task: Task, stem: Path) -> dict[str, Any]:
    paths = {name: stem.with_name(f"{stem.name}-{name}.npz") for name in ("videos", "validation")}
    save_scored(task.videos(), paths["videos"])
    save_scored(task.validation(), paths["validation"])
    protocols = [protocol.settings for protocol in task.protocols]
    return {name: str(path) for name, path in paths.items()} | {"protocols": protocols}


def store_evaluations(events: Iterable[dict[str, Any]], folder: Path) -> None:
    """Keep what the process has told. What is there already stays as it is."""
    targets = json.loads((folder / TARGETS).read_text())
    for event in events:
        target = targets[event["task"]]
        values = json.loads((folder / event["path"]).read_text())
        replicates = np.load(folder / event["replicates"], allow_pickle=False)
        protocol = Protocol.objects.get(pk=target["protocols"][event["protocol"]])
        found = list(_score_sets(pk__in=target["score_sets"]))
        if target["is_pooled"]:
            _keep_pooled(found, protocol, values)
        else:
            _keep(found[0], protocol, values | {"replicate_values": replicates.tobytes()})


def _keep(score_set: ScoreSet, protocol: Protocol, values: dict[str, Any]) -> None:
    key = evaluations_key(score_set) | {"protocol": protocol}
    Evaluation.objects.get_or_create(**key, defaults=values | hashes_of(score_set))


def _keep_pooled(
    score_sets: Sequence[ScoreSet], protocol: Protocol, values: dict[str, Any]
) -> None:
    key = pooled_key(score_sets) | {"protocol": protocol}
    defaults = {name: values[name] for name in POOLED}
    pooled, is_new = PooledEvaluation.objects.get_or_create(**key, defaults=defaults)
    if is_new:
        pooled.score_sets.set(score_sets)
