"""How many CPU threads this process may use: torch and the decoder of videos take as many."""

from __future__ import annotations

import os

from ml.records import BadInput

_allowed: int | None = None


def allow(count: int | None) -> None:
    """None: as many as this process has cores. Raise BadInput for less than one."""
    global _allowed
    if count is not None and count < 1:
        raise BadInput(f"threads: a whole number from 1 on is expected (given: {count})")
    _allowed = count


def allowed() -> int:
    return _allowed or len(os.sched_getaffinity(0))
