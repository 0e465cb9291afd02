"""The kind of job that tests use: its child does the steps that the job's spec lists."""

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.common.errors import UserError
from webapp.jobs.models import Job
from workers import kinds

CHILD = Path(__file__).with_name("child.py")


@kinds.register("act", child=[str(CHILD)])
class Act:
    """Notes what it is told. `refuse_*` in the spec makes that hook fail."""

    seen: list[Event] = []
    replaced: list[tuple[str, str]] = []

    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        self._refuse(job, "prepare")
        return job.spec

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        self._refuse(job, "event")
        self.seen.append(event)

    def on_success(self, job: Job, folder: Path) -> None:
        self._refuse(job, "success")
        self.seen.append({"event": "succeeded", "result": job.result})

    def on_replaced(self, old: Job, new: Job) -> None:
        self.replaced.append((old.pk, new.pk))

    def _refuse(self, job: Job, hook: str) -> None:
        match job.spec.get(f"refuse_{hook}"):
            case {"errno": number}:
                raise OSError(number, "no room")
            case str(sentence):
                raise UserError(sentence)
