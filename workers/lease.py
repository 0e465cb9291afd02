"""Keeps a job's lease from a thread of its own, and bears a database that goes away."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from django.conf import settings
from django.db import connection

from webapp.common.errors import DATABASE_AWAY
from webapp.jobs import services
from webapp.jobs.models import Job

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
# A restart of Postgres takes seconds, a restore minutes; a training may be worth days.
DATABASE_PATIENCE_SECONDS = 600.0
RETRY_SECONDS = 0.5
# A worker that is told to end does not wait: whoever stopped it may have stopped the database.
STOPPING_PATIENCE_SECONDS = 5.0
is_stopping = threading.Event()  # set by the worker process that ends


@contextmanager
def renewed_lease(job: Job) -> Iterator[threading.Event]:
    """Renew the lease three times per lease; the event is set once the job is not ours any more.

    Nothing that the supervisor does with events or files can hold this up.
    """
    is_lost, is_done = threading.Event(), threading.Event()

    def renew() -> None:
        while not is_done.wait(settings.JOB_LEASE_SECONDS / 3):
            try:
                if not services.renew_lease(job):
                    is_lost.set()
                    break
            except DATABASE_AWAY:
                connection.close()
        connection.close()

    thread = threading.Thread(target=renew, name=f"lease of {job.pk}", daemon=True)
    thread.start()
    try:
        yield is_lost
    finally:
        is_done.set()
        thread.join()


def patiently(work: Callable[[], Result], *, on_wait: Callable[[], None] = lambda: None) -> Result:
    """Do `work` again while the database is away; `on_wait` is called before each new try.

    `work` runs in a transaction or may be repeated without harm.
    """
    since = time.monotonic()
    while True:
        try:
            return work()
        except DATABASE_AWAY as error:
            connection.close()
            if time.monotonic() - since > _patience():
                raise
            logger.warning("the database is away, trying again: %s", error)
            on_wait()
            time.sleep(RETRY_SECONDS)


def _patience() -> float:
    return STOPPING_PATIENCE_SECONDS if is_stopping.is_set() else DATABASE_PATIENCE_SECONDS
