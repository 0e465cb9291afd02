"""Datasets of small videos, and the making of their features without a process of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Model

from ml import verbs
from ml.reports import Event, Reporter
from tests import toys
from tests.factories.datasets import DatasetFactory, VideoFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, ExtractedFile, FeatureSet
from webapp.jobs import services as jobs
from webapp.jobs.models import Job, WorkerNode
from workers import kinds

LENGTHS = (40, 36, 33, 16)  # frames: of rows of 16 two, two, two and one
ABNORMAL = range(10, 30)


def make_videos(folder: Path) -> Path:
    """0.mp4, 1.mp4, … of LENGTHS, something abnormal in every second one."""
    for number, n_frames in enumerate(LENGTHS):
        abnormal = ABNORMAL if number % 2 else ()
        toys.moving_square_video(
            folder / f"{number}.mp4", n_frames, start=7 * number, abnormal=abnormal
        )
    return folder


def dataset_of(team: Team, folder: Path, **changes: Any) -> Dataset:
    """With the true content of the files, and what labels weak methods learn from."""
    dataset = DatasetFactory.create(team=team, folder=str(folder))
    for number, n_frames in enumerate(LENGTHS):
        label = "abnormal" if number % 2 else "normal"
        facts = {"name": str(number), "n_frames": n_frames, "label": label, "fps": 10.0}
        sha256 = hashlib.sha256((folder / f"{number}.mp4").read_bytes()).hexdigest()
        VideoFactory.create(dataset=dataset, sha256=sha256, **facts | changes)
    return dataset


def claimed(worker: WorkerNode, subject: Model) -> Iterator[Job]:
    """What waits of its jobs, in turn, in the hands of the worker."""
    while job := Job.objects.waiting().filter(subject_id=subject.pk).order_by("pk").first():
        held = jobs.claim(job.pk, worker=worker)
        assert held is not None
        yield held


def work_off(feature_set: FeatureSet, worker: WorkerNode) -> list[str]:
    """Do all its jobs, as a supervisor and its child do. Return the names that were decoded."""
    return [name for job in claimed(worker, feature_set) for name in work(job)]


def work(job: Job, *, until: Callable[[Event], bool] = lambda event: False) -> list[str]:
    """One job; it dies, its end untold, before the event of which `until` is true."""
    kind, folder = kinds.find(job.kind).kind, Path(settings.WORK_DIR) / job.pk
    folder.mkdir(parents=True)
    spec, made = kind.prepare(job, folder), []
    jobs.mark_running(job)

    def tell(event: Event) -> None:
        if until(event):
            raise Killed
        if event["event"] == "result":
            job.result |= event["values"]
        if event["event"] in ("progress", "result"):
            return
        with jobs.fenced(job) as held:
            if event["event"] == "facts":
                jobs.record_facts(held, event["values"])
            else:
                kind.on_event(held, event, folder)
        if event["event"] == "features":
            made.append(spec["names"][event["video_id"]])

    try:
        verbs.find(spec["verb"])(spec, Reporter(tell))
    except Killed:
        return made
    with jobs.fenced(job) as held:
        held.result = job.result
        kind.on_success(held, folder)
        jobs.finish(held, status=Job.Status.SUCCEEDED)
    return made


class Killed(Exception):
    """The process is gone."""


def content(feature_set: FeatureSet) -> dict[str, bytes]:
    """The bytes of each video's features, by its name."""
    files = feature_set.files.select_related("video", "extracted")
    return {file.video.name: _bytes(file.extracted) for file in files}


def _bytes(row: ExtractedFile | None) -> bytes:
    assert row is not None, "it was made here"
    with row.file.open() as file:
        return bytes(file.read())
