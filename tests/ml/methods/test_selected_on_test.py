"""Best on test: only where that is asked for, by the truth of the test videos, and told of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml.cli import main
from ml.methods import restore
from ml.methods._options import with_own_scoring
from ml.methods.pel4vad import PEL4VADConfig
from ml.methods.video_classifier import VideoClassifier, VideoClassifierConfig
from ml.records import BadInput, Manifest, frame_labels
from ml.registry import as_json
from ml.reports import Reporter
from ml.supervision import training_data
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from ml.training.loop import Training
from ml.training.seeding import seed_everything
from tests import toys

CONFIG = replace(VideoClassifier.tiny, updates=12, validate_every=1, learning_rate=0.01)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads that wait for each other are slower than one while other tests run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass
class Trained:
    method: VideoClassifier
    events: list[dict[str, Any]] = field(default_factory=list)

    def points(self) -> dict[int, float]:
        return {
            event["step"]: event["values"]["test_auroc"]
            for event in self.events
            if event["event"] == "point" and "test_auroc" in event["values"]
        }

    def best(self) -> Checkpoint:
        *_, event = (each for each in self.events if each.get("is_best"))
        return checkpoints.load(Path(event["weights"]), Path(event["state"]))


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return toys.manifest_for(VideoClassifier, tmp_path_factory.mktemp("videos"))


def train(
    manifest: Manifest, folder: Path, *, on_test: bool, resume_from: Any = None, **changes: Any
) -> Trained:
    folder.mkdir()
    seed_everything(3)
    trained = Trained(VideoClassifier(replace(CONFIG, **changes), torch.device("cpu")))
    training = Training(
        method="video_classifier", config=as_json(trained.method.config), seed=3, folder=folder,
        reporter=Reporter(trained.events.append), checkpoint_seconds=0, resume_from=resume_from,
    )  # fmt: skip
    data = training_data(manifest, trained.method.supervision, selects_on_test=on_test)
    trained.method.fit(data, training)
    return trained


def auroc_by_hand(method: VideoClassifier, manifest: Manifest) -> float:
    """How often an abnormal frame of any test video lies above a normal one of any."""
    videos = manifest.part("test")
    scores = np.concatenate([method.score(each).to_frames(each.n_frames) for each in videos])
    labels = np.concatenate([frame_labels(each.intervals, each.n_frames) for each in videos])
    gaps = scores[labels == 1][:, None] - scores[labels == 0]
    return float(np.mean((gaps > 0) + 0.5 * (gaps == 0)))


def test_the_checkpoint_with_the_highest_frame_auroc_on_test_is_the_best(
    manifest: Manifest, tmp_path: Path
) -> None:
    """Scored in the method's own way, 32 rows a bag, though the config says two."""
    trained = train(manifest, tmp_path / "on", on_test=True)

    points, best = trained.points(), trained.best()
    own = VideoClassifier(replace(CONFIG, split_size=32), torch.device("cpu"))
    restore(own, best)
    assert sorted(points) == list(range(1, 13))
    assert points[best.step] == max(points.values())
    assert auroc_by_hand(own, manifest) == pytest.approx(points[best.step])
    assert best.loop["learner"] == {"selected_on": "test"}


def test_the_choice_does_not_depend_on_how_the_run_is_scored(
    manifest: Manifest, tmp_path: Path
) -> None:
    one, other = (
        train(manifest, tmp_path / str(size), on_test=True, split_size=size) for size in (1, 5)
    )

    assert one.points() == other.points()
    assert one.best().step == other.best().step


def test_without_being_asked_no_test_video_is_looked_at(manifest: Manifest, tmp_path: Path) -> None:
    unreadable = Manifest(
        videos=tuple(
            replace(each, features=None) if each.part == "test" else each
            for each in manifest.videos
        )
    )

    trained = train(unreadable, tmp_path / "off", on_test=False)

    assert trained.points() == {}
    assert trained.best().loop["learner"] == {}
    with pytest.raises(BadInput, match="has no features"):
        train(unreadable, tmp_path / "on", on_test=True)


def test_a_training_that_was_begun_honestly_does_not_go_on_otherwise(
    manifest: Manifest, tmp_path: Path
) -> None:
    honest = train(manifest, tmp_path / "off", on_test=False).best()

    with pytest.raises(BadInput, match="was made with other data"):
        train(manifest, tmp_path / "on", on_test=True, resume_from=honest)


def test_from_a_terminal_it_has_to_be_said(
    manifest: Manifest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest.save(tmp_path / "m.json")
    asked = ["train", "--method", "video_classifier", "--manifest", str(tmp_path / "m.json"),
             "--set", "updates=2", "--set", "batch_size=2", "--threads", "1"]  # fmt: skip

    assert main([*asked, "--out", str(tmp_path / "a")]) == 0
    assert main([*asked, "--out", str(tmp_path / "b"), "--select-on", "test"]) == 0

    said = [checkpoints.load(*checkpoints.paths_of(tmp_path / name)).loop for name in "ab"]
    assert [each["learner"] for each in said] == [{}, {"selected_on": "test"}]


def test_the_methods_own_values_of_scoring_options() -> None:
    config = PEL4VADConfig(smoothing="none", smoothed_rows=3, window=5)

    assert with_own_scoring(config) == PEL4VADConfig(window=5)
    assert with_own_scoring(VideoClassifierConfig(split_size=9)) == VideoClassifierConfig()
