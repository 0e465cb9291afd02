"""What the demo says while its jobs work; the demo itself is run by `make demo`."""

import pytest

from tests.factories.jobs import JobFactory
from webapp.common.errors import UserError
from webapp.jobs.models import Job
from webapp.results import demo

pytestmark = pytest.mark.django_db
TRAINING = {"stage": "train", "done": 1.569, "total": 6, "unit": "epochs"}


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(demo, "PROGRESS_SECONDS", 0)
    return []


def test_how_far_a_job_is_is_said_once_for_each_change(said: list[str]) -> None:
    job = JobFactory.create(held=True)
    pace = demo._Pace(job, said.append)

    for progress in ({}, TRAINING, TRAINING, TRAINING | {"done": 3}):
        Job.objects.update(progress=progress)
        assert not pace.has_ended()

    assert said == ["  train: 1.569 of 6 epochs", "  train: 3 of 6 epochs"]


def test_how_far_a_job_is_is_not_said_all_the_time(
    said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "PROGRESS_SECONDS", 10_000)

    assert not demo._Pace(JobFactory.create(held=True, progress=TRAINING), said.append).has_ended()

    assert said == []


def test_a_job_that_failed_ends_the_demo_with_its_reason(said: list[str]) -> None:
    job = JobFactory.create(ended=True, status=Job.Status.FAILED, reason="The disk is full.")

    with pytest.raises(UserError, match=r"Failed\. The disk is full"):
        demo._wait_for_job(job, said.append)
