"""The main job through real parts: page, queue, worker, training, scores, numbers, video page."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.patience import PATIENCE, wait_until
from tests.toys import moving_square_video
from tests.workers.conftest import environment
from webapp.datasets.models import Dataset, Part
from webapp.results.models import Evaluation
from webapp.runs.models import Method, Run

WORKER = ("celery", "-A", "workers.celery", "worker", "-P", "threads", "-c", "2", "-Q", "cpu")
N_FRAMES = 40
# Conv-AE's own tiny config, as one would type it.
TINY = {
    "config.window": "4",
    "config.input_size": "32",
    "config.strides": "1",
    "config.channels": "16, 16, 8",
    "config.epochs": "12",
    "config.batch_size": "8",
    "config.optimiser": "adam",
    "config.learning_rate": "0.003",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two normal training videos, two test videos that flicker in between, a broken one."""
    folder = tmp_path / "data" / "toy"
    rows = ["name,part,label,intervals"]
    for number in range(4):
        is_test = number >= 2
        abnormal = range(14, 26) if is_test else range(0)
        path = folder / f"{number}.mp4"
        moving_square_video(path, N_FRAMES, start=7 * number, abnormal=abnormal)
        rows.append(f"{path.name},test,flicker,14:26" if is_test else f"{path.name},train,normal,")
    (folder / "broken.mp4").write_text("this is no video")
    (folder / "manifest.csv").write_text("\n".join([*rows, "broken.mp4,train,normal,"]))
    return folder


@contextmanager
def started_worker(tmp_path: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker as a lab starts it, on this test's database and broker."""
    own = {
        "IWAKAN_BROKER_URL": settings.CELERY_BROKER_URL,
        "IWAKAN_DATA_ROOTS": str(tmp_path / "data"),
    } | more
    process = subprocess.Popen(
        [sys.executable, "-m", *WORKER, "--loglevel", "warning"],
        env=environment() | own,
        cwd=settings.BASE_DIR,
    )
    # On a busy machine the threads of one torch operation wait for each other more than they work.
    os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
    try:
        wait_until(lambda: Method.objects.filter(name="conv_ae").exists())
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with started_worker(tmp_path) as process:
        yield process


def import_dataset(client: Client, folder: Path) -> Dataset:
    answers = {"name": "Toy", "root": str(folder.parent), "folder": folder.name}
    response = client.post("/datasets/new", answers)
    dataset = Dataset.objects.get()
    assert response["Location"] == f"/datasets/{dataset.pk}"

    def is_imported() -> bool:
        dataset.refresh_from_db()
        return not dataset.is_importing

    wait_until(is_imported)
    assert dataset.import_job is not None
    assert dataset.import_job.status == "succeeded", dataset.import_job.reason
    return dataset


def submit(client: Client, dataset: Dataset, **changes: str) -> Run:
    answers = {"method": "conv_ae", "split": dataset.splits.get().pk, "selection": "last"}
    response = client.post("/runs/new", answers | {"seed": "1"} | TINY | changes)
    assert response.status_code == 302, response.context["form"].errors
    return Run.objects.get(pk=response["Location"].rpartition("/")[2])


def fresh(run: Run) -> Run:
    """With its job in the same query: between two the training may hand over to the scoring."""
    return Run.objects.for_list().get(pk=run.pk)


def ended(run: Run) -> Run:
    wait_until(lambda: fresh(run).is_finished)
    return fresh(run)


def headline(run: Run) -> Evaluation:
    return Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw")


def pages_of(run: Run, client: Client) -> Iterator[Any]:
    """What a colleague opens afterwards."""
    for video in run.dataset.videos.in_split(run.split, Part.TEST):
        yield client.get(f"/videos/{video.pk}?run={run.pk}")
    for address in ("/", "/runs", f"/runs/{run.pk}", f"/jobs/{run.current_job_id}"):
        yield client.get(address)


def test_train_a_run_from_the_form_to_the_video_page(
    worker: subprocess.Popen[bytes], as_bob: Client, as_vera: Client, folder: Path
) -> None:
    dataset = import_dataset(as_bob, folder)
    assert dataset.videos.get(name="broken").status == "rejected"

    run = ended(submit(as_bob, dataset))

    assert run.status == "succeeded", run.current_job.reason
    assert run.training_points.filter(epoch__in=range(1, 13)).count() == 12
    assert run.training_points.count() == run.training_points.last().step  # a point per step
    assert run.checkpoints.get(is_final=True).epoch == 12
    evaluation = headline(run)
    assert evaluation.metrics["auroc"] > 0.8
    assert evaluation.counts["n_frames"] == 2 * N_FRAMES
    assert run.current_job.provenance["torch"]
    assert all(page.status_code == 200 for page in pages_of(run, as_vera))
    assert f"{evaluation.metrics['auroc']:.3f}" in as_vera.get(f"/runs/{run.pk}").content.decode()
