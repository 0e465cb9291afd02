"""Watches one child until it has ended: listens, stores, and ends it when it must end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import Enum
from typing import Any

from django.conf import settings

from webapp.jobs import services
from webapp.jobs.models import Job
from workers.child import Child
from workers.lease import patiently
from workers.record import Record

TICK_SECONDS = 0.25
LOOK_SECONDS = 0.5  # how often the row is asked whether somebody wants to cancel
CHECKPOINT_GRACE_SECONDS = 15.0  # to save a checkpoint after TERM, before KILL


class Stop(Enum):
    """Why a child was asked to end."""

    CANCEL = "cancel"
    TIME_LIMIT = "time limit"
    WORKER_STOPS = "worker stops"


class Watch:
    """One child at work for one job."""

    def __init__(
        self,
        job: Job,
        child: Child,
        record: Record,
        *,
        is_lost: threading.Event,
        is_stopping: threading.Event,
    ) -> None:
        self._job = job
        self._child = child
        self._record = record
        self._is_lost = is_lost
        self._is_stopping = is_stopping
        self._end_by = time.monotonic() + job.time_limit_seconds
        self._looked_at = 0.0
        self._kill_at: float | None = None
        self.stop: Stop | None = None

    def until_ended(self) -> int:
        """The child's exit status, once all that it said is stored. Raises JobSuperseded."""
        while (returncode := self._child.returncode) is None:
            self._listen(TICK_SECONDS)
            if self._is_lost.is_set():
                raise services.JobSuperseded(self._job.pk)
            self._end_it_if_necessary()
        self._child.kill()  # what it started and left behind could hold the pipes open
        while self._child.has_more:
            self._listen(0)
        self._patiently(self._record.flush)
        return returncode

    def _listen(self, seconds: float) -> None:
        events, output = self._child.read(seconds)
        self._patiently(lambda: self._record.add(events, output))
        self._patiently(self._record.flush_if_due)

    def _end_it_if_necessary(self) -> None:
        now = time.monotonic()
        if self.stop is not None:
            if self._kill_at is not None and now > self._kill_at:
                self._child.kill()
        elif stop := self._reason_to_stop(now):
            self.stop = stop
            is_cancel = stop is Stop.CANCEL
            self._kill_at = now + (
                settings.JOB_CANCEL_GRACE_SECONDS if is_cancel else CHECKPOINT_GRACE_SECONDS
            )
            self._child.terminate()

    def _reason_to_stop(self, now: float) -> Stop | None:
        if self._is_stopping.is_set():
            return Stop.WORKER_STOPS
        if now > self._end_by:
            return Stop.TIME_LIMIT
        if now > self._looked_at + LOOK_SECONDS:
            self._looked_at = now
            return Stop.CANCEL if self._patiently(self._is_cancelled) else None
        return None

    def _is_cancelled(self) -> bool:
        return Job.objects.filter(pk=self._job.pk, status=Job.Status.CANCELLING).exists()

    def _patiently(self, work: Callable[[], Any]) -> Any:
        """While the database is away the child rests: nothing that it does gets lost."""
        result = patiently(work, on_wait=self._child.pause)
        self._child.go_on()
        return result
