"""Features of a dataset made in shards by two workers against one worker.

    python -m benchmarks.extraction_shards [--frames FRAMES_OF_A_VIDEO]

Real Celery workers of one slot and one thread, each held to a core of its own, on servers of their
own, make histograms of flow and gradients of 12 videos: from the moment it is asked for until the
set is ready. One worker is cut one shard, two workers two, by the rule of the site. The files of
one shard and of two must be equal bit for bit. Beside the clock, which others share, there is the
processor time of the workers and their children: what two workers need more is what shards cost,
so that twice one's time by two's is how many times as fast they are on cores of their own.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.shards import WAYS, WORKER, cpu_seconds, installation, wait_until

N_VIDEOS, N_FRAMES = 12, 1_500
WIDTH, HEIGHT = 160, 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=N_FRAMES, help="of each of the videos")
    n_frames = parser.parse_args().frames
    with installation() as home:
        figures = measure(home, n_frames)
    report.save("extraction_shards", figures, notes=(__doc__ or "").split("\n")[0])


def measure(home: Path, n_frames: int) -> dict[str, Any]:
    dataset, by = prepare(home / "videos", n_frames)
    found = {way: extracted(home, way, n, dataset, by) for way, n in WAYS.items()}
    one, two = found["one_worker"], found["two_workers"]
    assert one.pop("files") == two.pop("files"), "the shards' features are others"
    return {
        "frames": N_VIDEOS * n_frames,
        **found,
        "two_workers_against_one_by_the_clock": one["seconds"] / two["seconds"],
        "two_workers_against_one_by_cpu_seconds": 2 * one["cpu_seconds"] / two["cpu_seconds"],
        "files_are_equal": True,
    }


def prepare(folder: Path, n_frames: int) -> tuple[Any, Any]:
    """Videos, the rows that tell of them, and somebody who may have features made."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from ml.extraction import describe
    from tests import toys
    from tests.factories.accounts import MembershipFactory, TeamFactory
    from tests.factories.datasets import DatasetFactory, VideoFactory
    from webapp.datasets.extractors import publish_extractors

    publish_extractors(describe())
    team = TeamFactory.create()
    dataset = DatasetFactory.create(team=team, folder=str(folder))
    for number in range(N_VIDEOS):
        path = toys.moving_square_video(
            folder / f"{number}.mp4", n_frames, start=31 * number, width=WIDTH, height=HEIGHT
        )
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        VideoFactory.create(
            dataset=dataset, name=str(number), n_frames=n_frames, sha256=sha256, fps=10.0
        )
    return dataset, MembershipFactory.create(team=team).user


def extracted(home: Path, way: str, n_workers: int, dataset: Any, by: Any) -> dict[str, Any]:
    """What it took, and the hash of each video's file; it is as if it had never been afterwards."""
    from webapp.datasets import extraction
    from webapp.datasets.models import ExtractedFile, Extractor, FeatureSet
    from webapp.jobs.models import Shard

    with workers(home, way, n_workers) as pids:
        before, started = cpu_seconds(pids), time.perf_counter()
        made = extraction.extract(
            dataset=dataset, name=way, extractor=Extractor.objects.get(pk="flow_gradients"), by=by
        )
        shards = Shard.objects.filter(stage__subject_id=made.pk)
        wait_until(lambda: FeatureSet.objects.get(pk=made.pk).state in ("ready", "failed"))
        assert FeatureSet.objects.get(pk=made.pk).state == "ready"
        assert shards.count() == n_workers
        figures = {
            "seconds": time.perf_counter() - started,
            "cpu_seconds": cpu_seconds(pids) - before,
            "load": os.getloadavg()[0],
        }
    rows = FeatureSet.objects.get(pk=made.pk).files.select_related("video", "extracted")
    files = {row.video.name: sha256_of(row.extracted) for row in rows}
    FeatureSet.objects.all().delete()
    ExtractedFile.objects.all().delete()
    print(way, figures, file=sys.stderr, flush=True)
    return figures | {"files": files}


def sha256_of(row: Any) -> str:
    with row.file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def workers(home: Path, name: str, n: int) -> Any:
    """Each held to a core; started, known and idle before anything is measured."""
    from django.conf import settings

    from webapp.jobs.models import WorkerNode
    from webapp.stack import processes

    wait_until(lambda: not WorkerNode.objects.alive().exists())
    cores = sorted(os.sched_getaffinity(0))
    started = []
    for number in range(n):
        core = str(cores[number % len(cores)])
        command = [
            "taskset",
            "-c",
            core,
            sys.executable,
            "-m",
            *WORKER,
            "-n",
            f"{name}-{number}@%h",
        ]
        log = home / "log" / f"{name}-{number}.log"
        started.append(processes.start(command, log=log, cwd=settings.BASE_DIR))
    try:
        wait_until(lambda: WorkerNode.objects.alive().exclude(facts={}).count() == n)
        yield [process.pid for process in started]
    finally:
        for process in started:
            processes.stop(process, processes.signal.SIGTERM, patience=20)


if __name__ == "__main__":
    main()
