"""A dataset scored in shards by two workers against one worker: frames per second.

    python -m benchmarks.shards [--frames FRAMES_OF_A_VIDEO]

Real Celery workers of one slot and one thread each, on servers of their own, score the videos of a
run of Conv-AE from files: from the moment the scoring is submitted until its last score is stored,
so that starting a process for each shard counts. One worker is cut one shard, two workers two, by
the rule of the site. The rows of one shard and of two must be equal bit for bit. Beside the clock,
which others on the machine share, the processor time of the workers and their children: what two
workers need more is what shards cost.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.worker_kills import servers

ROUNDS = 2
N_VIDEOS, N_FRAMES = 12, 4_000
CONFIG = {"input_size": 64, "channels": (64, 32, 16), "window": 10}
WORKER = ("celery", "-A", "workers.celery", "worker", "-P", "threads", "-c", "1", "-Q", "cpu")
WAYS = {"one_worker": 1, "two_workers": 2}
PATIENCE = 900.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=N_FRAMES, help="of each of the videos")
    n_frames = parser.parse_args().frames
    with installation() as home:
        figures = measure(home, n_frames)
    report.save("shards", figures, notes=(__doc__ or "").split("\n")[0])


@contextmanager
def installation() -> Iterator[Path]:
    """The folder of one whose workers have one thread for a job, and take it from `videos` there.

    Without walls: the kernel tells nobody what processor time went by within.
    """
    with servers() as (home, broker):
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "IWAKAN_MEDIA_ROOT": str(home / "media"),
            "IWAKAN_WORK_DIR": str(home / "work"),
            "IWAKAN_DATA_ROOTS": str(home / "videos"),
            "IWAKAN_THREADS": "1",
            "IWAKAN_WALLS": "false",
        }
        try:
            yield home
        finally:
            broker.stop()


def measure(home: Path, n_frames: int) -> dict[str, Any]:
    split = prepare(home / "videos", n_frames)
    load = os.getloadavg()[0]
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    cpu: dict[str, list[float]] = {way: [] for way in WAYS}
    loads: dict[str, list[float]] = {way: [] for way in WAYS}
    stored: dict[str, Any] = {}
    for number in range(ROUNDS):
        for way, n_workers in WAYS.items():
            with workers(home, f"{way}-{number}", n_workers) as pids:
                before = cpu_seconds(pids)
                run, taken = score(split, home / "videos", n_shards=n_workers)
                cpu[way].append(cpu_seconds(pids) - before)
            seconds[way].append(taken)
            loads[way].append(round(os.getloadavg()[0], 2))
            stored[way] = rows(run)
            print(f"{way}: {taken:.1f} s at load {loads[way][-1]}", file=sys.stderr, flush=True)
    assert stored["two_workers"] == stored["one_worker"], "the shards' rows are others"
    spent = {way: statistics.median(each) for way, each in cpu.items()}
    return figures_of(seconds, N_VIDEOS * n_frames) | {
        "cpu_seconds": {way: round(each, 1) for way, each in spent.items()},
        "two_workers_against_one_by_cpu_seconds": round(
            2 * spent["one_worker"] / spent["two_workers"], 2
        ),
        "load_before": round(load, 2),
        "load_after_each": loads,
    }


def figures_of(seconds: dict[str, list[float]], n_frames: int) -> dict[str, Any]:
    rates = {way: n_frames / statistics.median(each) for way, each in seconds.items()}
    return {
        "frames": n_frames,
        "seconds": {way: [round(each, 1) for each in taken] for way, taken in seconds.items()},
        "frames_per_second": {way: round(rate, 1) for way, rate in rates.items()},
        "two_workers_against_one": ratios(seconds),
    }


def ratios(seconds: dict[str, list[float]]) -> dict[str, Any]:
    """Of the medians, and of each round: the machine may have other work."""
    pairs = list(zip(seconds["one_worker"], seconds["two_workers"], strict=True))
    medians = [statistics.median(each) for each in zip(*pairs, strict=True)]
    return {
        "times_faster": round(medians[0] / medians[1], 2),
        "each": [round(theirs / ours, 2) for theirs, ours in pairs],
    }


def prepare(folder: Path, n_frames: int) -> Any:
    """Videos, weights, and their rows."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from tests.factories.accounts import TeamFactory
    from tests.learnt import make_files, split_of

    folder.mkdir()
    make_files(folder, n_videos=N_VIDEOS, n_frames=n_frames, **CONFIG)
    return split_of(TeamFactory.create(), folder, n_videos=N_VIDEOS, n_frames=n_frames)


@contextmanager
def workers(home: Path, name: str, n: int) -> Iterator[list[int]]:
    """Started, known and idle: what they find out about the machine is not measured."""
    from django.conf import settings

    from webapp.jobs.models import WorkerNode
    from webapp.stack import processes

    wait_until(lambda: not WorkerNode.objects.alive().exists())
    started = []
    for number in range(n):
        command = [sys.executable, "-m", *WORKER, "-n", f"{name}-{number}@%h"]
        log = home / "log" / f"{name}-{number}.log"
        started.append(processes.start(command, log=log, cwd=settings.BASE_DIR))
    try:
        wait_until(lambda: WorkerNode.objects.alive().exclude(facts={}).count() == n)
        yield [process.pid for process in started]
    finally:
        for process in started:
            processes.stop(process, processes.signal.SIGTERM, patience=20)


def score(split: Any, folder: Path, *, n_shards: int) -> tuple[Any, float]:
    """The run and the seconds until its scores were stored; its evaluation is left out."""
    from tests.learnt import learnt_run
    from webapp.jobs.models import Shard
    from webapp.runs import services
    from webapp.runs.models import Run

    started = time.perf_counter()
    run = learnt_run(split, folder)
    assert Shard.objects.filter(stage__subject_id=run.pk, stage__kind="score").count() == n_shards
    wait_until(lambda: Run.objects.scored().filter(pk=run.pk).exists())
    taken = time.perf_counter() - started
    services.cancel_run(run=Run.objects.get(pk=run.pk), by=member_of(split.dataset.team))
    return run, taken


def member_of(team: Any) -> Any:
    from tests.factories.accounts import MembershipFactory

    return MembershipFactory.create(team=team).user


def cpu_seconds(pids: list[int]) -> float:
    """Of processes and of those of their children that have ended."""
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    ticks = sum(int(each) for stat in stats for each in stat[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def rows(run: Any) -> dict[str, Any]:
    from webapp.runs.models import Run

    score_set = Run.objects.get(pk=run.pk).score_set
    videos = score_set.videos.select_related("video")
    return {row.video.name: bytes(row.values) for row in videos} | {"": score_set.content_hash}


def wait_until(is_so: Any) -> None:
    give_up_at = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"not so within {PATIENCE:g} seconds")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
