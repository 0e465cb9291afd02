"""Making features with real children: shards, what becomes of them, a worker that dies."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from ml.methods.sultani_mil import SultaniMIL
from ml.registry import as_json
from ml.registry import describe as describe_methods
from tests.extracting import claimed, content, dataset_of, make_videos
from tests.extracting import work as finish
from tests.factories.datasets import (
    AnnotationSetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
)
from tests.patience import wait_until
from webapp.accounts.models import Team, User
from webapp.datasets import extracted, extraction
from webapp.datasets.extractors import publish_extractors
from webapp.datasets.models import Dataset, ExtractedFile, Extractor, FeatureSet, Split
from webapp.jobs import services as jobs
from webapp.jobs.models import Job, Shard, WorkerNode
from webapp.runs.models import Method, Run
from webapp.runs.services import create_run, publish_methods
from workers import supervisor
from workers.housekeeping import Housekeeper

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_videos(tmp_path_factory.mktemp("videos"))


@pytest.fixture
def dataset(team: Team, folder: Path, settings: Any) -> Dataset:
    settings.DATA_ROOTS = [folder]
    from ml.extraction import describe

    publish_extractors(describe())
    return dataset_of(team, folder)


@pytest.fixture
def worker(settings: Any) -> WorkerNode:
    settings.SCORING_SHARDS, settings.SCORING_SHARD_FRAMES = 2, 1
    settings.WORKER_THREADS = 1
    return jobs.announce("lab1:100", queues=["cpu"], slots=1, facts={})


def begin(dataset: Dataset, by: User, **changes: Any) -> FeatureSet:
    facts = {"name": "flow", "extractor": Extractor.objects.get(pk="flow_gradients"), "by": by}
    return extraction.extract(dataset=dataset, **facts | changes)


def work(worker: WorkerNode) -> None:
    """Until nothing waits."""
    while supervisor.run_next("cpu", worker=worker):
        pass


def split_of(dataset: Dataset) -> Split:
    """A normal and an abnormal video to learn from, and one of each to judge."""
    split = SplitFactory.create(dataset=dataset)
    truth = AnnotationSetFactory.create(dataset=dataset)
    for video in dataset.videos.order_by("name"):
        part = "train" if video.name in "01" else "test"
        SplitMemberFactory.create(split=split, video=video, part=part)
        if video.label == "abnormal":
            IntervalFactory.create(annotation_set=truth, video=video, start_frame=4, end_frame=12)
    return split


def test_two_shards_make_what_a_method_learns_from(
    dataset: Dataset, bob: User, team: Team, worker: WorkerNode
) -> None:
    split = split_of(dataset)
    feature_set = begin(dataset, bob)
    work(worker)

    found = FeatureSet.objects.get(pk=feature_set.pk)
    assert (found.state, found.n_crops, found.dimension) == ("ready", 1, 400)
    assert found.files.count() == 4
    assert found.health["n_rows"] == 7
    assert found.health["rules"] == {"whole": 4}
    shards = Shard.objects.filter(stage__subject_id=found.pk)
    assert [(len(each.videos), each.job.status) for each in shards] == [(2, "succeeded")] * 2
    [made_with] = extracted.made_with(found)
    assert made_with["torch"]
    assert made_with["device"] == "cpu"

    publish_methods(each for each in describe_methods() if each["name"] == "sultani_mil")
    config = as_json(SultaniMIL.tiny) | {"updates": 2, "validate_every": 1}
    run = create_run(
        team=team, dataset=dataset, split=split, method=Method.objects.get(), config=config,
        feature_set=found, by=bob,
    )  # fmt: skip
    waiting = claimed(worker, run)
    for _job in ("training", "shard", "shard"):  # here, since children take seconds to start
        finish(next(waiting))
    run = Run.objects.get(pk=run.pk)
    assert run.score_set.videos.count() == 2


@pytest.mark.soak
def test_a_worker_that_is_killed_in_the_middle_costs_one_video_at_most(
    dataset: Dataset, bob: User, team: Team, worker: WorkerNode, start: Start, tmp_path: Path,
    settings: Any,
) -> None:  # fmt: skip
    settings.SCORING_SHARDS = 1
    videos = dataset.videos
    slow = begin(dataset, bob, frames_per_row=1)  # for it to be killed while it makes many rows
    victim = start("-m", "tests.workers.run_one")
    wait_until(lambda: slow.files.exists())
    victim.kill()
    victim.wait()
    there = dict(slow.files.values_list("video__name", "extracted_id"))
    Job.objects.filter(subject_id=slow.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    Housekeeper().make_pass()
    work(worker)

    found = FeatureSet.objects.get(pk=slow.pk)
    assert found.state == "ready"
    assert found.files.count() == videos.count()
    lost, again = Job.objects.filter(subject_id=slow.pk).order_by("pk")
    assert (lost.status, again.status, again.retry_of) == ("lost", "succeeded", lost)
    kept = dict(found.files.values_list("video__name", "extracted_id"))
    assert there.items() <= kept.items()  # not made again
    names = list(ExtractedFile.objects.order_by("pk").values_list("file", flat=True))
    assert sum(f"/{lost.pk}/" in name for name in names) == len(there)
    assert sum(f"/{again.pk}/" in name for name in names) == videos.count() - len(there)
    assert extracted.strays(found) == []
    whole = begin(dataset_of(_other_team(bob), Path(dataset.folder)), bob, frames_per_row=1)
    work(worker)
    assert content(whole) == content(found)


def _other_team(user: User) -> Team:
    from tests.factories.accounts import MembershipFactory
    from webapp.accounts.models import Role

    return MembershipFactory.create(user=user, role=Role.OWNER).team
