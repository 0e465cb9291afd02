"""Runs one job: claims it, lets a child work, stores how that ended.

The supervisor computes nothing. All that it stores is stored under the job's fence, so that
one which has lost its job, and does not know yet, changes nothing.
"""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from webapp.jobs import services
from webapp.jobs.models import Job, WorkerNode
from workers import kinds, outcomes
from workers.child import Child
from workers.lease import patiently, renewed_lease
from workers.outcomes import Outcome
from workers.record import Record
from workers.watch import Stop, Watch

logger = logging.getLogger(__name__)
NEVER = threading.Event()
_claiming = threading.Lock()  # what a slot may take depends on what the others hold


def run_next(queue: str, *, worker: WorkerNode, is_stopping: threading.Event = NEVER) -> Job | None:
    """Run the job whose turn it is, to its end. None when nothing waits."""
    if is_stopping.is_set():
        return None
    with _claiming:
        job = patiently(lambda: services.claim_next(queue, worker=worker))
    if job is not None:
        Supervision(job, is_stopping).run()
        patiently(lambda: services.ring_for_long(queue))
    return job


class Supervision:
    """One job in our hands."""

    def __init__(self, job: Job, is_stopping: threading.Event) -> None:
        self._job = job
        self._is_stopping = is_stopping

    def run(self) -> None:
        try:
            with renewed_lease(self._job) as is_lost, work_folder(self._job) as folder:
                outcome = self._work(folder, is_lost)
                self._conclude(outcome, folder)
        except services.JobSuperseded:
            logger.warning("job %s is no longer ours: stopped, nothing stored", self._job.pk)

    def _work(self, folder: Path, is_lost: threading.Event) -> Outcome:
        """How the work ended; what was raised on our side becomes a failure with a reason."""
        try:
            registered = kinds.find(self._job.kind)
            spec = patiently(lambda: registered.kind.prepare(self._job, folder))
            patiently(lambda: services.mark_running(self._job))
            record = Record(self._job, registered.kind, folder)
            with Child(registered.child, spec=spec, folder=folder) as child:
                watch = Watch(
                    self._job, child, record, is_lost=is_lost, is_stopping=self._is_stopping
                )
                return self._outcome(watch.until_ended(), watch.stop, record)
        except services.JobSuperseded:
            raise
        except Exception as error:
            logger.exception("job %s failed in our hands", self._job.pk)
            return outcomes.of_exception(error)

    def _outcome(self, returncode: int, stop: Stop | None, record: Record) -> Outcome:
        if returncode != 0 and record.failed is None:
            if stop is Stop.TIME_LIMIT:
                return outcomes.of_time_limit(self._job.time_limit_seconds)
            if stop is Stop.WORKER_STOPS:
                return outcomes.WORKER_STOPPED
        return outcomes.of_child(
            returncode, result=record.result, failed=record.failed, last_output=record.last_output
        )

    def _conclude(self, outcome: Outcome, folder: Path) -> None:
        try:
            patiently(lambda: self._end(outcome, folder))
        except services.JobSuperseded:
            raise
        except Exception as error:
            logger.exception("the end of job %s could not be stored", self._job.pk)
            failure = outcomes.of_exception(error)
            patiently(lambda: self._end(failure, folder))

    def _end(self, outcome: Outcome, folder: Path) -> None:
        """Bring the job to its end and store what follows from it, all or nothing."""
        with services.fenced(self._job) as held:
            held.result = outcome.result
            if held.status == Job.Status.CANCELLING:
                services.finish(held, status=Job.Status.CANCELLED, reason=held.reason)
            elif outcome.status == Job.Status.LOST:
                services.hand_back(held, reason=outcome.reason, on_replaced=kinds.replace)
            else:
                if outcome.status == Job.Status.SUCCEEDED:
                    kinds.find(held.kind).kind.on_success(held, folder)
                services.finish(
                    held, status=outcome.status, failure=outcome.failure, reason=outcome.reason,
                    traceback=outcome.traceback, result=outcome.result,
                )  # fmt: skip


@contextmanager
def work_folder(job: Job) -> Iterator[Path]:
    """The job's own folder, gone afterwards: what is worth keeping is in the storage by then."""
    folder = Path(settings.WORK_DIR) / job.pk
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
