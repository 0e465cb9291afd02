"""Sweeps: all runs at once or none, one training for runs that differ in how they score."""

from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from tests.factories.datasets import SplitFactory, SplitMemberFactory
from tests.factories.jobs import WorkerNodeFactory
from tests.factories.runs import SCHEMA, CheckpointFactory, MethodFactory, TrainableSplitFactory
from tests.patience import PATIENCE
from tests.race import wait_until_somebody_waits_for_a_lock
from webapp import dispatch
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Split
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.runs import services, sweeps
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.training import checkpoint_to_score


def schema_with_scoring() -> dict[str, Any]:
    """`map` is an option of scoring alone."""
    schema = deepcopy(SCHEMA)
    schema["properties"]["map"] = {"type": "boolean", "default": True, "group": "Scoring"}
    return schema


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team, dataset__name="Ped2")


@pytest.fixture
def method(db: None) -> Method:
    return MethodFactory.create(schema=schema_with_scoring())


def submit(split: Split, by: User, **changes: Any) -> Sweep:
    answers: dict[str, Any] = {
        "team": split.dataset.team,
        "dataset": split.dataset,
        "split": split,
        "method": Method.objects.get(),
        "config": {},
        "grid": {"epochs": [3, 5]},
        "by": by,
    }
    return sweeps.submit_sweep(**answers | changes)


def refusal(split: Split, by: User, **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        submit(split, by, **changes)
    assert not Sweep.objects.exists()
    assert not Run.objects.exists()
    assert not Job.objects.exists()
    return caught.value


def in_order(sweep: Sweep) -> list[Run]:
    return list(sweep.runs.order_by("sweep_row", "split__fold", "seed").select_related("split"))


def finish(job: Job) -> None:
    """As the worker that holds the job does."""
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING, fence=1)
    job.refresh_from_db()
    with jobs.fenced(job) as held:
        if job.kind == "train":
            services.training_finished(Run.objects.get(pk=job.subject_id), held)
        jobs.finish(held, status=Job.Status.SUCCEEDED)


def fail(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(status=Job.Status.RUNNING, fence=1)
    job.refresh_from_db()
    jobs.finish(job, status=Job.Status.FAILED, reason="It fell over.")


def test_a_run_for_each_configuration_and_seed(split: Split, method: Method, bob: User) -> None:
    sweep = submit(split, bob, config={"norm": "none"}, seeds=[1, 7], title="  Length  ")

    found = [(run.sweep_row, run.seed, run.config["epochs"]) for run in in_order(sweep)]
    assert found == [(0, 1, 3), (0, 7, 3), (1, 1, 5), (1, 7, 5)]
    assert {run.config["norm"] for run in sweep.runs.all()} == {"none"}
    assert {run.created_by for run in sweep.runs.all()} == {bob}
    assert [run.name for run in in_order(sweep)][:2] == [
        "Length · epochs 3 · seed 1",
        "Length · epochs 3 · seed 7",
    ]
    sweep.refresh_from_db()
    assert (sweep.title, sweep.config, sweep.grid) == (
        "Length",
        {"norm": "none"},
        {"epochs": [3, 5]},
    )
    assert (sweep.seeds, sweep.folds, sweep.created_by) == ([1, 7], [], bob)
    assert Job.objects.filter(kind="train", queue="cpu").count() == 4


def test_a_run_for_each_fold(split: Split, method: Method, bob: User) -> None:
    Split.objects.filter(pk=split.pk).update(fold=1)
    for fold in (2, 3):
        other = SplitFactory.create(
            dataset=split.dataset, name=split.name, version=split.version, fold=fold
        )
        for member in split.members.all():
            SplitMemberFactory.create(split=other, video=member.video, part=member.part)
    split.refresh_from_db()

    sweep = submit(split, bob, folds=[3, 1], title="CV")

    assert [(run.sweep_row, run.split.fold) for run in in_order(sweep)] == [
        (0, 1), (0, 3), (1, 1), (1, 3)
    ]  # fmt: skip
    assert in_order(sweep)[0].name == "CV · epochs 3 · fold 1"
    assert refusal_of_fold(split, bob) == (
        f"folds: published v{split.version}, fold 1 has no fold 4; it has 1, 2, 3"
    )


def refusal_of_fold(split: Split, bob: User) -> str:
    with pytest.raises(UserError) as caught:
        submit(split, bob, folds=[4])
    return caught.value.sentence


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"grid": {"depth": [1, 2]}}, "/grid/depth"),
        ({"grid": {"epochs": []}}, "/grid/epochs"),
        ({"config": {"epochs": 0}, "grid": {}}, "/config/epochs"),
        ({"grid": {"epochs": [3]}}, "/grid"),  # one run
        ({"grid": {}, "seeds": [4]}, "/grid"),
        ({"seeds": list(range(101))}, "/grid"),  # 202 runs
        ({"seeds": []}, "seeds"),
        ({"seeds": list(range(201)), "grid": {}}, "seeds"),
        ({"seeds": [1, 1]}, "seeds"),
        ({"seeds": [-1]}, "seeds"),
        ({"seeds": [2**32]}, "seeds"),
        ({"folds": [1]}, "folds"),
        ({"title": "x" * 121}, "title"),
        ({"selection": "validation"}, "selection"),
        ({"selection": "test"}, "selection"),
        ({"queue": "gpu"}, "queue"),
    ],
)
def test_refused_as_a_whole(
    split: Split, method: Method, bob: User, answers: dict[str, Any], field: str
) -> None:
    assert refusal(split, bob, **answers).field == field


