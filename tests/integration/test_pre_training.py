"""Pre-train on a folder of classes from the page, then fine-tune in four ways in one sweep."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from benchmarks.motion_classes import CLASSES, make_folder
from ml.registry import describe
from tests.factories.jobs import WorkerNodeFactory
from tests.integration.test_sweep import work
from tests.toys import moving_square_video
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset
from webapp.datasets.services import create_dataset
from webapp.jobs.models import Job, WorkerNode
from webapp.runs.models import Run
from webapp.runs.services import publish_methods

SMALL = {
    "picture_size": 16, "clip_length": 4, "frame_rate": 0, "widths": [4, 4, 4, 8], "epochs": 1,
    "batch_size": 12, "falls_after": [],
}  # fmt: skip
INITIALISATIONS = ("none", "one_stream", "two_stream", "cross_modality")


@pytest.fixture
def worker(transactional_db: None) -> WorkerNode:
    publish_methods(describe())
    return WorkerNodeFactory.create(name="lab1:100")


@pytest.fixture
def motions(worker: WorkerNode, tmp_path: Path, team: Team, bob: User) -> Dataset:
    folder = tmp_path / "data" / "motions"
    make_folder(folder, n_train=2, n_validation=1, seed=0, size=32, n_frames=8)
    return imported(folder, worker, team, bob)


@pytest.fixture
def fights(worker: WorkerNode, tmp_path: Path, team: Team, bob: User) -> Dataset:
    folder = tmp_path / "data" / "fights"
    for number in range(8):
        path = folder / ("fight" if number % 2 else "normal") / f"{number}.mp4"
        moving_square_video(path, 12, start=5 * number, abnormal=range(12 * (number % 2)))
    return imported(folder, worker, team, bob)


def imported(folder: Path, worker: WorkerNode, team: Team, by: User) -> Dataset:
    dataset = create_dataset(team=team, name=folder.name, folder=str(folder), by=by)
    work(worker)
    dataset.refresh_from_db()
    return dataset


def pre_trained(client: Client, method: str, dataset: Dataset, worker: WorkerNode) -> Run:
    answers = {"method": method, "split": dataset.splits.get().pk, "selection": "validation"}
    answers |= {"seed": "0", "config.classes": "labels", "config.falls_at_rest": "4"}
    typed = {
        f"config.{name}": ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in SMALL.items()
    }
    response = client.post("/runs/new", answers | typed)
    assert response.status_code == 302, response.context["form"].errors
    work(worker)
    return Run.objects.get(pk=response["Location"].rpartition("/")[2])


def test_pre_training_and_four_initialisations(
    motions: Dataset,
    fights: Dataset,
    worker: WorkerNode,
    as_bob: Client,
) -> None:
    begun = {name: pre_trained(as_bob, name, motions, worker) for name in ("os_3dcnn", "ts_3dcnn")}
    for run in begun.values():
        assert (run.status, run.job.kind, run.scored_at) == (Job.Status.SUCCEEDED, "train", None)
        assert run.ended_with_training
        page = as_bob.get(f"/runs/{run.pk}").content.decode()
        assert "Other runs may begin with its weights" in page
        last = run.training_points.order_by("step").last()
        assert {"validation_loss", "validation_accuracy"} <= last.values.keys()
    starts = dict(zip(INITIALISATIONS, ("", "os_3dcnn", "ts_3dcnn", "os_3dcnn"), strict=True))
    variants = [
        {"title": name, "config": {"initialisation": name}}
        | ({"starts_from": begun[start].pk} if start else {})
        for name, start in starts.items()
    ]
    body = {
        "dataset": fights.pk, "method": "ts_3dcnn", "config": SMALL, "variants": variants,
        "cross_validation": {"n_folds": 2, "held_out_by": ""},
    }  # fmt: skip

    answer = as_bob.post("/api/v1/sweeps", body, "application/json")

    assert answer.status_code == 202, answer.content
    assert answer.json()["n_runs"] == 8
    work(worker)
    runs = Run.objects.filter(sweep=answer.json()["id"]).select_related("starts_from__run")
    assert all(run.scored_at for run in runs)
    for run in runs:
        wanted = starts[INITIALISATIONS[run.sweep_row]]
        assert (run.starts_from.run if run.starts_from else None) == begun.get(wanted)
    assert len(CLASSES) == 12
