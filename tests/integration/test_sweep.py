"""A sweep through real parts: submitted on the page, trained once by a child, scored, a table."""

from pathlib import Path

import numpy as np
import pytest
from django.test import Client

from ml.registry import describe
from tests.factories.jobs import WorkerNodeFactory
from tests.toys import moving_square_video
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset
from webapp.datasets.services import create_dataset
from webapp.jobs.models import Job, WorkerNode
from webapp.results.models import VideoScores
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.services import create_run, publish_methods
from workers import supervisor

N_FRAMES = 40
TINY = {
    "window": 4, "input_size": 32, "strides": [1], "channels": [16, 16, 8], "epochs": 4,
    "batch_size": 8, "optimiser": "adam", "learning_rate": 0.003,
}  # fmt: skip


@pytest.fixture
def worker(transactional_db: None) -> WorkerNode:
    publish_methods(describe())
    return WorkerNodeFactory.create(name="lab1:100")


@pytest.fixture
def dataset(worker: WorkerNode, tmp_path: Path, team: Team, bob: User) -> Dataset:
    """Two normal training videos and two test videos that flicker in between."""
    folder = tmp_path / "data" / "toy"
    rows = ["name,part,label,intervals"]
    for number in range(4):
        is_test = number >= 2
        abnormal = range(14, 26) if is_test else range(0)
        moving_square_video(folder / f"{number}.mp4", N_FRAMES, start=7 * number, abnormal=abnormal)
        rows.append(f"{number}.mp4," + ("test,flicker,14:26" if is_test else "train,normal,"))
    (folder / "manifest.csv").write_text("\n".join(rows))
    dataset = create_dataset(team=team, name="Toy", folder=str(folder), by=bob)
    work(worker)
    dataset.refresh_from_db()
    return dataset


def work(worker: WorkerNode) -> list[Job]:
    """Every job that waits, with those that follow, each with a real child."""
    done = []
    while job := supervisor.run_next("cpu", worker=worker):
        job.refresh_from_db()
        assert job.status == Job.Status.SUCCEEDED, job.reason
        done.append(job)
    return done


def typed(values: dict[str, object]) -> dict[str, str]:
    return {
        f"config.{name}": ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }


def scores_of(run: Run) -> list[np.ndarray]:
    rows = VideoScores.objects.filter(score_set__run=run).order_by("video__name")
    return [np.frombuffer(row.values, "<f4") for row in rows]


@pytest.mark.soak
def test_two_ways_of_scoring_share_one_training(
    dataset: Dataset, worker: WorkerNode, as_bob: Client, bob: User
) -> None:
    split = dataset.splits.get()
    answers = {
        "method": "conv_ae", "split": split.pk, "title": "Errors", "seeds": "1",
        "selection": "last", "config.pixel_error": ["absolute", "squared"],
        "config.precision": "float32", "config.unpooling": "switches", "step": "submit",
    }  # fmt: skip

    response = as_bob.post("/runs/sweeps/new", answers | typed(TINY))

    assert response.status_code == 302, response.context["form"].errors
    sweep = Sweep.objects.get()
    jobs = work(worker)
    assert [job.kind for job in jobs] == ["train", "score", "score", "evaluate", "evaluate"]
    trainer, other = sweep.runs.order_by("sweep_row")
    assert other.trained_by == trainer
    assert [run.status for run in sweep.runs.all()] == ["succeeded", "succeeded"]
    assert {job.provenance["weights_of"] for job in jobs[1:3]} == {trainer.pk}
    assert jobs[1].provenance["weights_sha256"] == jobs[2].provenance["weights_sha256"]

    alone = create_run(
        team=dataset.team, dataset=dataset, split=split, method=Method.objects.get(pk="conv_ae"),
        config=other.config, seed=1, by=bob,
    )  # fmt: skip
    work(worker)
    for shared, own in zip(scores_of(other), scores_of(alone), strict=True):
        np.testing.assert_array_equal(shared, own)
    assert any(
        not np.array_equal(one, two)
        for one, two in zip(scores_of(trainer), scores_of(other), strict=True)
    )

    page = as_bob.get(response["Location"]).content.decode()
    assert "2 scored" in page
    numbers = as_bob.get(f"/api/v1/sweeps/{sweep.pk}").json()["rows"]
    aurocs = [row["numbers"][0]["value"] for row in numbers]
    assert all(f"{value:.3f}" in page for value in aurocs)
    assert all(run.score_set.rule for run in sweep.runs.all())
