"""A clock for tests of the site: how long a machine takes for a test decides nothing in it."""

from datetime import timedelta
from itertools import count

import pytest
from django.utils import timezone

TICK = timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def _steady_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases, pauses, signs of life: all count by a clock that goes on whenever it is read."""
    began, readings = timezone.now(), count()
    monkeypatch.setattr(timezone, "now", lambda: began + TICK * next(readings))
