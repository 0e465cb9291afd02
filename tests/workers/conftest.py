"""A worker, jobs that act, and processes that use this test's database and broker."""

import fcntl
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from tests.patience import PATIENCE, wait_until
from tests.workers.acting import Act
from webapp.jobs.models import Job, WorkerNode
from workers import supervisor

BROKER = "/3"  # a database of the broker that other tests do not ring in


@pytest.fixture(autouse=True)
def act() -> type[Act]:
    Act.seen.clear()
    Act.replaced.clear()
    return Act


@pytest.fixture
def worker(transactional_db: None) -> WorkerNode:
    return WorkerNodeFactory.create(name="lab1:100", slots=2)


def acting_job(*steps: list[Any], **fields: Any) -> Job:
    """What its child writes outside its folder lies beside the work folder, in `tmp_path`."""
    out_dir = str(settings.WORK_DIR.parent)
    spec = {"steps": list(steps), "out_dir": out_dir} | fields.pop("spec", {})
    return JobFactory.create(kind="act", spec=spec, **fields)


@pytest.fixture
def run(worker: WorkerNode) -> Callable[..., Job]:
    """Run a job with these steps to its end, in this process, with a real child."""

    def run(*steps: list[Any], **fields: Any) -> Job:
        job = acting_job(*steps, **fields)
        supervisor.run_next("cpu", worker=worker)
        job.refresh_from_db()
        return job

    return run


@pytest.fixture
def run_in_thread(worker: WorkerNode) -> Iterator[Callable[[], threading.Event]]:
    """Run the next job beside the test. Returns what makes the worker stop."""
    is_stopping = threading.Event()
    threads: list[threading.Thread] = []

    def work() -> None:
        supervisor.run_next("cpu", worker=worker, is_stopping=is_stopping)
        connection.close()

    def start() -> threading.Event:
        threads.append(threading.Thread(target=work))
        threads[-1].start()
        return is_stopping

    yield start
    is_stopping.set()  # what still runs in a test that failed
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def ended(job: Job) -> Job:
    """The job, once it has come to its end."""

    def is_terminal() -> bool:
        job.refresh_from_db()
        return job.is_terminal

    wait_until(is_terminal)
    return job


def is_held(path: Path) -> bool:
    """Whether the process that took hold of the file lives."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def environment() -> dict[str, str]:
    """For processes that work on the data of this test."""
    database = connection.settings_dict
    user, password = database["USER"], database["PASSWORD"]
    address = f"{database['HOST']}:{database['PORT']}/{database['NAME']}"
    return os.environ | {
        "DATABASE_URL": f"postgresql://{user}:{password}@{address}",
        "IWAKAN_BROKER_URL": f"{settings.CELERY_BROKER_URL.rpartition('/')[0]}{BROKER}",
        "IWAKAN_WORK_DIR": str(settings.WORK_DIR),
        "IWAKAN_MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "IWAKAN_DATA_ROOTS": os.pathsep.join(map(str, settings.DATA_ROOTS)),
    }


@pytest.fixture
def start(transactional_db: None) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start Python processes that end with the test."""
    started = []

    def start(*arguments: str, output: int | None = None) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            env=environment(),
            cwd=settings.BASE_DIR,
            stdout=output,
            stderr=output and subprocess.STDOUT,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
