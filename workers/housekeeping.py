"""Keeps the queue moving: gives up lost jobs, rings again, clears away what nobody names."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import connection

from webapp.common.errors import DATABASE_AWAY
from webapp.datasets import extraction
from webapp.deleting.files import sweep_files
from webapp.jobs import services
from webapp.jobs.models import Job
from webapp.runs import stages
from workers import kinds

logger = logging.getLogger(__name__)
PASS_SECONDS = 2.0


class Housekeeper:
    """Makes one pass every two seconds until it is asked to stop."""

    def __init__(self) -> None:
        self.is_stopping = threading.Event()
        self._reap_from = 0.0

    def run(self) -> None:
        while not self.is_stopping.wait(PASS_SECONDS):
            self.make_pass()

    def make_pass(self) -> None:
        if time.monotonic() > self._reap_from:
            self._do(lambda: services.reap(on_replaced=kinds.replace))
        self._do(stages.end_broken_stages)
        self._do(extraction.end_broken_stages)
        self._do(services.ring_again)
        self._do(services.forget_silent_workers)
        self._do(clear_work_folders)
        self._do(sweep_files)

    def _do(self, work: Callable[[], object]) -> None:
        """One step; its failure must not keep the others from being done."""
        try:
            work()
        except DATABASE_AWAY as error:
            logger.warning("the database is away: %s", error)
            connection.close()
            # Nobody could renew a lease meanwhile: first give the living time to do so.
            self._reap_from = time.monotonic() + settings.JOB_LEASE_SECONDS
        except Exception:
            logger.exception("housekeeping failed")


def clear_work_folders() -> None:
    """Remove the folders of jobs that no worker holds: their supervisor was killed."""
    folders = list(Path(settings.WORK_DIR).glob("job_*"))
    names = [folder.name for folder in folders]
    held = set(Job.objects.active().filter(pk__in=names).values_list("pk", flat=True))
    for folder in folders:
        if folder.name not in held:
            shutil.rmtree(folder, ignore_errors=True)
