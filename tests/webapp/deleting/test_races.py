"""Two at once: deletions, starts of jobs, and uses that begin in the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction

from ml.scores.files import Layout
from tests.factories.jobs import WorkerNodeFactory
from tests.factories.runs import RunFactory, TrainableSplitFactory
from tests.race import race, wait_until_it_waits_or_ends
from tests.webapp.deleting.conftest import end_jobs
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError
from webapp.datasets.features import import_features
from webapp.datasets.models import Dataset, Split
from webapp.datasets.services import import_again
from webapp.datasets.splits import make_split
from webapp.deleting import services
from webapp.deleting.holds import HeldError
from webapp.deleting.models import FileToSweep
from webapp.jobs.models import Job
from webapp.jobs.services import claim
from webapp.results.scores.uploads import create_uploaded_run, store_scores
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Method, Run
from webapp.runs.services import create_run, resume_run
from webapp.sharing.models import ShareLink
from webapp.sharing.services import create_link

pytestmark = pytest.mark.django_db(transaction=True)


def one_after_the_other(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """What `second` returned or raised, begun while the transaction of `first` was open."""

    def run() -> Any:
        try:
            return second()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            work = pool.submit(run)
            wait_until_it_waits_or_ends(work)
        return work.result()


def test_two_deletions_at_once_leave_one_record(run: Run, maria: User) -> None:
    answers = race(lambda: services.delete_run(run=run, by=maria), n_threads=4)

    assert [type(each) for each in answers].count(ConflictError) == 3
    assert answers.count(None) == 1
    assert AuditEvent.objects.count() == 1
    assert FileToSweep.objects.count() == 4


def test_a_job_that_a_worker_has_just_taken_holds_its_run(team: Team, maria: User) -> None:
    run = RunFactory.create(team=team)
    worker = WorkerNodeFactory.create()

    answer = one_after_the_other(
        lambda: claim(run.job.pk, worker=worker), lambda: services.delete_run(run=run, by=maria)
    )

    assert isinstance(answer, HeldError)
    assert Job.objects.get().status == Job.Status.STARTING


def test_a_run_that_is_resumed_meanwhile_is_held(run: Run, maria: User) -> None:
    Job.objects.filter(subject_id=run.pk).update(status="failed")

    answer = one_after_the_other(
        lambda: resume_run(run=run, by=maria), lambda: services.delete_run(run=run, by=maria)
    )

    assert isinstance(answer, HeldError)
    assert not Run.objects.get().job.is_terminal


def test_a_run_that_is_deleted_meanwhile_is_not_resumed(run: Run, maria: User) -> None:
    Job.objects.filter(subject_id=run.pk).update(status="failed")

    answer = one_after_the_other(
        lambda: services.delete_run(run=run, by=maria), lambda: resume_run(run=run, by=maria)
    )

    assert isinstance(answer, ConflictError)
    assert not Job.objects.exists()


def test_no_worker_takes_a_job_of_what_is_deleted(dataset: Dataset, maria: User) -> None:
    ended = Job.objects.first()
    assert ended is not None
    worker = WorkerNodeFactory.create()

    answer = one_after_the_other(
        lambda: services.delete_dataset(dataset=dataset, by=maria),
        lambda: claim(ended.pk, worker=worker),
    )

    assert answer is None
    assert not Dataset.objects.exists()


def test_a_link_that_is_made_meanwhile_holds(run: Run, maria: User) -> None:
    answer = one_after_the_other(
        lambda: create_link(kind="run", ids={"runs": [run.pk]}, by=maria),
        lambda: services.delete_run(run=run, by=maria),
    )

    assert isinstance(answer, HeldError)
    assert ShareLink.objects.count() == 1


def test_no_link_is_made_to_what_is_deleted_meanwhile(run: Run, maria: User) -> None:
    answer = one_after_the_other(
        lambda: services.delete_run(run=run, by=maria),
        lambda: create_link(kind="run", ids={"runs": [run.pk]}, by=maria),
    )

    assert isinstance(answer, Exception)
    assert not ShareLink.objects.exists()


def test_a_virtual_run_that_is_made_meanwhile_holds(run: Run, rival: Run, maria: User) -> None:
    recipe = {"members": [{"run": rival.pk}, {"run": run.pk}]}

    answer = one_after_the_other(
        lambda: create_virtual_run(team=run.team, recipe=recipe, by=maria),
        lambda: services.delete_run(run=run, by=maria),
    )

    assert isinstance(answer, HeldError)


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


def submit(split: Split, by: User) -> Run:
    method = Method.objects.get()
    return create_run(
        team=split.dataset.team, dataset=split.dataset, split=split, method=method, config={}, by=by
    )


def test_a_run_that_is_submitted_meanwhile_holds_the_dataset(split: Split, maria: User) -> None:
    end_jobs(RunFactory.create(team=split.dataset.team))

    answer = one_after_the_other(
        lambda: submit(split, maria),
        lambda: services.delete_dataset(dataset=split.dataset, by=maria),
    )

    assert isinstance(answer, HeldError)


def test_no_run_is_submitted_on_a_dataset_that_is_deleted_meanwhile(
    split: Split, maria: User
) -> None:
    end_jobs(RunFactory.create(team=split.dataset.team))

    answer = one_after_the_other(
        lambda: services.delete_dataset(dataset=split.dataset, by=maria),
        lambda: submit(split, maria),
    )

    assert isinstance(answer, ConflictError)
    assert "deleted meanwhile" in answer.sentence


@pytest.mark.parametrize("again", ["import", "split", "features", "upload"])
def test_two_changes_of_one_thing_at_once_take_turns(
    dataset: Dataset, maria: User, again: str
) -> None:
    """A row that both keep and then both want for themselves would hold them up for good."""
    made = uploaded_run(dataset, maria)
    groups = {"dataset": dataset, "held_out_by": "source", "n_folds": 2, "by": maria}
    dataset.videos.filter(name="gate").update(source="a")
    folder = Path(settings.DATA_ROOTS[0])
    folder.mkdir(parents=True, exist_ok=True)
    features = {"dataset": dataset, "folder": str(folder), "extractor": "I3D", "by": maria}
    change: dict[str, Callable[[], Any]] = {
        "import": lambda: import_again(dataset=dataset, by=maria),
        "split": lambda: make_split(name="folds", **groups),
        "features": lambda: import_features(name="i3d", **features),
        "upload": lambda: store_scores(
            run=made, video=dataset.videos.get(name="gate"), data=b"1\n2\n3\n4\n",
            layout=Layout(), by=maria,
        ),
    }  # fmt: skip
    Dataset.objects.update(folder="", list_name="list.txt")

    answers = race(change[again], n_threads=3)

    refused = [each for each in answers if isinstance(each, Exception)]
    assert [type(each) for each in refused] == [ConflictError] * (2 if again == "import" else 0)


def uploaded_run(dataset: Dataset, by: User) -> Run:
    split = dataset.splits.get()
    return create_uploaded_run(
        team=dataset.team, dataset=dataset, split=split, method_title="Ours", by=by
    )


def test_a_use_that_no_lock_foresees_is_a_refusal_and_no_fault(
    split: Split, maria: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Foreign keys say no at the latest, and somebody hears why."""
    RunFactory.create(team=split.dataset.team, dataset=split.dataset, split=split)
    monkeypatch.setattr("webapp.deleting.holds.of_dataset", lambda dataset: [])

    with pytest.raises(ConflictError, match="begun to use"):
        services.delete_dataset(dataset=split.dataset, by=maria)
    assert Dataset.objects.filter(pk=split.dataset_id).exists()
