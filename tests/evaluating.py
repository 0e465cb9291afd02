"""Evaluations as a worker makes them, in this process: for tests that ask for the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils import timezone

from ml.evaluation import Settings, evaluate_under
from ml.evaluation.tasks import evaluate_tasks, write_baseline
from ml.reports import Event, Reporter
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol, ScoreSet
from webapp.results.scores.evaluation_files import STORED, store_evaluations, write_tasks
from webapp.results.scores.evaluation_jobs import submit_evaluation
from webapp.results.scores.evaluation_keys import evaluations_key, hashes_of
from webapp.results.scores.evaluation_tasks import Task
from webapp.results.scores.shortcuts import store_shortcut, write_shortcut
from webapp.runs.models import Run


def evaluate_run(run: Run, asked: Iterable[int] = ()) -> None:
    """All that its job would do."""
    events: list[Event] = []
    with TemporaryDirectory() as place:
        folder = Path(place)
        evaluate_tasks(write_tasks(run, folder, asked), folder, Reporter(events.append))
        store_evaluations([e for e in events if e["event"] in STORED], folder)
        if given := write_shortcut(run, folder):
            made = write_baseline(Path(given), folder / "made.json")
            store_shortcut(run, json.loads(made.read_text()))


def submit_and_end(run: Run, **values: Any) -> Job:
    """In place of `submit_evaluation`: with a worker that needs no time."""
    job = submit_evaluation(run, **values)
    end_evaluations()
    return job


def end_evaluations() -> int:
    """Do what waits, as a worker would. Return how many jobs that were."""
    waiting = list(Job.objects.waiting().filter(kind="evaluate"))
    for job in waiting:
        evaluate_run(Run.objects.get(pk=job.subject_id), job.spec.get("protocols", []))
        Job.objects.filter(pk=job.pk).update(
            status="succeeded", started_at=timezone.now(), finished_at=timezone.now()
        )
    return len(waiting)


def evaluate(score_set: ScoreSet, protocol: Protocol) -> Evaluation:
    """As `evaluate_under_each`, under one."""
    return evaluate_under_each(score_set, [protocol])[0]


def evaluate_under_each(score_set: ScoreSet, protocols: Sequence[Protocol]) -> list[Evaluation]:
    """Numbers under some protocols alone, straight from the evaluator; what is there stays."""
    videos, validation = Task(score_sets=[score_set], protocols=protocols).material().scored()
    settings = [Settings.from_json(protocol.settings) for protocol in protocols]
    outcomes = evaluate_under(videos, settings, validation)
    made = []
    for protocol, outcome in zip(protocols, outcomes, strict=True):
        values = outcome.to_json() | {
            "replicates": outcome.replicates.facts(),
            "replicate_values": outcome.replicates.values.astype("<f8").tobytes(),
        }
        key = evaluations_key(score_set) | {"protocol": protocol}
        defaults = values | hashes_of(score_set)
        made.append(Evaluation.objects.get_or_create(**key, defaults=defaults)[0])
    return made
