"""Weights that others have trained, through real parts: a file, a job with its child, scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.test import Client
from torch import nn

from ml.registry import describe
from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    FeatureFileFactory,
    FeatureSetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from webapp.accounts.models import Team, User
from webapp.datasets.models import FeatureSet
from webapp.jobs.models import Job, WorkerNode
from webapp.runs import services
from webapp.runs.models import Run, Weights
from webapp.runs.published import bring_weights
from workers import supervisor

AUTHORS = "SelfAttention-da64-r3-T32-seed9111.pth"
SOAKED = pytest.mark.soak
N_FRAMES = 481  # of 01_002.avi: 30 rows of 16 frames, and one more


@pytest.fixture
def work(worker: WorkerNode) -> Callable[[], Job]:
    """Run the next job of the queue to its end, with a real child."""

    def work() -> Job:
        supervisor.run_next("cpu", worker=worker)
        return Job.objects.exclude(finished_at=None).latest("finished_at")

    return work


@pytest.fixture(autouse=True)
def _methods(worker: WorkerNode) -> None:
    services.publish_methods(describe())


@pytest.fixture
def published(shared_data: Path) -> bytes:
    return (shared_data / "weak" / "video-classifier" / AUTHORS).read_bytes()


def features_of_a_test_video(team: Team, folder: Path) -> FeatureSet:
    """Of a dataset whose only video is for the test: there is nothing to learn from."""
    dataset = DatasetFactory.create(team=team)
    video = VideoFactory.create(dataset=dataset, name="01_002", n_frames=N_FRAMES)
    SplitMemberFactory.create(split=SplitFactory.create(dataset=dataset), video=video, part="test")
    truth = AnnotationSetFactory.create(dataset=dataset)
    IntervalFactory.create(annotation_set=truth, video=video, start_frame=400, end_frame=460)
    feature_set = FeatureSetFactory.create(dataset=dataset, folder=str(folder))
    FeatureFileFactory.create(feature_set=feature_set, video=video, n_rows=30)
    return feature_set


def bring(client: Client, data: bytes, **query: str) -> Weights:
    answer = client.post(
        "/api/v1/weights", data, "application/octet-stream", query_params={"file": AUTHORS} | query
    )
    assert answer.status_code == 202, answer.content
    return Weights.objects.get()


@pytest.mark.shared_data
def test_scores_of_the_authors_own_weights_without_training(
    team: Team,
    as_bob: Client,
    shared_data: Path,
    published: bytes,
    work: Callable[[], Job],
    settings: Any,
) -> None:
    """The values that their own code gives, read back over REST."""
    settings.DATA_ROOTS = [shared_data]
    features = features_of_a_test_video(team, shared_data / "weak" / "i3d-r50-10crop")
    weights = bring(as_bob, published, selection="test", source="Watanabe et al., ICIP 2022")
    assert work().reason == ""
    assert as_bob.get(f"/api/v1/weights/{weights.pk}").json()["state"] == "ready"

    body = {
        "dataset": features.dataset_id, "feature_set": features.pk, "method": "video_classifier",
        "weights": weights.pk, "config": {"split_size": 28},
    }  # fmt: skip
    answer = as_bob.post("/api/v1/runs", body, "application/json")
    assert answer.status_code == 202, answer.content
    assert answer.json()["kind"] == "score"
    scoring, evaluation = work(), work()

    assert (scoring.kind, scoring.status, scoring.reason) == ("score", "succeeded", "")
    assert (evaluation.kind, evaluation.status) == ("evaluate", "succeeded")
    assert scoring.provenance["weights_of"] == weights.pk
    run = Run.objects.get()
    told = as_bob.get(f"/api/v1/runs/{run.pk}").json()
    assert (told["kind"], told["weights_id"], told["selected_on_test"]) == (
        "weights", weights.pk, True,
    )  # fmt: skip
    assert told["config"]["split_size"] == 28
    video = features.dataset.videos.get()
    scores = as_bob.get(f"/api/v1/runs/{run.pk}/scores/{video.pk}").json()
    expected = [0.494433] * 28 + [0.498140] * 2
    frames = [*np.repeat(expected, 16).tolist(), 0.498140]
    assert (scores["frames_per_value"], len(scores["frames"])) == (16, N_FRAMES)
    assert np.allclose(scores["frames"], frames, atol=1e-6)


@pytest.mark.shared_data
def test_what_was_read_is_kept(
    team: Team, bob: User, published: bytes, work: Callable[[], Job]
) -> None:
    weights = bring_weights(team=team, file_name=AUTHORS, data=published, by=bob)
    assert weights.state == "reading"

    job = work()

    assert (job.kind, job.status, job.reason) == ("weights", "succeeded", "")
    weights = Weights.objects.get()
    assert (weights.state, weights.method_id) == ("ready", "video_classifier")
    assert weights.layout == "Video Classifier of its authors"
    assert (weights.config["attention_width"], weights.config["hops"]) == (64, 3)
    assert weights.name == weights.file_name == AUTHORS
    with weights.file.open("rb") as file:
        assert file.read() == published
    assert weights.checkpoint.weights.name.startswith(f"weights/{weights.pk}/{job.pk}/")
    assert weights.checkpoint.n_bytes == weights.checkpoint.weights.size


def saved(value: Any, folder: Path) -> bytes:
    torch.save(value, folder / "x.pth")
    return (folder / "x.pth").read_bytes()


# One stands for all here; each sentence is proved without a process in `test_import_weights`.
@pytest.mark.parametrize(
    "case",
    ["cut", *(pytest.param(each, marks=SOAKED) for each in ("unknown", "pickled", "of another"))],
)
@pytest.mark.shared_data
def test_what_cannot_be_read_is_said(
    team: Team, as_bob: Client, shared_data: Path, published: bytes, tmp_path: Path,
    work: Callable[[], Job], case: str,
) -> None:  # fmt: skip
    stead = shared_data / "weak" / "unknown-layout" / "stead_888tiny.pkl"
    cases: dict[str, tuple[bytes, str, dict[str, str]]] = {
        "unknown": (stead.read_bytes(), "71 tensors in a layout that is not known here", {}),
        "cut": (published[:-1000], f"{AUTHORS} is cut off", {}),
        "pickled": (saved(nn.Linear(2, 2), tmp_path), "Python objects besides tensors", {}),
        "of another": (published, "not of rtfm", {"method": "rtfm"}),
    }
    data, sentence, query = cases[case]

    weights = bring(as_bob, data, **query)
    work()

    told = as_bob.get(f"/api/v1/weights/{weights.pk}").json()
    assert told["state"] == "failed"
    assert sentence in told["reason"]
    assert told["reason"] in as_bob.get(f"/weights/{weights.pk}").content.decode()
    assert not hasattr(Weights.objects.get(), "checkpoint")
