"""What the site knows of each kind of job: one file each, which is all that a new kind takes here.

The work itself is in the file of the same name in `workers/kinds`.
"""

from __future__ import annotations

import importlib
import pkgutil

from webapp.jobs.kinds._base import Kind

__all__ = ["CHOICES", "KINDS", "Kind", "find", "long_kinds"]


def _found() -> dict[str, Kind]:
    names = [each.name for each in pkgutil.iter_modules(__path__) if not each.name.startswith("_")]
    kinds = [importlib.import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in sorted(kinds, key=lambda kind: kind.place)}


KINDS = _found()  # by the value of `Job.kind`, in the order in which a run goes through them
CHOICES = [(name, kind.title) for name, kind in KINDS.items()]


def find(name: str) -> Kind:
    """Raise LookupError, with the kinds that exist, when there is none of that name."""
    if name not in KINDS:
        raise LookupError(f"no kind of job is called {name!r}; known: {', '.join(KINDS)}")
    return KINDS[name]


def long_kinds() -> list[str]:
    return [name for name, kind in KINDS.items() if not kind.is_short]
