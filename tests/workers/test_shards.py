"""Scoring in shards with real children: a worker that is killed, what lands, what comes of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from tests.learnt import learnt_run, make_files, split_of
from tests.patience import wait_until
from webapp.accounts.models import Team
from webapp.jobs import services as jobs
from webapp.jobs import stages as shared
from webapp.jobs.models import Job, Shard, WorkerNode
from webapp.results.models import Evaluation, Explanation, PendingExplanation, PendingScores
from webapp.results.protocols.presets import PRESETS
from webapp.runs import services
from webapp.runs.models import Run
from workers import supervisor
from workers.housekeeping import Housekeeper

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., "subprocess.Popen[bytes]"]
N_VIDEOS, N_FRAMES = 6, 40


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shards")
    make_files(folder, n_videos=N_VIDEOS, n_frames=N_FRAMES)
    return folder


@pytest.fixture
def learnt(team: Team, files: Path, settings: Any) -> Callable[[], Run]:
    settings.DATA_ROOTS = [files]
    split = split_of(team, files, n_videos=N_VIDEOS, n_frames=N_FRAMES)
    return lambda: learnt_run(split, files)


@pytest.fixture
def worker(settings: Any) -> WorkerNode:
    settings.SCORING_SHARD_FRAMES = 1
    settings.WORKER_THREADS = 1
    return jobs.announce("lab1:100", queues=["cpu"], slots=1, facts={})


def work(worker: WorkerNode) -> None:
    """Until nothing waits."""
    while supervisor.run_next("cpu", worker=worker):
        pass


def rows(run: Run) -> dict[str, tuple[Any, ...]]:
    """All that is stored of a run's scores and maps, by name of the video."""
    score_set = Run.objects.get(pk=run.pk).score_set
    found = {
        row.video.name: (bytes(row.values), row.first_frame, row.frames_per_value, row.is_double)
        for table in (score_set.videos, score_set.validation_videos)
        for row in table.select_related("video")
    }
    for sheet in Explanation.objects.filter(score_set=score_set).select_related("video"):
        with sheet.sheet.open() as file:
            found[sheet.video.name] += (file.read(), sheet.highest, sheet.n_maps)
    return found | {"": (score_set.content_hash, score_set.validation_hash, score_set.rule)}


def numbers(run: Run) -> dict[str, Any]:
    made = Evaluation.objects.filter(score_set__run=run)
    return {each.protocol_id: (each.metrics, each.intervals) for each in made}


def shards_of(run: Run) -> list[Shard]:
    shards = Shard.objects.filter(stage__subject_id=run.pk, stage__kind="score")
    return list(shards.select_related("job"))


def is_running(job: Job) -> bool:
    job.refresh_from_db()
    return job.status == Job.Status.RUNNING


def test_of_three_shards_one_whose_worker_is_killed_is_done_again_alone(
    learnt: Callable[[], Run], worker: WorkerNode, settings: Any, start: Start
) -> None:
    settings.SCORING_SHARDS = 1
    whole = learnt()
    work(worker)
    settings.SCORING_SHARDS = 3
    run = learnt()
    first, second, third = (
        shard.job for shard in Shard.objects.filter(stage__subject_id=run.pk, stage__kind="score")
    )

    supervisor.run_next("cpu", worker=worker)
    assert PendingScores.objects.filter(run=run).count() == N_VIDEOS / 3
    victim = start("-m", "tests.workers.run_one")
    wait_until(lambda: is_running(second))
    victim.kill()
    victim.wait()
    supervisor.run_next("cpu", worker=worker)  # the third
    long_ago = timezone.now() - timedelta(hours=1)
    Job.objects.filter(pk=second.pk).update(lease_until=long_ago)
    Housekeeper().make_pass()
    again = Job.objects.get(retry_of=second)
    assert Run.objects.get(pk=run.pk).current_job == again
    work(worker)

    scorings = Job.objects.filter(subject_id=run.pk, kind="score").order_by("pk")
    assert {job.pk: job.status for job in scorings} == {
        first.pk: "succeeded", second.pk: "lost", third.pk: "succeeded", again.pk: "succeeded"
    }  # fmt: skip
    assert Run.objects.get(pk=run.pk).status == "succeeded"
    assert rows(run) == rows(whole)
    assert len(rows(run)) == N_VIDEOS + 1
    assert Explanation.objects.filter(score_set__run=run).count() == N_VIDEOS - 1
    assert numbers(run) == numbers(whole)
    assert len(numbers(run)) == len(PRESETS)
    assert Job.objects.filter(subject_id=run.pk, kind="evaluate").count() == 1
    assert not PendingScores.objects.exists()
    assert not PendingExplanation.objects.exists()


@pytest.mark.soak
def test_a_shard_that_fails_ends_its_run_and_a_resume_does_only_what_is_missing(
    learnt: Callable[[], Run], worker: WorkerNode, settings: Any, files: Path, bob: Any
) -> None:
    settings.SCORING_SHARDS = 1
    whole = learnt()
    work(worker)
    settings.SCORING_SHARDS = 3
    run = learnt()
    supervisor.run_next("cpu", worker=worker)
    second, third = Shard.objects.open().filter(stage__subject_id=run.pk)
    gone = run.dataset.videos.get(pk=second.videos[0])
    path = files / gone.path
    path.rename(path.with_suffix(".away"))
    try:
        supervisor.run_next("cpu", worker=worker)
    finally:
        path.with_suffix(".away").rename(path)
    Housekeeper().make_pass()

    run = Run.objects.get(pk=run.pk)
    assert (run.status, run.job) == ("failed", second.job)
    assert gone.name in run.job.reason
    third.job.refresh_from_db()
    assert third.job.status == "cancelled"
    assert "Score 2/3 beside it has ended: failed" in third.job.reason

    services.resume_run(run=run, by=bob)
    assert shared.going_on([run.pk]).count() == 2
    work(worker)

    assert Run.objects.get(pk=run.pk).status == "succeeded"
    assert rows(run) == rows(whole)
    assert [shard.job.retry_of_id for shard in shards_of(run)] == [
        None,
        second.job_id,
        third.job_id,
    ]
