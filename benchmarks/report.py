"""Writes what a benchmark measured, with everything needed to measure it again."""

import datetime
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"


Clock = Callable[[], float]


def seconds(work: Callable[[], object], *, clock: Clock = time.perf_counter) -> float:
    started = clock()
    work()
    return clock() - started


def compare(
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    pairs: int = 5,
    clock: Clock = time.perf_counter,
) -> dict[str, float]:
    """Median seconds of both over interleaved runs, and how many times faster ours is.

    By `time.process_time` where other work has the cores, with one thread.
    """
    timings = [(seconds(ours, clock=clock), seconds(peer, clock=clock)) for _ in range(pairs)]
    our_median = statistics.median(timing[0] for timing in timings)
    peer_median = statistics.median(timing[1] for timing in timings)
    return {
        "ours_seconds": our_median,
        "peer_seconds": peer_median,
        "times_faster": peer_median / our_median,
    }


def save(name: str, figures: dict[str, Any], *, seed: int | None = None, notes: str = "") -> Path:
    """Add one dated record to `results/<name>.json` and print it."""
    record = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": shlex.join(
            ["python", "-m", f"benchmarks.{name}", *map(_portable, sys.argv[1:])]
        ),
        "commit": _commit(),
        "machine": machine(),
        "seed": seed,
        "notes": notes,
        "figures": figures,
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    history = json.loads(path.read_text()) if path.exists() else []
    path.write_text(json.dumps([*history, record], indent=1, ensure_ascii=False) + "\n")
    print(json.dumps(record, indent=1, ensure_ascii=False))
    return path


def _portable(argument: str) -> str:
    """A file by its name: where it lay on this machine helps nobody."""
    return Path(argument).name if argument.startswith("/") else argument


def machine() -> dict[str, Any]:
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if "model name" in line),
        platform.processor(),
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines() if Path(path).exists() else []


def _commit() -> str:
    """The commit, with a plus when the tree differs from it."""
    git = ["git", "-C", str(Path(__file__).parent)]
    head = subprocess.run([*git, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    others = ["--untracked-files=no", "--", ":(top,exclude)benchmarks/results"]
    changes = subprocess.run(
        [*git, "status", "--porcelain", *others], capture_output=True, text=True
    )
    return head.stdout.strip() + ("+" if changes.stdout.strip() else "")
