"""Two trainings at once on this machine, with the threads that a job gets and with all of them.

    python -m benchmarks.two_at_once

Conv-AE on the generated corridor, as in the demo but for two epochs. The peer is the same two
trainings one after the other, with all cores each.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import report
from ml.data.corridor import render

SEED = 7
EPOCHS = 2
CONFIG = (
    "input_size=64",
    "channels=[32,16,8]",
    "strides=[1]",
    "optimiser=adam",
    f"epochs={EPOCHS}",
)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render(folder / "corridor", seed=SEED)
        ml("survey", folder / "corridor", "--out", folder / "survey")
        figures = measure(folder)
    report.save("two_at_once", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def measure(folder: Path) -> dict[str, Any]:
    cores = len(os.sched_getaffinity(0))
    share = max(1, cores // 2)
    one_by_one = sum(
        report.seconds(lambda n=n: wait([training(folder, n, cores)]))  # type: ignore[misc]
        for n in range(2)
    )
    shared = report.seconds(lambda: wait([training(folder, n, share) for n in range(2)]))
    greedy = report.seconds(lambda: wait([training(folder, n, cores) for n in range(2)]))
    return {
        "cores": cores,
        "one_after_the_other_seconds": round(one_by_one, 1),
        "at_once_with_a_share_each_seconds": round(shared, 1),
        "at_once_with_all_cores_each_seconds": round(greedy, 1),
        "at_once_against_one_after_the_other": round(shared / one_by_one, 2),
        "with_all_cores_against_one_after_the_other": round(greedy / one_by_one, 2),
    }


def training(folder: Path, number: int, threads: int) -> subprocess.Popen[bytes]:
    options = [option for each in CONFIG for option in ("--set", each)]
    manifest = folder / "survey" / "manifest.json"
    out = tempfile.mkdtemp(dir=folder)
    return start(
        "train", "--method", "conv_ae", "--manifest", manifest, "--out", out, "--seed", number,
        "--threads", threads, *options,
    )  # fmt: skip


def ml(*arguments: object) -> None:
    wait([start(*arguments)])


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ml", *map(str, arguments)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def wait(started: Sequence[subprocess.Popen[bytes]]) -> None:
    for process in started:
        if process.wait() != 0:
            raise SystemExit(f"{process.args!r} ended with {process.returncode}")


if __name__ == "__main__":
    main()
