"""Runs of a sweep that differ in how they score features: one job scores them all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.factories.runs import CheckpointFactory, MethodFactory, TrainableSplitFactory
from tests.webapp.runs.test_sweeps import fail, finish, fresh, in_order, schema_with_scoring, submit
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.jobs.models import Job, Shard
from webapp.pages.runs import run_jobs
from webapp.results.models import ScoreSet
from webapp.runs import services
from webapp.runs.models import Method, Run
from workers import kinds
from workers.kinds import JobKind
from workers.kinds.score import ways_of


@pytest.fixture
def split(team: Team) -> Split:
    split: Split = TrainableSplitFactory.create(dataset__team=team)
    return split


@pytest.fixture
def trio(split: Split, bob: User) -> list[Run]:
    """Trained, each about to be scored with another number of rows."""
    schema = schema_with_scoring()
    schema["properties"]["rows"] = {"type": "integer", "default": 1, "group": "Scoring"}
    MethodFactory.create(schema=schema)
    runs = in_order(submit(split, bob, grid={"rows": [1, 2, 3]}))
    Method.objects.update(reads="features")
    CheckpointFactory.create(run=runs[0], step=10, is_final=True)
    finish(runs[0].job)
    return [fresh(run) for run in runs]


@pytest.fixture
def kind() -> JobKind:
    return kinds.find("score").kind


def tell(kind: JobKind, job: Job, folder: Path, **values: float) -> None:
    """As the child does: of the only test video, for each run."""
    job.result = {"rule": "Every frame has a score."}
    folder.mkdir(exist_ok=True)
    video = job_video(job)
    for run_id, value in values.items():
        np.save(folder / f"{run_id}.npy", np.full(video.n_frames, value, np.float32))
        event = {"event": "scores", "video_id": video.pk, "path": str(folder / f"{run_id}.npy"),
                 "first_frame": 0, "frames_per_value": 1, "way": run_id}  # fmt: skip
        kind.on_event(job, event, folder)


def job_video(job: Job) -> Any:
    split = Run.objects.get(pk=job.subject_id).split
    return split.members.get(part="test").video


def test_one_job_scores_all_of_them(trio: list[Run]) -> None:
    [job] = Job.objects.filter(kind="score")

    assert {run.job for run in trio} == {job}
    assert job.subject_id == trio[0].pk
    assert {name: config["rows"] for name, config in ways_of(job).items()} == {
        run.pk: n for n, run in enumerate(trio, start=1)
    }
    assert Shard.objects.filter(job=job).count() == 1


def test_each_lands_with_its_own_scores_and_is_evaluated(
    trio: list[Run], kind: JobKind, tmp_path: Path
) -> None:
    job = trio[0].job
    tell(kind, job, tmp_path / "job", **{run.pk: n for n, run in enumerate(trio)})

    kind.on_success(job, tmp_path / "job")

    found = {each.run_id: each for each in ScoreSet.objects.select_related("job")}
    assert [found[run.pk].highest for run in trio] == [0.0, 1.0, 2.0]
    assert {each.job for each in found.values()} == {job}
    for run in map(fresh, trio):
        assert (run.job.kind, run.job.subject_id) == ("evaluate", run.pk)
        assert job in run_jobs(run)


def test_one_that_has_left_meanwhile_gets_no_scores(
    trio: list[Run], kind: JobKind, tmp_path: Path, bob: User
) -> None:
    job = trio[0].job
    tell(kind, job, tmp_path / "job", **{run.pk: 1.0 for run in trio})

    services.cancel_run(run=trio[1], by=bob)
    kind.on_success(job, tmp_path / "job")

    assert {each.run_id for each in ScoreSet.objects.all()} == {trio[0].pk, trio[2].pk}
    left = fresh(trio[1])
    assert (left.status, left.job.subject_id) == ("cancelled", left.pk)
    services.resume_run(run=left, by=bob)
    again = fresh(left).job
    assert (again.kind, again.subject_id, again.status) == ("score", left.pk, "created")
    assert ways_of(again) == {}


def test_scores_that_lack_one_of_them_are_refused(
    trio: list[Run], kind: JobKind, tmp_path: Path
) -> None:
    tell(kind, trio[0].job, tmp_path / "job", **{run.pk: 1.0 for run in trio[:2]})

    with pytest.raises(UserError, match="have no scores"):
        kind.on_success(trio[0].job, tmp_path / "job")


def test_a_lost_scoring_is_done_again_for_all(trio: list[Run]) -> None:
    old = trio[0].job
    new = Job.objects.create(
        team=old.team, kind="score", subject_id=old.subject_id, title="x", queue="cpu"
    )

    services.job_replaced(old=old, new=new)

    assert {fresh(run).job for run in trio} == {new}


def test_resuming_the_trainer_resumes_all(trio: list[Run], bob: User) -> None:
    fail(trio[0].job)

    services.resume_run(run=fresh(trio[0]), by=bob)

    jobs = {fresh(run).job for run in trio}
    assert [(job.kind, job.status, job.subject_id) for job in jobs] == [
        ("score", "created", trio[0].pk)
    ]


def test_resuming_another_leaves_the_rest_as_they_are(trio: list[Run], bob: User) -> None:
    failed = trio[0].job
    fail(failed)

    services.resume_run(run=fresh(trio[2]), by=bob)

    assert [fresh(run).job == failed for run in trio] == [True, True, False]
    assert fresh(trio[2]).job.subject_id == trio[2].pk
    services.resume_run(run=fresh(trio[0]), by=bob)
    assert fresh(trio[1]).job == fresh(trio[0]).job != fresh(trio[2]).job


def test_cancelling_the_trainer_ends_all(trio: list[Run], bob: User) -> None:
    services.cancel_run(run=trio[0], by=bob)

    assert {fresh(run).status for run in trio} == {"cancelled"}
