import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.db.utils import OperationalError

from tests.factories.jobs import JobFactory
from tests.patience import PATIENCE, wait_until
from tests.workers.conftest import acting_job, environment
from webapp.jobs import services
from webapp.jobs.models import Job
from workers.housekeeping import Housekeeper, clear_work_folders

LONG_AGO = "2020-01-01T00:00Z"


def _raise(error):
    raise error


def test_pass_replaces_a_lost_job_and_tells_its_kind(worker, act):
    job = acting_job(held=True, worker=worker, lease_until=LONG_AGO)

    Housekeeper().make_pass()

    job.refresh_from_db()
    assert job.status == "lost"
    assert act.replaced == [(job.pk, job.retries.get().pk)]


def test_pass_goes_on_after_a_step_that_failed(worker, monkeypatch, caplog):
    monkeypatch.setattr(services, "ring_again", lambda: _raise(LookupError("a fault of ours")))
    (settings.WORK_DIR / "job_gone").mkdir(parents=True)

    Housekeeper().make_pass()

    assert "a fault of ours" in caplog.text
    assert not (settings.WORK_DIR / "job_gone").exists()


def test_pass_after_an_outage_gives_the_living_time_to_renew(worker, monkeypatch, caplog, settings):
    settings.JOB_LEASE_SECONDS = PATIENCE
    housekeeper = Housekeeper()
    with monkeypatch.context() as outage:
        outage.setattr(services, "ring_again", lambda: _raise(OperationalError("server closed")))
        housekeeper.make_pass()
    acting_job(held=True, worker=worker, lease_until=LONG_AGO)

    housekeeper.make_pass()

    assert Job.objects.get().status == Job.Status.RUNNING
    assert "the database is away: server closed" in caplog.text


def test_clear_work_folders_keeps_those_of_held_jobs(worker):
    held = JobFactory.create(held=True)
    ended = JobFactory.create(ended=True)
    for name in (held.pk, ended.pk, "not_ours"):
        (settings.WORK_DIR / name).mkdir(parents=True)

    clear_work_folders()

    assert sorted(folder.name for folder in settings.WORK_DIR.iterdir()) == [held.pk, "not_ours"]


@pytest.mark.django_db(transaction=True)
def test_housekeeper_is_a_process_that_stops_when_asked(worker):
    process = subprocess.Popen(
        [sys.executable, "-m", "workers.housekeeper"],
        env=environment(),
        cwd=settings.BASE_DIR,
    )
    folder = Path(settings.WORK_DIR) / "job_gone"
    folder.mkdir(parents=True)

    wait_until(lambda: not folder.exists())
    process.terminate()

    assert process.wait(PATIENCE) == 0
    assert connection.is_usable()
