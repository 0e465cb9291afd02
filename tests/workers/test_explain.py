"""An explanation through real parts: a job with its child, what lands beside the scores."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.test import Client

from ml.methods import ClipMethod, WeakMethod
from ml.registry import as_json, get_method
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from tests import toys
from tests.factories.datasets import FeatureSetFactory, SplitMemberFactory, VideoFactory
from tests.factories.results import add_to_test, float32, save_by_name
from tests.factories.runs import CheckpointFactory, MethodFactory, RunFactory
from tests.patience import wait_until
from tests.workers.conftest import ended
from webapp.accounts.models import Team, User
from webapp.datasets.models import FeatureFile, FeatureSet, Video
from webapp.jobs.models import Job, WorkerNode
from webapp.jobs.services import request_cancel
from webapp.results.models import GRAD_CAM, SEGMENTS, Explanation, PendingExplanation
from webapp.results.scores.explaining import Part, explain, explain_parts
from webapp.runs.models import Run
from workers import supervisor

D, ROW = 6, 16  # numbers of a row of features, and its frames
FRAMES = 2 * ROW
SLACK_SECONDS = 30  # of a busy machine; left alone, the job would go on for minutes
LONG = {"layers": "lstm_attention", "split_size": 8192}  # minutes of work for as many rows


def with_features(feature_set: FeatureSet, video: Video) -> None:
    shape = (video.n_frames // ROW, 1, D)
    rows = np.random.default_rng(len(video.name)).normal(size=shape).astype(np.float32)
    np.save(Path(feature_set.folder) / f"{video.name}.npy", rows)
    FeatureFile.objects.create(
        feature_set=feature_set, video=video, path=f"{video.name}.npy", sha256="0" * 64,
        n_rows=len(rows),
    )  # fmt: skip


def learnt(run: Run, folder: Path, **changes: Any) -> None:
    """Weights of a Video Classifier that has learnt nothing."""
    torch.manual_seed(0)
    kind = get_method("video_classifier")
    config = replace(kind.tiny, **changes)
    method = kind(config, torch.device("cpu"))
    assert isinstance(method, WeakMethod)
    method.set_dimension(D)
    _save(run, folder, "video_classifier", config, method.learnt.state_dict())


def _save(run: Run, folder: Path, name: str, config: Any, state: dict[str, torch.Tensor]) -> None:
    saved = Checkpoint(
        method=name, config=as_json(config), seed=0, step=0, epoch=0.0,
        tensors={f"modules/network/{key}": each.contiguous() for key, each in state.items()},
    )  # fmt: skip
    weights, described = checkpoints.save(saved, folder)
    CheckpointFactory.create(
        run=run, is_final=True, weights__data=weights.read_bytes(),
        state__data=described.read_bytes(),
    )  # fmt: skip
    run.config = as_json(config)
    run.save(update_fields=["config"])


def scored(team: Team, folder: Path, *, n_frames: int = FRAMES, **changes: Any) -> Run:
    """On a test video of so many frames, with a normal and an abnormal one to train on."""
    method = MethodFactory.create(name="video_classifier", supervision="weak", reads="features")
    run = RunFactory.create(team=team, method=method, dataset__folder=str(folder))
    run.feature_set = FeatureSetFactory.create(
        dataset=run.dataset, folder=str(folder), extractor="Flow and gradient histograms"
    )
    run.save(update_fields=["feature_set"])
    seen = VideoFactory.create(
        dataset=run.dataset, name="seen", path="seen.mp4", n_frames=n_frames, label="Fight"
    )
    add_to_test(run, seen, [0] * n_frames)
    for name, label in (("calm", "normal"), ("fight", "Fight")):
        video = VideoFactory.create(
            dataset=run.dataset, name=name, n_frames=FRAMES, label=label, path=f"{name}.mp4"
        )
        SplitMemberFactory.create(split=run.split, video=video, part="train")
        with_features(run.feature_set, video)
    with_features(run.feature_set, seen)
    learnt(run, folder, **changes)
    save_by_name(run, {"seen": float32(*[0.5] * n_frames)})
    return run


@pytest.fixture
def run(worker: WorkerNode, team: Team, tmp_path: Path, settings: Any) -> Run:
    settings.DATA_ROOTS = [str(tmp_path)]
    toys.moving_square_video(tmp_path / "seen.mp4", FRAMES)
    return scored(team, tmp_path)


@pytest.fixture
def work(worker: WorkerNode) -> Callable[[Job], Job]:
    def work(job: Job) -> Job:
        supervisor.run_next("cpu", worker=worker)
        job.refresh_from_db()
        return job

    return work


def test_segments_are_explained_and_why_there_is_no_map(
    run: Run, bob: User, work: Callable[[Job], Job]
) -> None:
    video = run.dataset.videos.get(name="seen")

    job = work(explain(run=run, video=video, frames=(16, 32), by=bob))

    assert (job.status, job.reason) == (Job.Status.SUCCEEDED, "")
    [told] = job.result["explained"]
    assert told["baseline"] == "normal"
    assert told["why_no_map"].startswith("Flow and gradient histograms has no layer here")
    found = Explanation.objects.get()
    assert (found.kind, found.target, found.video) == (SEGMENTS, "16-32", video)
    assert (found.score_set, found.n_maps, found.width) == (run.score_set, 1, 2)
    with found.sheet.open() as file:
        told = json.load(file)
    [target] = told["targets"]
    assert (target["row"], target["first_row"], len(target["values"])) == (1, 0, 2)
    difference = target["score"] - target["baseline_score"]
    assert sum(target["values"]) == pytest.approx(difference, abs=0.001)
    assert not PendingExplanation.objects.exists()
    run.refresh_from_db()
    assert run.current_job_id != job.pk  # the run itself is where it was


def test_scores_that_are_gone_meanwhile_are_not_explained(
    run: Run, bob: User, work: Callable[[Job], Job]
) -> None:
    job = explain(run=run, video=run.dataset.videos.get(name="seen"), by=bob)
    run.score_set.delete()

    job = work(job)

    assert job.status == Job.Status.FAILED
    assert "are gone" in job.reason
    assert not PendingExplanation.objects.exists()


def test_a_job_that_is_cancelled_ends_soon_stores_nothing_and_can_be_asked_for_again(
    worker: WorkerNode,
    team: Team,
    bob: User,
    as_bob: Client,
    tmp_path: Path,
    run_in_thread: Callable[[], threading.Event],
    settings: Any,
) -> None:
    settings.DATA_ROOTS = [str(tmp_path)]
    run = scored(team, tmp_path, n_frames=8192 * ROW, **LONG)
    video = run.dataset.videos.get(name="seen")
    job = explain(run=run, video=video, by=bob)
    run_in_thread()
    wait_until(lambda: Job.objects.filter(pk=job.pk, progress__stage="explain").exists())

    asked_at = time.monotonic()
    request_cancel(job=job, by=bob)

    assert ended(job).status == Job.Status.CANCELLED
    assert time.monotonic() - asked_at < settings.JOB_CANCEL_GRACE_SECONDS + SLACK_SECONDS
    # The status is there a moment before the folder is gone.
    wait_until(lambda: not (Path(settings.WORK_DIR) / job.pk).exists())
    assert not Explanation.objects.exists()
    assert not PendingExplanation.objects.exists()
    answer = as_bob.get(f"/videos/{video.pk}/explained", {"run": run.pk}).json()
    state = answer["segments"][run.pk]
    assert (state["targets"], state["why_not"]) == ([], "")
    assert state["job"] == {
        "url": f"/jobs/{job.pk}", "is_over": True, "status": "Cancelled",
        "reason": "Bob asked to cancel it.", "layer": "", "targets": [""],
    }  # fmt: skip
    assert explain(run=run, video=video, by=bob).pk != job.pk


def test_clips_are_explained_by_maps_of_several_videos(
    team: Team, bob: User, tmp_path: Path, work: Callable[[Job], Job], settings: Any
) -> None:
    """A video that is gone meanwhile does not keep the others from being explained."""
    settings.DATA_ROOTS = [str(tmp_path)]
    run = scored_clips(team, tmp_path)
    videos = [run.dataset.videos.get(name=name) for name in ("one", "two", "gone")]
    (tmp_path / "gone.mp4").unlink()
    parts = [Part(video=videos[0]), Part(video=videos[1], frames=(4, 9)), Part(video=videos[2])]

    job = work(explain_parts(run=run, parts=parts, layer="rgb", by=bob))

    assert (job.status, job.reason) == (Job.Status.SUCCEEDED, "")
    assert [each["target"] for each in job.result["explained"]] == ["", "4-9"]
    found = Explanation.objects.order_by("n_maps")
    assert [(each.kind, each.target, each.layer, each.n_maps) for each in found] == [
        (GRAD_CAM, "4-9", "rgb", 5), (GRAD_CAM, "", "rgb", FRAMES),
    ]  # fmt: skip
    assert "its layer rgb" in found[0].rule
    assert found[0].likeness_to_random is not None


def scored_clips(team: Team, folder: Path) -> Run:
    """A run of OS-3DCNN that has learnt nothing, on three test videos."""
    torch.manual_seed(0)
    kind = get_method("os_3dcnn")
    config = replace(kind.tiny, picture_size=32, clip_length=8)
    method = kind(config, torch.device("cpu"))
    assert isinstance(method, ClipMethod)
    method.set_classes(2)
    row = MethodFactory.create(name="os_3dcnn", supervision="full", reads="clips")
    run = RunFactory.create(team=team, method=row, dataset__folder=str(folder))
    names = ("gone", "one", "two")
    for name in names:
        toys.moving_square_video(folder / f"{name}.mp4", FRAMES)
        video = VideoFactory.create(
            dataset=run.dataset, name=name, path=f"{name}.mp4", n_frames=FRAMES
        )
        add_to_test(run, video, [0] * FRAMES)
    _save(run, folder, "os_3dcnn", config, method.learnt.state_dict())
    save_by_name(run, {name: float32(*[0.5] * FRAMES) for name in names})
    return run
