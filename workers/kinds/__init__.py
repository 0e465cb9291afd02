"""What differs between kinds of jobs. One module per kind; each is found and registers itself.

    @register("train")
    class Train:
        def prepare(self, job, folder): ...

A kind keeps nothing between calls: one instance serves all jobs, several at a time.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ml.reports import Event
from webapp.jobs.models import Job

ML_CHILD = ("-m", "ml", "job")  # arguments of the Python that does the work


class JobKind(Protocol):
    """The hooks of one kind. A `UserError` or `BadInput` from any of them fails the job."""

    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        """The child's spec. Files that it needs are put below `folder`, its working folder."""

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        """Store what the child tells, inside the transaction that holds the job's fence.

        Never called for progress, facts, result and failed: those are the same for all kinds.
        """

    def on_success(self, job: Job, folder: Path) -> None:
        """Follow-up work, in the transaction that marks the job as succeeded."""

    def on_replaced(self, old: Job, new: Job) -> None:
        """Point the subject of a lost job at its successor, in the transaction that makes it."""


@dataclass(frozen=True)
class Registered:
    """A kind and the arguments of the Python process that works for it."""

    kind: JobKind
    child: Sequence[str]


KINDS: dict[str, Registered] = {}


def register(
    name: str, *, child: Sequence[str] = ML_CHILD
) -> Callable[[type[JobKind]], type[JobKind]]:
    """Add a kind to the registry under `name`, the value of `Job.kind`."""

    def add(kind: type[JobKind]) -> type[JobKind]:
        if name in KINDS:
            raise ValueError(f"{kind.__module__} registers {name!r} a second time")
        KINDS[name] = Registered(kind(), child)
        return kind

    return add


def find(name: str) -> Registered:
    """Raise LookupError, with the kinds that exist, when there is none of that name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    if name not in KINDS:
        raise LookupError(f"no kind of job is called {name!r}; known: {', '.join(sorted(KINDS))}")
    return KINDS[name]


def replace(old: Job, new: Job) -> None:
    """Tell the kind of `old` that `new` takes its place."""
    find(old.kind).kind.on_replaced(old, new)
