"""The stages of a run: which job is its state, what ends with what, what is done again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from tests.factories.datasets import SplitMemberFactory, VideoFactory
from tests.factories.jobs import JobFactory, WorkerNodeFactory
from tests.factories.runs import RunFactory, sweep_of
from tests.patience import PATIENCE
from tests.race import race, wait_until_somebody_waits_for_a_lock
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError
from webapp.jobs import services as jobs
from webapp.jobs import stages as shared
from webapp.jobs.models import Job, Shard, Stage
from webapp.jobs.stage_progress import progress_of
from webapp.runs import services, stages
from webapp.runs.models import Run
from webapp.runs.sweeps import cancel_sweep

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(team: Team, settings: Any) -> Run:
    """It is being scored in three shards of a video each, one by one longer."""
    settings.SCORING_SHARDS, settings.SCORING_SHARD_FRAMES = 3, 1
    run = RunFactory.create(team=team, current_job__held=True)
    for number in range(3):
        video = VideoFactory.create(dataset=run.dataset, n_frames=300 - number)
        SplitMemberFactory.create(split=run.split, video=video, part="test")
    with jobs.fenced(run.job) as held:
        services.training_finished(run, held)
        jobs.finish(held, status=Job.Status.SUCCEEDED)
    return fresh(run)


def fresh(run: Run) -> Run:
    return Run.objects.select_related("current_job").get(pk=run.pk)


def shard_jobs(run: Run, kind: str = "score") -> list[Job]:
    return [shard.job for shard in Shard.objects.filter(stage__subject_id=run.pk, stage__kind=kind)]


def put(job: Job, status: str, **values: Any) -> Job:
    """The job in another state, as a worker would leave it."""
    if status in Job.TERMINAL:
        values |= {"finished_at": job.created_at}
    Job.objects.filter(pk=job.pk).update(status=status, **values)
    return Job.objects.get(pk=job.pk)


def statuses(run: Run) -> list[str]:
    return [job.status for job in shard_jobs(run)]


def test_a_scoring_begins_with_a_job_for_each_shard(run: Run) -> None:
    found = shard_jobs(run)

    assert [job.kind_title for job in found] == ["Score 1/3", "Score 2/3", "Score 3/3"]
    assert [shared.videos_of(job) for job in found] == [
        {video.pk} for video in run.dataset.videos.order_by("-n_frames")
    ]
    assert run.job == found[0]
    assert Stage.objects.get(subject_id=run.pk, kind="score").status == "created"


def test_a_new_run_has_a_stage_of_one_job(team: Team) -> None:
    run = RunFactory.create(team=team)
    shared.set_jobs([run.job])

    stage = Stage.objects.get()
    assert (stage.kind, stage.n_landed, stage.leading_job) == ("train", 0, run.job)
    assert shared.videos_of(run.job) == set()


@pytest.mark.parametrize(
    ("states", "leads"),
    [
        (("created", "created", "created"), 0),
        (("queued", "running", "created"), 1),
        (("running", "failed", "cancelling"), 1),
        (("cancelled", "cancelling", "running"), 1),
        (("cancelled", "created", "cancelled"), 1),
        (("cancelled", "lost", "cancelled"), 1),
    ],
)
def test_the_state_of_a_run_is_that_of_the_job_that_tells_most(
    run: Run, states: tuple[str, ...], leads: int
) -> None:
    for job, status in zip(shard_jobs(run), states, strict=True):
        put(job, status)

    stages.follow(run.pk)

    assert fresh(run).job == shard_jobs(run)[leads]
    assert Stage.objects.get(subject_id=run.pk, kind="score").status == states[leads]


def test_what_has_landed_leads_no_more(run: Run) -> None:
    first, second, _third = shard_jobs(run)

    assert not stages.land(first)
    stages.follow(run.pk)

    assert fresh(run).job == second
    assert Stage.objects.get(subject_id=run.pk, kind="score").n_landed == 1


def test_a_run_that_has_gone_on_is_not_brought_back(run: Run) -> None:
    job = stages.begin(run, "evaluate", queue="cpu", by=None)
    Run.objects.filter(pk=run.pk).update(current_job=job)

    stages.follow(run.pk)

    assert fresh(run).job == job


@pytest.mark.django_db(transaction=True)
def test_of_all_that_land_at_once_one_is_the_last(run: Run) -> None:
    waiting = iter(shard_jobs(run))

    def land() -> bool:
        with transaction.atomic():
            return stages.land(next(waiting))

    assert sorted(race(land, n_threads=3)) == [False, False, True]


def test_a_lost_shard_goes_on_as_its_successor(run: Run) -> None:
    first, *others = shard_jobs(run)
    successor = JobFactory.create(team=run.team, kind="score", subject_id=run.pk)

    services.job_replaced(old=first, new=successor)

    assert shard_jobs(run) == [successor, *others]
    assert fresh(run).job == successor


def test_cancelling_a_run_ends_all_its_shards(run: Run, bob: User) -> None:
    _first, second, third = shard_jobs(run)
    put(second, "running")
    put(third, "succeeded")
    stages.land(third)

    cancelled = services.cancel_run(run=run, by=bob)

    assert statuses(run) == ["cancelled", "cancelling", "succeeded"]
    assert (cancelled.job, cancelled.status) == (second, "cancelling")
    assert fresh(run).job == second


def test_cancelling_a_sweep_ends_all_shards_of_its_runs(run: Run, bob: User) -> None:
    sweep = sweep_of(run)
    put(shard_jobs(run)[1], "running")

    cancel_sweep(sweep=sweep, by=bob)

    assert statuses(run) == ["cancelled", "cancelling", "cancelled"]


@pytest.mark.django_db(transaction=True)
def test_a_cancel_while_a_shard_lands_ends_the_others(run: Run, bob: User) -> None:
    worker = WorkerNodeFactory.create()
    third = shard_jobs(run)[2]
    held = jobs.claim(third.pk, worker=worker)
    assert held is not None
    jobs.mark_running(held)
    with ThreadPoolExecutor(1) as pool:
        with jobs.fenced(held) as mine:
            cancelling = pool.submit(cancel_elsewhere, run, bob)
            wait_until_somebody_waits_for_a_lock()
            assert not stages.land(mine)
            stages.follow(run.pk)
            jobs.finish(mine, status=Job.Status.SUCCEEDED)
        cancelling.result(timeout=PATIENCE)

    assert statuses(run) == ["cancelled", "cancelled", "succeeded"]
    assert fresh(run).status == "cancelled"


def cancel_elsewhere(run: Run, by: User) -> None:
    try:
        services.cancel_run(run=run, by=by)
    finally:
        connection.close()


@pytest.mark.parametrize("status", ["failed", "timed_out", "lost", "cancelled"])
def test_the_housekeeper_ends_what_goes_on_beside_a_shard_that_ended(run: Run, status: str) -> None:
    first, second, third = shard_jobs(run)
    put(second, status)
    put(third, "running")

    assert stages.end_broken_stages() == 1

    assert statuses(run) == ["cancelled", status, "cancelling"]
    third.refresh_from_db()
    assert third.reason == f"Cancelled because Score 2/3 beside it has ended: {status}."
    put(third, "cancelled")
    assert stages.end_broken_stages() == 0
    assert fresh(run).status == status
    assert fresh(run).job == (second if status != "cancelled" else third)
    assert first in shard_jobs(run)


def test_the_housekeeper_leaves_runs_alone_whose_shards_are_well(run: Run) -> None:
    first, second, _third = shard_jobs(run)
    put(first, "succeeded")
    stages.land(first)
    put(second, "running")

    assert stages.end_broken_stages() == 0
    assert statuses(run) == ["succeeded", "running", "created"]


def test_resuming_does_again_what_has_not_landed(run: Run, bob: User) -> None:
    first, second, third = shard_jobs(run)
    put(first, "succeeded")
    stages.land(first)
    put(second, "failed")
    put(third, "cancelled")
    stages.follow(run.pk)

    resumed = services.resume_run(run=fresh(run), by=bob)

    kept, again, other = shard_jobs(run)
    assert (kept, again.retry_of, other.retry_of) == (first, second, third)
    assert [again.spec, other.spec] == [second.spec, third.spec]
    assert resumed.job == again
    assert [shared.videos_of(job) for job in (again, second)] == [
        {run.dataset.videos.get(n_frames=299).pk},
        set(),
    ]


def test_resuming_waits_until_all_have_ended(run: Run, bob: User) -> None:
    first, second, _third = shard_jobs(run)
    put(first, "failed")
    put(second, "cancelling")
    stages.follow(run.pk)

    with pytest.raises(ConflictError, match="Resume once it has"):
        services.resume_run(run=fresh(run), by=bob)
    assert Job.objects.filter(subject_id=run.pk, kind="score").count() == 3


def test_a_run_that_left_a_training_is_cut_into_shards_when_it_is_resumed(
    run: Run, bob: User
) -> None:
    """Its cancelled job was no shard of anything."""
    Stage.objects.filter(subject_id=run.pk, kind="score").delete()
    own = jobs.submit_cancelled(
        team=run.team, kind="score", subject_id=run.pk, title="", queue="cpu", by=bob
    )
    Run.objects.filter(pk=run.pk).update(current_job=own)

    resumed = services.resume_run(run=fresh(run), by=bob)

    assert [job.retry_of for job in shard_jobs(run)] == [own, own, own]
    assert resumed.job == shard_jobs(run)[0]


def test_all_jobs_of_a_stage_get_the_threads_of_the_first_that_asks(run: Run) -> None:
    first, second, third = shard_jobs(run)

    assert [shared.threads_of(first, share=2), shared.threads_of(second, share=8)] == [2, 2]
    successor = JobFactory.create(team=run.team, kind="score", subject_id=run.pk)
    stages.replace(old=third, new=successor)
    assert shared.threads_of(successor, share=16) == 2


def test_the_progress_of_shards_is_told_as_one(run: Run, team: Team) -> None:
    first, second, _third = shard_jobs(run)
    stages.land(first)
    told = {"stage": "score", "done": 0, "total": 1, "unit": "videos", "per_second": 0.5}
    put(second, "running", progress=told)

    found = progress_of(fresh(run).job)

    assert found is not None
    assert (found.n_landed, found.seconds_each) == (1, 2)
    assert found.progress == {
        "stage": "score", "done": 1, "total": 3, "unit": "videos", "per_second": 0.5,
        "eta_seconds": 4,
    }  # fmt: skip


def test_the_page_tells_which_worker_has_which_shard(run: Run, as_vera: Client) -> None:
    first, second, _third = shard_jobs(run)
    put(first, "succeeded")
    stages.land(first)
    put(second, "running", worker=WorkerNodeFactory.create(name="lab2:7"))
    stages.follow(run.pk)

    page = as_vera.get(f"/runs/{run.pk}").content.decode()

    assert "1 of 3 shards are done." in page
    assert "lab2:7" in page
    assert page.count("<progress") == 1
    assert "Score 2/3" in as_vera.get("/queue").content.decode()


def test_the_page_of_a_run_that_one_job_scores_tells_of_no_shards(
    team: Team, as_vera: Client
) -> None:
    run = RunFactory.create(team=team)
    shared.set_jobs([run.job])

    assert "shards" not in as_vera.get(f"/runs/{run.pk}").content.decode()


def test_stages_over_rest(run: Run, as_vera: Client) -> None:
    first, second, _third = shard_jobs(run)
    put(first, "succeeded")
    stages.land(first)
    put(second, "running", worker=WorkerNodeFactory.create(name="lab2:7"))

    found = as_vera.get(f"/api/v1/runs/{run.pk}").json()["stages"]

    [scoring] = [stage for stage in found if stage["kind"] == "score"]
    assert (scoring["status"], scoring["n_landed"]) == ("running", 1)
    assert [shard["status"] for shard in scoring["shards"]] == ["succeeded", "running", "created"]
    assert scoring["shards"][1] == {
        "number": 2, "n_videos": 1, "status": "running", "worker": "lab2:7", "landed_at": None,
        "job_url": f"/api/v1/jobs/{second.pk}",
    }  # fmt: skip
