"""Kills workers, floods and stops the broker, cancels: what becomes of the jobs?

    python -m benchmarks.worker_kills

Real processes on servers of their own: Postgres, Valkey, Celery workers, housekeeper. The
jobs are light (steps of sleep with a checkpoint each), so that the queue alone is measured.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import embedded_site, report
from webapp.stack import valkey

SEED = 7


@contextmanager
def servers() -> Iterator[tuple[Path, valkey.Valkey]]:
    """A throw-away Postgres and Valkey, to which the environment points from now on."""
    with embedded_site.database() as (home, url):
        broker = valkey.start(home)
        os.environ |= {
            "IWAKAN_SECRET_KEY": "benchmark only, long enough to satisfy the checks",
            "IWAKAN_VAR": str(home / "var"),
            "DATABASE_URL": url,
            "IWAKAN_BROKER_URL": broker.url,
        }
        yield home, broker


def measure(home: Path, broker: valkey.Valkey) -> dict[str, Any]:
    from benchmarks import kill_scenarios as scenarios  # needs the servers' addresses

    lab = scenarios.Lab(home, broker)
    try:
        with scenarios.running(lab.start("housekeeper", "-m", "benchmarks.light")):
            return {
                "kill_workers": scenarios.kill_workers(lab, seed=SEED),
                "outlive_broker_timeouts": scenarios.outlive_broker_timeouts(lab),
                "cancel": scenarios.cancel(lab),
                "lose_broker": scenarios.lose_broker(lab),
            }
    finally:
        lab.broker.stop()


def misses(figures: dict[str, Any]) -> list[str]:
    """The promises that were not kept."""
    kills, long, cancel, broker = figures.values()
    kept = {
        "all terminal within 60 s": kills["seconds_from_last_kill_to_all_terminal"] <= 60,
        "ten kills": kills["kills"] == 10,
        "nothing stuck": kills["stuck"] == 0,
        "no duplicate result": not any(each["duplicate_results"] for each in (kills, long, broker)),
        "no success without result": kills["succeeded_without_result"] == 0,
        "the long job started once": (long["starts"], long["status"]) == (1, "succeeded"),
        "cancel within 5 s": cancel["slowest_seconds"] <= 5 and cancel["statuses"] == ["cancelled"],
        "no run lost with the broker": broker["lost"] == 0,
        "first start within 30 s": broker["seconds_from_return_to_first_start"] <= 30,
    }
    return [promise for promise, is_kept in kept.items() if not is_kept]


def main() -> None:
    with servers() as (home, broker):
        figures = measure(home, broker)
    missed = misses(figures)
    report.save("worker_kills", figures | {"missed": missed}, seed=SEED)
    if missed:
        raise SystemExit(f"not kept: {'; '.join(missed)}")


if __name__ == "__main__":
    main()
