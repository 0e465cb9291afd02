"""A family that nobody here knew: one file brings it, and everything else is there already."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests import toys
from tests.integration.test_train_a_run import ended, headline, pages_of, started_worker
from tests.patience import wait_until
from webapp.datasets.models import Dataset, FeatureSet, Part
from webapp.runs.models import Method, Run

PLUGINS = Path(__file__).parents[1] / "plugins"
LIST = "name,n_frames,label,part\n"
TRUTH = "name,start_frame,end_frame\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Features of videos that are not here, the list of these, and where they are abnormal."""
    folder = tmp_path / "data" / "bags"
    manifest = toys.toy_features(folder / "features", abnormal=True)
    listed, truth = LIST, TRUTH
    for video in manifest.videos:
        name = Path(video.path).stem
        listed += f"{name},{video.n_frames},{video.label},{video.part}\n"
        if video.part == "test":
            truth += "".join(f"{name},{i.start_frame},{i.end_frame}\n" for i in video.intervals)
    (folder / "videos.csv").write_text(listed)
    (folder / "truth.csv").write_text(truth)
    return folder


@pytest.fixture
def worker(transactional_db: None, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """One to whom a folder with the family's file was named."""
    with started_worker(tmp_path, IWAKAN_PLUGIN_PATH=str(PLUGINS)) as process:
        wait_until(lambda: Method.objects.filter(name="toy_bags").exists())
        yield process


def listed_dataset(client: Client, folder: Path) -> Dataset:
    with (folder / "videos.csv").open() as file:
        client.post("/datasets/new/listed", {"name": "Bags", "file": file, "fps": "25"})
    dataset = Dataset.objects.get()
    wait_until(lambda: Dataset.objects.exclude(content_hash="").exists())
    return dataset


def ground_truth(client: Client, dataset: Dataset, folder: Path) -> None:
    address = f"/datasets/{dataset.pk}/ground-truth/new"
    with (folder / "truth.csv").open() as file:
        client.post(address, {"file": file})
    draft = dataset.annotation_imports.get()
    wait_until(lambda: dataset.annotation_imports.exclude(alignment={}).exists())
    client.post(f"/ground-truth/{draft.pk}/accept", {"repairs": ["assume_normal"]})
    assert dataset.annotation_sets.exists()


def feature_set(client: Client, dataset: Dataset) -> FeatureSet:
    facts = {"name": "toy", "folder": "bags/features", "extractor": "a toy", "frames_per_row": "4"}
    client.post(f"/datasets/{dataset.pk}/features/new", facts)
    wait_until(lambda: FeatureSet.objects.exclude(content_hash="").exists())
    return FeatureSet.objects.get()


def answers(features: FeatureSet, **changes: str) -> dict[str, str]:
    split = features.dataset.splits.get()
    return {
        "method": "toy_bags", "split": split.pk, "feature_set": features.pk,
        "selection": "last", "seed": "1", "config.epochs": "40",
    } | changes  # fmt: skip


def prepared(client: Client, folder: Path) -> FeatureSet:
    dataset = listed_dataset(client, folder)
    ground_truth(client, dataset, folder)
    return feature_set(client, dataset)


def test_it_trains_scores_and_shows_on_all_pages(
    worker: subprocess.Popen[bytes], as_bob: Client, as_vera: Client, folder: Path
) -> None:
    features = prepared(as_bob, folder)
    form = as_bob.get(f"/runs/new?method=toy_bags&dataset={features.dataset_id}")
    assert "Crops" in form.content.decode()

    response = as_bob.post("/runs/new", answers(features))
    run = ended(Run.objects.get(pk=response["Location"].rpartition("/")[2]))

    assert run.status == "succeeded", run.current_job.reason
    assert headline(run).metrics["auroc"] > 0.9
    assert run.checkpoints.filter(is_best=True).exists()
    assert run.features == "toy v1, a toy"
    for page in (*pages_of(run, as_vera), *more_pages(run, as_vera)):
        assert page.status_code == 200, page.request["PATH_INFO"]
    assert "Toy bags" in as_vera.get("/runs").content.decode()
    method = as_vera.get("/api/v1/methods/toy_bags").json()
    assert (method["reads"], method["supervision"]) == ("features", "weak")


def more_pages(run: Run, client: Client) -> Iterator[Any]:
    """Everything else that shows runs."""
    dataset, features = run.dataset_id, run.feature_set_id
    for address in (
        f"/runs/new?method=toy_bags&dataset={dataset}",
        f"/compare?run={run.pk}",
        "/leaderboards",
        f"/leaderboards/{dataset}",
        f"/datasets/{dataset}?tab=features",
        f"/feature-sets/{features}",
        f"/runs/{run.pk}/operating-points",
        f"/api/v1/runs/{run.pk}",
        f"/api/v1/runs/{run.pk}/evaluation",
        f"/api/v1/feature-sets/{features}",
    ):
        if not address.startswith("/runs/new"):  # a viewer submits nothing
            yield client.get(address)
    video = run.dataset.videos.in_split(run.split, Part.TEST).first()
    yield client.get(f"/videos/{video.pk}/curve?run={run.pk}")


@pytest.mark.soak
def test_it_is_resumed_bit_for_bit_and_passes_what_every_method_must() -> None:
    """The tests of all methods find it by themselves."""
    command = ["-m", "pytest", "tests/ml/test_methods.py", "-k", "toy_bags", "-q", "-n", "0"]
    done = subprocess.run(
        [sys.executable, *command, "-p", "no:cacheprovider"],
        env=os.environ | {"PYTHONPATH": str(PLUGINS)}, cwd=settings.BASE_DIR,
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
    assert "test_methods.py" not in done.stderr
    passed = int(done.stdout.rpartition(" passed")[0].rsplit(maxsplit=1)[-1])
    assert passed >= 10


@pytest.mark.soak
def test_the_command_line_knows_it(tmp_path: Path) -> None:
    manifest = toys.toy_features(tmp_path / "features", abnormal=True)
    manifest.save(tmp_path / "manifest.json")
    shutil.copytree(PLUGINS, tmp_path / "plugins")

    def ml(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "ml", *arguments],
            env=os.environ | {"PYTHONPATH": str(tmp_path / "plugins")}, cwd=settings.BASE_DIR,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    places = ("--manifest", str(tmp_path / "manifest.json"), "--device", "cpu", "--threads", "1")
    ml("train", "--method", "toy_bags", *places, "--out", str(tmp_path / "run"))
    ml("score", "--checkpoint", str(tmp_path / "run"), *places, "--out", str(tmp_path / "scores"))

    index = json.loads((tmp_path / "scores" / "scores.json").read_text())
    assert len(index["scores"]) == 2
