"""What one-class methods take for the same data when a training is resumed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ml.methods import OneClassMethod
from ml.methods.conv_ae import ConvAE
from ml.records import BadInput, Manifest, VideoRecord
from ml.registry import as_json
from ml.reports import to_nobody
from ml.supervision import training_data
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from ml.training.loop import Training
from tests import toys

CONFIG = replace(ConvAE.tiny, epochs=1)


def fit(manifest: Manifest, folder: Path, resume_from: Checkpoint | None = None) -> Checkpoint:
    folder.mkdir()
    training = Training(
        method="conv_ae", config=as_json(CONFIG), seed=1, folder=folder, reporter=to_nobody(),
        resume_from=resume_from,
    )  # fmt: skip
    method: OneClassMethod = ConvAE(CONFIG, torch.device("cpu"))
    method.fit(training_data(manifest, method.supervision), training)
    return checkpoints.load(*checkpoints.latest(folder))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return toys.toy_manifest(tmp_path_factory.mktemp("videos"), validation=True)


@pytest.fixture(scope="module")
def checkpoint(manifest: Manifest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return fit(manifest, tmp_path_factory.mktemp("run") / "a")


def changed(manifest: Manifest, index: int, **fields: object) -> Manifest:
    videos = list(manifest.videos)
    videos[index] = replace(videos[index], **fields)  # type: ignore[arg-type]
    return Manifest(videos=tuple(videos))


def refused(manifest: Manifest, checkpoint: Checkpoint, folder: Path) -> bool:
    try:
        fit(manifest, folder, resume_from=checkpoint)
    except BadInput as error:
        return "other data" in str(error)
    return False


def another(folder: Path) -> str:
    return str(toys.moving_square_video(folder / "other.mp4", 40, start=17, abnormal=range(9)))


def test_another_video_of_equal_length_is_refused(
    manifest: Manifest, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    assert refused(changed(manifest, 1, id="vid_new"), checkpoint, tmp_path / "name")
    other = changed(manifest, 1, path=another(tmp_path))
    assert refused(other, checkpoint, tmp_path / "file")


def test_videos_in_another_order_are_refused(
    manifest: Manifest, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    backwards = Manifest(videos=manifest.videos[::-1])

    assert refused(backwards, checkpoint, tmp_path / "on")


def test_another_validation_video_is_refused(
    manifest: Manifest, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    """What was the best on one would be compared with what is on the other."""
    assert manifest.videos[-1].part == "validation"

    assert refused(changed(manifest, -1, id="vid_new"), checkpoint, tmp_path / "on")


def test_the_same_videos_elsewhere_go_on(
    manifest: Manifest, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    def moved(video: VideoRecord) -> VideoRecord:
        copy = shutil.copy(video.path, tmp_path / f"{video.id}.mp4")
        return replace(video, path=str(copy), n_frames=0)

    elsewhere = Manifest(videos=tuple(moved(video) for video in manifest.videos))

    assert not refused(elsewhere, checkpoint, tmp_path / "on")


def test_videos_that_are_not_learnt_from_do_not_matter(
    manifest: Manifest, checkpoint: Checkpoint, tmp_path: Path
) -> None:
    assert manifest.videos[3].part == "test"

    assert not refused(changed(manifest, 3, path=another(tmp_path)), checkpoint, tmp_path / "on")
