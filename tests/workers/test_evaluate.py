"""Evaluation as a job: a real child computes, the numbers are those of the evaluator itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.forms.models import model_to_dict

from ml.evaluation.overview import overview_of
from ml.reports import Event
from tests.evaluating import evaluate_under_each
from tests.factories.jobs import JobFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import MethodFactory
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, ScoreOverview, ShortcutBaseline
from webapp.results.protocols.presets import PRESETS, ensure_protocols
from webapp.results.protocols.team import create_protocol
from webapp.results.scores.with_ground_truth import labelled_scores
from webapp.runs.models import Run
from workers import kinds
from workers.kinds import JobKind

pytestmark = pytest.mark.django_db
OURS = ("id", "score_set")


@pytest.fixture
def kind() -> JobKind:
    return kinds.find("evaluate").kind


@pytest.fixture
def run(team: Team) -> Run:
    random = np.random.default_rng(3)
    labels = {name: random.integers(0, 2, 60).tolist() for name in ("a", "b", "c")}
    run = labelled_run(labels, team=team)
    save_by_name(run, {name: float32(*random.normal(size=60)) for name in labels})
    return run


@pytest.fixture
def job(run: Run) -> Job:
    run.current_job = JobFactory.create(
        team=run.team, kind="evaluate", subject_id=run.pk, held=True
    )
    run.save()
    return run.current_job


def work(spec: dict[str, Any], folder: Path) -> list[Event]:
    """What the child tells."""
    path = folder / "spec.json"
    path.write_text(json.dumps(spec))
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "ml", "job", str(path), "--events-fd", str(writing)]
    child = subprocess.Popen(command, pass_fds=[writing])
    os.close(writing)
    with os.fdopen(reading) as pipe:
        events = [json.loads(line) for line in pipe]
    assert child.wait() == 0, events
    return events


def done(kind: JobKind, job: Job, folder: Path) -> list[Event]:
    events = work(kind.prepare(job, folder), folder)
    for event in events:
        if event["event"] in ("evaluation", "overview", "shortcut"):
            kind.on_event(job, event, folder)
    kind.on_success(job, folder)
    return events


def stored(evaluation: Evaluation) -> dict[str, Any]:
    values = model_to_dict(evaluation, exclude=OURS)
    return values | {"replicate_values": bytes(evaluation.replicate_values)}


def test_its_numbers_are_those_of_the_evaluator_bit_for_bit(
    kind: JobKind, job: Job, run: Run, tmp_path: Path
) -> None:
    events = done(kind, job, tmp_path)

    made = {each.protocol_id: stored(each) for each in Evaluation.objects.all()}
    assert len(made) == len(PRESETS)
    Evaluation.objects.all().delete()
    here = evaluate_under_each(run.score_set, ensure_protocols())
    assert made == {each.protocol_id: stored(each) for each in here}
    assert [event["done"] for event in events if event["event"] == "progress"] == list(
        range(1, len(PRESETS) + 1)
    )
    truth = run.annotation_set
    overview = overview_of(labelled_scores(run.score_set, truth))
    made_of_all = ScoreOverview.objects.get(score_set=run.score_set, annotation_set=truth)
    assert (made_of_all.grid, made_of_all.sweep) == (overview.grid, overview.sweep)
    assert run.score_set.lowest == overview.lowest


def test_what_the_job_is_told_to_make_comes_beside_what_is_offered(
    kind: JobKind, job: Job, run: Run, bob: User, tmp_path: Path
) -> None:
    values = {"team": run.team, "title": "Ours", "by": bob}
    old = create_protocol(**values, settings={"drop_first": 1})
    new = create_protocol(**values, settings={"drop_first": 2}, version_of="ours")
    job.spec = {"protocols": [old.pk]}

    [task] = kind.prepare(job, tmp_path)["tasks"]

    assert task["protocols"] == [
        *(each.settings for each in ensure_protocols()), new.settings, old.settings,
    ]  # fmt: skip


def test_numbers_that_are_there_are_not_made_again(
    kind: JobKind, job: Job, run: Run, tmp_path: Path
) -> None:
    there = evaluate_under_each(run.score_set, ensure_protocols()[:2])

    [task] = kind.prepare(job, tmp_path)["tasks"]
    assert len(task["protocols"]) == len(PRESETS) - 2
    assert task["needs_overview"]

    evaluate_under_each(run.score_set, ensure_protocols())
    done(kind, job, tmp_path)
    assert Evaluation.objects.filter(pk__in=[each.pk for each in there]).count() == 2
    assert Evaluation.objects.count() == len(PRESETS)


def test_a_lost_job_goes_on_as_its_successor(kind: JobKind, job: Job, run: Run) -> None:
    successor = JobFactory.create(team=run.team, kind="evaluate", subject_id=run.pk)

    kind.on_replaced(job, successor)

    run.refresh_from_db()
    assert run.current_job == successor


def test_the_shortcut_baseline_is_made_beside_numbers_of_what_learnt_from_labels(
    kind: JobKind, job: Job, run: Run, tmp_path: Path
) -> None:
    run.method = MethodFactory.create(name="full", supervision="full")
    run.save()

    done(kind, job, tmp_path)

    baseline = ShortcutBaseline.objects.get(split=run.split)
    assert (baseline.judged["n_train"], baseline.judged["auroc"]) == (0, None)  # all are abnormal
    assert kind.prepare(job, tmp_path)["shortcut"] is None
