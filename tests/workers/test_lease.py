"""How long a worker bears a database that is away."""

from __future__ import annotations

import pytest
from django.db import OperationalError

from workers import lease


class Away:
    """A database that is away for the first `n` times it is asked."""

    def __init__(self, n: int) -> None:
        self.left = n
        self.waits = 0

    def ask(self) -> str:
        if self.left:
            self.left -= 1
            raise OperationalError("gone")
        return "here"

    def wait(self) -> None:
        self.waits += 1


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RETRY_SECONDS", 0.01)


@pytest.mark.django_db
def test_a_database_that_comes_back_is_waited_for() -> None:
    database = Away(3)

    assert lease.patiently(database.ask, on_wait=database.wait) == "here"
    assert database.waits == 3


@pytest.mark.django_db
def test_a_worker_that_ends_soon_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    database = Away(1_000_000)
    monkeypatch.setattr(lease, "STOPPING_PATIENCE_SECONDS", 0.05)

    def told_to_end() -> None:
        database.wait()
        lease.is_stopping.set()

    try:
        with pytest.raises(OperationalError):
            lease.patiently(database.ask, on_wait=told_to_end)
    finally:
        lease.is_stopping.clear()
    assert 1 <= database.waits < 100
