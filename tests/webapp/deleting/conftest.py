"""A scored run with every kind of thing hanging on it, and a maintainer who may delete it."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from tests.factories.accounts import MembershipFactory
from tests.factories.jobs import JobFactory
from tests.factories.results import explain, labelled_run
from tests.factories.runs import CheckpointFactory, RunFactory, TrainingPointFactory
from tests.webapp.sharing.conftest import LABELS, scored
from webapp.accounts.models import Role, Team, User
from webapp.datasets.models import AnnotationImport, Dataset
from webapp.jobs.models import Job
from webapp.runs.models import Run

SCORES = {"gate": (0.1, 0.2, 0.9, 0.8), "yard": (0.3, 0.7, 0.2, 0.1)}


@pytest.fixture
def maria(team: Team) -> User:
    return MembershipFactory.create(team=team, role=Role.MAINTAINER, user__name="Maria").user


@pytest.fixture
def run(team: Team) -> Run:
    return full_run(labelled_run(LABELS, team=team, name="Ramp"))


@pytest.fixture
def rival(run: Run) -> Run:
    """On the same split and ground truth."""
    basis = {"dataset": run.dataset, "split": run.split, "annotation_set": run.annotation_set}
    return full_run(RunFactory.create(team=run.team, name="Noise", **basis))


def full_run(run: Run) -> Run:
    """With a job that has ended, a checkpoint, scores, numbers and error maps."""
    end_jobs(run)
    CheckpointFactory.create(run=run)
    TrainingPointFactory.create(run=run)
    scored(run, **SCORES)
    explain(run, dict.fromkeys(run.dataset.videos.all()))
    run.refresh_from_db()
    return run


def end_jobs(run: Run) -> None:
    ended = {"status": "succeeded", "finished_at": "2026-11-27T00:00Z"}
    Job.objects.filter(subject_id=run.pk).update(**ended)


@pytest.fixture
def dataset(team: Team) -> Dataset:
    """With files of all kinds and jobs that have ended; nobody has run on it."""
    run = labelled_run(LABELS, team=team)
    dataset, job = run.dataset, run.job
    run.delete()
    job.delete()
    for video in dataset.videos.all():
        for name in ("poster", "contact_sheet", "proxy"):
            getattr(video, name).save(name, ContentFile(b"picture"))
    dataset.list_file.save("list.txt", ContentFile(b"gate 4"))
    draft = AnnotationImport(dataset=dataset, name="labels.csv")
    draft.file.save("labels.csv", ContentFile(b"gate,1,2"))
    draft.save()
    for kind, subject in (("import", dataset.pk), ("annotate", draft.pk)):
        JobFactory.create(team=team, kind=kind, subject_id=subject, ended=True)
    return dataset
