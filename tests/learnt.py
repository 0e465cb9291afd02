"""Runs that have just learnt, with real weights and real videos: what follows can be worked off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ml.methods.conv_ae import ConvAE
from ml.registry import as_json
from ml.reports import Event, Reporter
from ml.supervision import training_data
from ml.training.loop import Training
from ml.training.seeding import seed_everything
from tests import toys
from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.runs import CheckpointFactory, RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Split
from webapp.jobs import services as jobs
from webapp.runs import services
from webapp.runs.models import Run

ABNORMAL = range(14, 26)
WEIGHTS, STATE = "weights.safetensors", "state.json"


def make_files(folder: Path, *, n_videos: int, n_frames: int, **changes: Any) -> None:
    """Videos 0.mp4, 1.mp4, …, normal the last, and weights that have learnt a little."""
    for number in range(n_videos):
        abnormal = ABNORMAL if number < n_videos - 1 else ()
        path = folder / f"{number}.mp4"
        toys.moving_square_video(path, n_frames, start=3 * number, abnormal=abnormal)
    events: list[Event] = []
    seed_everything(7)
    method = ConvAE(replace(ConvAE.tiny, epochs=1, **changes), torch.device("cpu"))
    training = Training(
        method="conv_ae", config=as_json(method.config), seed=7, folder=folder,
        reporter=Reporter(events.append),
    )  # fmt: skip
    method.fit(training_data(toys.toy_manifest(folder / "train"), method.supervision), training)
    last = [event for event in events if event["event"] == "checkpoint"][-1]
    Path(last["weights"]).rename(folder / WEIGHTS)
    Path(last["state"]).rename(folder / STATE)


def split_of(team: Team, folder: Path, *, n_videos: int, n_frames: int) -> Split:
    """All videos are for the test but the last, which is for validation."""
    dataset = DatasetFactory.create(team=team, folder=str(folder))
    split = SplitFactory.create(dataset=dataset)
    truth = AnnotationSetFactory.create(dataset=dataset)
    for number in range(n_videos):
        part = "test" if number < n_videos - 1 else "validation"
        video = VideoFactory.create(dataset=dataset, name=str(number), part=part, n_frames=n_frames)
        SplitMemberFactory.create(split=split, video=video, part=part)
        if part == "test":
            IntervalFactory.create(
                annotation_set=truth, video=video, start_frame=ABNORMAL.start,
                end_frame=ABNORMAL.stop,
            )  # fmt: skip
    return split


def learnt_run(split: Split, folder: Path) -> Run:
    """Its training has just ended; its scoring waits."""
    run = RunFactory.create(
        team=split.dataset.team,
        dataset=split.dataset,
        split=split,
        annotation_set=split.dataset.ground_truth,
        config=_config(folder),
        current_job__held=True,
        current_job__worker=None,  # nobody who could take a shard
    )
    CheckpointFactory.create(
        run=run,
        weights__data=(folder / WEIGHTS).read_bytes(),
        state__data=(folder / STATE).read_bytes(),
    )
    with jobs.fenced(run.job) as held:
        services.training_finished(run, held)
        jobs.finish(held, status="succeeded")
    return run


def _config(folder: Path) -> dict[str, Any]:
    from ml.training import checkpoints

    return dict(checkpoints.load(folder / WEIGHTS, folder / STATE).config)
