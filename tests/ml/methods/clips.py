"""Trainings of methods over clips, for their tests: short ones, over small videos."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ml.methods import ClipMethod
from ml.records import Manifest, VideoRecord
from ml.registry import as_json, get_method
from ml.reports import Event, Reporter
from ml.supervision import training_data
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from ml.training.loop import Training
from ml.training.seeding import seed_everything
from ml.verbs.train import _start_from
from tests import toys

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Learnt:
    method: ClipMethod
    events: list[Event]

    @property
    def last(self) -> Checkpoint:
        event = [each for each in self.events if each["event"] == "checkpoint"][-1]
        return checkpoints.load(Path(event["weights"]), Path(event["state"]))

    @property
    def told(self) -> list[str]:
        return [each["text"] for each in self.events if each["event"] == "finding"]


def clip_method(name: str, **changes: Any) -> ClipMethod:
    kind = get_method(name)
    method = kind(replace(kind.tiny, **changes), CPU)
    assert isinstance(method, ClipMethod)
    return method


def trimmed(folder: Path, *labels: str, n_frames: int = 20) -> list[VideoRecord]:
    """A clip for each label to train on; what is abnormal has noise all the time."""
    videos = []
    for number, label in enumerate(labels):
        abnormal = () if label == "normal" else range(n_frames)
        path = folder / f"{number}-{label}.mp4"
        toys.moving_square_video(path, n_frames, start=3 * number, abnormal=abnormal)
        videos.append(
            VideoRecord(id=path.stem, path=str(path), n_frames=n_frames, part="train", label=label)
        )
    return videos


def learn(
    name: str,
    videos: list[VideoRecord],
    folder: Path,
    *,
    start: Checkpoint | None = None,
    resume: Checkpoint | None = None,
    seed: int = 7,
    **changes: Any,
) -> Learnt:
    folder.mkdir(parents=True)
    seed_everything(seed)
    plain = {"epochs": 1, "falls_after": (), "longest_seconds": 5.0}
    method = clip_method(name, **plain | changes)
    if start is not None:
        _start_from(start, name, method)
    events: list[Event] = []
    training = Training(
        method=name, config=as_json(method.config), seed=seed, folder=folder,
        reporter=Reporter(events.append), resume_from=resume,
    )  # fmt: skip
    method.fit(training_data(Manifest(videos=tuple(videos)), method.supervision), training)
    return Learnt(method, events)
