"""What a child tells and prints, on its way into the database: in batches, not byte by byte."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.jobs import services
from webapp.jobs.models import Job
from workers.kinds import JobKind

FLUSH_SECONDS = 1.0
FLUSH_BYTES = 256 * 1024
KEPT_OUTPUT = 8192  # bytes of output that are shown beside a failure


class Record:
    """Stores the events of one child; progress and output at most once a second."""

    def __init__(self, job: Job, kind: JobKind, folder: Path) -> None:
        self._job = job
        self._kind = kind
        self._folder = folder
        self._pace = Pace()
        self._progress: dict[str, Any] | None = None
        self._output = b""
        self._tail = b""
        self._flushed_at = time.monotonic()
        self.failed: Event | None = None
        self.result: dict[str, Any] = {}

    @property
    def last_output(self) -> str:
        return self._tail.decode(errors="replace")

    def add(self, events: list[Event], output: bytes) -> None:
        """All or nothing, so that it can be repeated. Raises JobSuperseded."""
        to_store = [event for event in events if not self._keep(event)]
        if to_store:
            with services.fenced(self._job) as held:
                for event in to_store:
                    self._store(held, event)
        self._output += output
        self._tail = (self._tail + output)[-KEPT_OUTPUT:]

    def flush_if_due(self) -> None:
        due_at = self._flushed_at + FLUSH_SECONDS
        if time.monotonic() > due_at or len(self._output) > FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        if self._output:
            services.append_log(self._job, self._output)
            self._output = b""
        if self._progress is not None:
            services.report_progress(self._job, self._progress)
            self._progress = None
        self._flushed_at = time.monotonic()

    def _keep(self, event: Event) -> bool:
        """Keep for later what is stored later."""
        match event["event"]:
            case "progress":
                self._progress = self._pace.describe(event)
            case "result":
                self.result |= event["values"]
            case "failed":
                self.failed = event
            case _:
                return False
        return True

    def _store(self, held: Job, event: Event) -> None:
        if event["event"] == "facts":
            services.record_facts(held, event["values"])
        else:
            self._kind.on_event(held, event, self._folder)


class Pace:
    """Rate and time left of a stage, reckoned from the first thing heard of it."""

    def __init__(self) -> None:
        self._stage = ""
        self._started = 0.0
        self._done_at_start = 0.0

    def describe(self, event: Event) -> dict[str, Any]:
        """The progress with `per_second` and `eta_seconds`, both null until they are known."""
        progress = {key: event[key] for key in ("stage", "done", "total", "unit")}
        now = time.monotonic()
        if event["stage"] != self._stage:
            self._stage, self._started, self._done_at_start = event["stage"], now, event["done"]
        done, elapsed = event["done"] - self._done_at_start, now - self._started
        per_second = done / elapsed if done > 0 and elapsed > 0 else None
        eta = (event["total"] - event["done"]) / per_second if per_second else None
        return progress | {"per_second": per_second, "eta_seconds": eta}