def test_more_folds_than_runs_are_not_looked_for(split: Split, method: Method, bob: User) -> None:
    folds = list(range(1, 202))

    assert refusal(split, bob, folds=folds).sentence == (
        "folds: these are 201; a sweep has at most 200 runs"
    )


def test_refused_where_no_run_could_be(split: Split, method: Method, bob: User) -> None:
    split.dataset.videos.filter(part="train").update(label="fall")

    assert refusal(split, bob).code == "no_training_videos"


def test_only_those_who_may_submit(split: Split, method: Method, vera: User, charlie: User) -> None:
    for person in (vera, charlie):
        with pytest.raises(PermissionDenied):
            submit(split, person)
    assert not Sweep.objects.exists()


def test_most_runs_at_once(
    split: Split, method: Method, bob: User, django_assert_max_num_queries: Any
) -> None:
    """Three statements per job, two of them for its savepoint; the rest together."""
    with django_assert_max_num_queries(3 * 200 + 20):
        sweep = submit(split, bob, seeds=list(range(100)))

    assert sweep.runs.count() == 200


def test_no_broker_is_asked_once(
    split: Split,
    method: Method,
    bob: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Each further try would wait for it: the housekeeper rings later."""
    asked: list[str] = []

    def away(queue: str) -> bool:
        asked.append(queue)
        return False

    monkeypatch.setattr(dispatch, "ring", away)
    with django_capture_on_commit_callbacks(execute=True):
        submit(split, bob, seeds=[1, 2, 3])

    assert asked == ["cpu"]
    assert set(Job.objects.values_list("status", flat=True)) == {"created"}


def test_the_same_run_is_in_a_sweep_once(split: Split, method: Method, bob: User) -> None:
    run = in_order(submit(split, bob))[0]
    run.pk = "run_copy"

    with pytest.raises(IntegrityError), transaction.atomic():
        run.save(force_insert=True)


# Runs that differ only in how they score


@pytest.fixture
def pair(split: Split, method: Method, bob: User) -> tuple[Run, Run]:
    """The map on, which trains, and the map off, which waits for its weights."""
    sweep = submit(split, bob, grid={"map": [True, False]})
    trainer, other = in_order(sweep)
    return trainer, other


def fresh(run: Run) -> Run:
    return Run.objects.select_related("current_job", "trained_by").get(pk=run.pk)


def test_one_training_for_both(pair: tuple[Run, Run]) -> None:
    trainer, other = pair

    assert (trainer.trained_by, other.trained_by) == (None, trainer)
    assert other.current_job == trainer.current_job == Job.objects.get()
    assert (other.status_label, other.waits_for_another) == ("Created", True)


def test_other_seeds_and_other_settings_train_themselves(
    split: Split, method: Method, bob: User
) -> None:
    sweep = submit(split, bob, grid={"map": [True, False], "epochs": [3, 5]}, seeds=[0, 1])

    assert sweep.runs.filter(trained_by=None).count() == 4
    for run in sweep.runs.exclude(trained_by=None).select_related("trained_by"):
        trainer = run.trained_by
        assert trainer.config == run.config | {"map": True}
        assert (trainer.seed, trainer.split) == (run.seed, run.split)
    assert Job.objects.count() == 4


def test_each_scores_for_itself_once_trained(pair: tuple[Run, Run]) -> None:
    finish(pair[0].job)

    trainer, other = map(fresh, pair)
    assert (trainer.job.kind, trainer.job.subject_id) == ("score", trainer.pk)
    assert (other.job.kind, other.job.subject_id) == ("score", other.pk)
    assert other.job != trainer.job


def test_the_checkpoint_is_that_of_the_trainer(pair: tuple[Run, Run]) -> None:
    trainer, other = pair
    CheckpointFactory.create(run=trainer, step=10, is_best=True)
    last = CheckpointFactory.create(run=trainer, step=20)

    assert checkpoint_to_score(other) == last
    assert other.trainer == trainer
    Run.objects.update(selection="validation")
    assert checkpoint_to_score(fresh(other)).step == 10


def test_a_lost_training_is_replaced_for_both(pair: tuple[Run, Run]) -> None:
    trainer, other = pair
    new = Job.objects.create(
        team=trainer.team, kind="train", subject_id=trainer.pk, title="x", queue="cpu"
    )

    services.job_replaced(old=trainer.job, new=new)

    assert fresh(trainer).job == fresh(other).job == new


def test_cancelling_the_one_that_waits_leaves_the_training(
    pair: tuple[Run, Run], bob: User
) -> None:
    trainer, other = pair

    services.cancel_run(run=fresh(other), by=bob)

    assert fresh(other).status == "cancelled"
    assert fresh(trainer).status == "created"
    finish(trainer.job)
    assert fresh(other).status == "cancelled"
    assert fresh(trainer).job.kind == "score"


def test_cancelling_the_one_that_waits_needs_no_worker(
    split: Split, method: Method, bob: User
) -> None:
    worker = WorkerNodeFactory.create(queues=["gpu"])
    trainer, other = in_order(submit(split, bob, grid={"map": [True, False]}, queue="gpu"))
    worker.delete()

    services.cancel_run(run=fresh(other), by=bob)

    assert (fresh(other).status, fresh(trainer).status) == ("cancelled", "created")
    assert fresh(other).job.queue == "gpu"  # where it scores, once it is resumed


@pytest.mark.django_db(transaction=True)
def test_one_that_leaves_while_the_training_ends_is_not_scored(
    pair: tuple[Run, Run], bob: User
) -> None:
    trainer, other = pair
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.cancel_run(run=fresh(other), by=bob)
            ending = pool.submit(finish_elsewhere, trainer.job)
            wait_until_somebody_waits_for_a_lock()
        ending.result(timeout=PATIENCE)

    assert fresh(trainer).job.kind == "score"
    assert fresh(other).job == Job.objects.get(subject_id=other.pk)
    assert fresh(other).status == "cancelled"


def finish_elsewhere(job: Job) -> None:
    try:
        finish(job)
    finally:
        connection.close()


def test_cancelling_the_one_that_waits_takes_the_right_to(
    pair: tuple[Run, Run], vera: User
) -> None:
    with pytest.raises(PermissionDenied):
        services.cancel_run(run=fresh(pair[1]), by=vera)
    assert fresh(pair[1]).status == "created"
    assert Job.objects.count() == 1


def test_cancelling_the_training_ends_both(pair: tuple[Run, Run], bob: User) -> None:
    services.cancel_run(run=fresh(pair[0]), by=bob)

    assert [fresh(run).status for run in pair] == ["cancelled", "cancelled"]
    with pytest.raises(ConflictError):
        services.cancel_run(run=fresh(pair[1]), by=bob)


@pytest.mark.parametrize("which", [0, 1])
def test_resuming_either_resumes_the_training_for_both(
    pair: tuple[Run, Run], bob: User, which: int
) -> None:
    fail(pair[0].job)

    services.resume_run(run=fresh(pair[which]), by=bob)

    trainer, other = map(fresh, pair)
    assert trainer.job == other.job
    assert (trainer.job.kind, trainer.job.subject_id, trainer.status) == (
        "train", trainer.pk, "created"
    )  # fmt: skip


def test_resuming_a_cancelled_one_waits_for_the_training_again(
    pair: tuple[Run, Run], bob: User
) -> None:
    trainer, other = pair
    services.cancel_run(run=fresh(other), by=bob)

    services.resume_run(run=fresh(other), by=bob)

    assert fresh(other).job == fresh(trainer).job
    finish(trainer.job)
    assert (fresh(other).job.kind, fresh(other).job.subject_id) == ("score", other.pk)


def test_resuming_a_cancelled_one_while_the_training_is_cancelled(
    pair: tuple[Run, Run], bob: User
) -> None:
    trainer, other = pair
    services.cancel_run(run=fresh(other), by=bob)
    Job.objects.filter(pk=trainer.job.pk).update(status=Job.Status.RUNNING, fence=1)
    services.cancel_run(run=fresh(trainer), by=bob)

    with pytest.raises(ConflictError, match="is being cancelled") as caught:
        services.resume_run(run=fresh(other), by=bob)

    assert caught.value.code == "training_cancelling"
    assert (fresh(other).status, fresh(other).job.subject_id) == ("cancelled", other.pk)


def test_resuming_a_cancelled_one_once_trained_scores(pair: tuple[Run, Run], bob: User) -> None:
    trainer, other = pair
    services.cancel_run(run=fresh(other), by=bob)
    finish(trainer.job)

    services.resume_run(run=fresh(other), by=bob)

    assert (fresh(other).job.kind, fresh(other).status) == ("score", "created")
    assert fresh(trainer).job.subject_id == trainer.pk


@pytest.mark.django_db(transaction=True)
def test_one_that_comes_to_wait_while_the_training_ends_is_scored(
    pair: tuple[Run, Run], bob: User
) -> None:
    trainer, other = pair
    services.cancel_run(run=fresh(other), by=bob)
    Job.objects.filter(pk=trainer.job.pk).update(status=Job.Status.RUNNING, fence=1)
    trainer.job.refresh_from_db()
    with ThreadPoolExecutor(1) as pool:
        with jobs.fenced(trainer.job) as held:
            services.training_finished(trainer, held)
            resuming = pool.submit(resume_elsewhere, other, bob)
            wait_until_somebody_waits_for_a_lock()
            jobs.finish(held, status=Job.Status.SUCCEEDED)
        resuming.result(timeout=PATIENCE)

    assert (fresh(other).job.kind, fresh(other).status) == ("score", "queued")


def resume_elsewhere(run: Run, by: User) -> None:
    try:
        services.resume_run(run=fresh(run), by=by)
    finally:
        connection.close()


# Cancelling all


def test_cancel_ends_what_waits_and_what_runs(split: Split, method: Method, bob: User) -> None:
    sweep = submit(split, bob, grid={"map": [True, False], "epochs": [3, 5]}, seeds=[0, 1])
    first, second, *_rest = sweep.runs.filter(trained_by=None)
    finish(first.job)
    Job.objects.filter(pk=second.job.pk).update(status=Job.Status.RUNNING, fence=1)

    sweeps.cancel_sweep(sweep=sweep, by=bob)

    found = sorted(run.status for run in sweep.runs.select_related("current_job"))
    assert found == ["cancelled"] * 6 + ["cancelling"] * 2
    assert Job.objects.filter(status="succeeded").get() == first.job


def test_cancel_what_has_ended(split: Split, method: Method, bob: User) -> None:
    sweep = submit(split, bob)
    sweeps.cancel_sweep(sweep=sweep, by=bob)

    with pytest.raises(ConflictError) as caught:
        sweeps.cancel_sweep(sweep=sweep, by=bob)
    assert caught.value.code == "sweep_ended"


def test_cancel_takes_the_right_to(split: Split, method: Method, bob: User, vera: User) -> None:
    sweep = submit(split, bob)

    with pytest.raises(PermissionDenied):
        sweeps.cancel_sweep(sweep=sweep, by=vera)
    assert Job.objects.filter(status="created").count() == 2
