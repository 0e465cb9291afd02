"""Runs one function in many threads at once, each with a database connection of its own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connection

from tests.patience import wait_until


def race(function: Callable[[], Any], *, n_threads: int) -> list[Any]:
    """What the calls returned or raised."""
    barrier = Barrier(n_threads)

    def run(_number: int) -> Any:
        barrier.wait()
        try:
            return function()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(run, range(n_threads)))


def wait_until_somebody_waits_for_a_lock() -> None:
    wait_until(_somebody_waits_for_a_lock)


def wait_until_it_waits_or_ends(work: Future[Any]) -> None:
    """For what must wait for this thread's transaction, and may be broken so that it does not."""
    wait_until(lambda: work.done() or _somebody_waits_for_a_lock())


def _somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
        return cursor.fetchone() is not None
