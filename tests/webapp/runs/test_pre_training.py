"""Runs on a folder of classes: without test videos they end with their training."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.runs import CheckpointFactory, MethodFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.runs import services
from webapp.runs.models import Run


@pytest.fixture
def actions(team: Team) -> Split:
    """Two classes, none of them normal, to learn from and to watch."""
    split = SplitFactory.create(dataset=DatasetFactory.create(team=team))
    for part in ("train", "validation"):
        for label in ("left", "right"):
            video = VideoFactory.create(dataset=split.dataset, label=label)
            SplitMemberFactory.create(split=split, video=video, part=part)
    AnnotationSetFactory.create(dataset=split.dataset)
    return split


def submit(split: Split, by: User, supervision: str = "full", **changes: str) -> Run:
    return services.create_run(
        team=split.dataset.team, dataset=split.dataset, split=split, config={},
        method=MethodFactory.create(name=supervision, supervision=supervision), by=by, **changes,
    )  # fmt: skip


def test_a_run_ends_with_its_training_and_others_begin_with_it(
    actions: Split, bob: User, as_bob: Client
) -> None:
    run = submit(actions, bob, selection="validation")
    job = run.job
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING, fence=1)
    checkpoint = CheckpointFactory.create(run=run, step=3, is_best=True)
    job.refresh_from_db()
    with jobs.fenced(job) as held:
        assert services.training_finished(run, held) == held
        jobs.finish(held, status=Job.Status.SUCCEEDED)

    run = Run.objects.get(pk=run.pk)
    assert (run.status, run.is_finished, run.scored_at) == ("succeeded", True, None)
    assert run.ended_with_training
    assert not Job.objects.filter(kind="score").exists()
    assert "Other runs may begin with its weights" in as_bob.get(f"/runs/{run.pk}").content.decode()
    later = submit(actions, bob, starts_from=run)  # type: ignore[arg-type]
    assert later.starts_from == checkpoint


@pytest.mark.parametrize("supervision", ["weak", "one-class"])
def test_other_methods_learn_nothing_of_it(actions: Split, bob: User, supervision: str) -> None:
    with pytest.raises(UserError, match="has no normal video to train on"):
        submit(actions, bob, supervision)


def test_with_something_to_be_judged_by_a_normal_video_is_needed(actions: Split, bob: User) -> None:
    SplitMemberFactory.create(
        split=actions, video=VideoFactory.create(dataset=actions.dataset), part="test"
    )
    with pytest.raises(UserError, match="has no normal video to train on"):
        submit(actions, bob)


def test_a_single_class_is_not_enough(actions: Split, bob: User) -> None:
    actions.dataset.videos.update(label="left")
    with pytest.raises(UserError, match="has no normal video to train on"):
        submit(actions, bob)
