"""`python -m ml explain`: one file of features, and a video of a manifest."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from ml.cli import main
from ml.methods import ClipMethod, WeakMethod
from ml.records import FeatureRecord, Manifest, VideoRecord
from ml.registry import as_json, get_method
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from tests import toys

D = 6


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """Of a Video Classifier that has learnt nothing, in bags of two rows."""
    torch.manual_seed(0)
    kind = get_method("video_classifier")
    method = kind(kind.tiny, torch.device("cpu"))
    assert isinstance(method, WeakMethod)
    method.set_dimension(D)
    tensors = {f"modules/network/{name}": each for name, each in method.learnt.state_dict().items()}
    saved = Checkpoint(
        method="video_classifier", config=as_json(kind.tiny), seed=0, step=0, epoch=0.0,
        tensors=tensors,
    )  # fmt: skip
    (tmp_path / "learnt").mkdir()
    return checkpoints.save(saved, tmp_path / "learnt")[1]


def rows(path: Path, seed: int, n_rows: int = 5) -> FeatureRecord:
    values = np.random.default_rng(seed).normal(size=(n_rows, 1, D)).astype(np.float32)
    np.save(path, values)
    return FeatureRecord(path=str(path), frames_per_row=16)


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A test video with its frames, and a normal one to train on without."""
    film = toys.moving_square_video(tmp_path / "t.mp4", 80)
    videos = (
        VideoRecord(id="t", path=str(film), n_frames=80, features=rows(tmp_path / "t.npy", 1)),
        VideoRecord(
            id="n", path="n.mp4", part="train", label="normal", features=rows(tmp_path / "n.npy", 2)
        ),
        VideoRecord(
            id="b", path="b.mp4", part="train", label="Fight", features=rows(tmp_path / "b.npy", 3)
        ),
    )
    Manifest(videos=videos).save(tmp_path / "manifest.json")
    return tmp_path / "manifest.json"


def asked(checkpoint: Path, *more: Any) -> list[str]:
    return ["explain", "--checkpoint", str(checkpoint), "--threads", "1", *map(str, more)]


def test_a_file_is_explained_as_json(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(tmp_path / "a.npy", 1)

    features = ("--features", tmp_path / "a.npy", "--json")
    assert main(asked(checkpoint, *features, "--frames", "32-48")) == 0

    told = json.loads(capsys.readouterr().out)
    [target] = told["targets"]
    assert (told["video"], told["baseline"], target["row"], target["first_row"]) == (
        "a", "video", 2, 2,
    )  # fmt: skip
    difference = target["score"] - target["baseline_score"]
    assert sum(target["values"]) == pytest.approx(difference, abs=0.001)
    score = ["score", "--checkpoint", str(checkpoint), "--features", str(tmp_path / "a.npy")]
    assert main([*score, "--json", "--threads", "1"]) == 0
    scores = json.loads(capsys.readouterr().out)["scores"]
    assert target["score"] == pytest.approx(scores[2], abs=1e-6)


def test_a_file_is_explained_in_lines(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(tmp_path / "a.npy", 1)

    assert main(asked(checkpoint, "--features", tmp_path / "a.npy", "--baseline", "zero")) == 0

    first, _head, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("Integrated gradients")
    assert "rows of zeros" in first
    assert [line.split()[0] for line in lines] == ["0", "16", "32", "48", "64"]


@pytest.mark.parametrize(
    ("extractor", "sentence"),
    [("", "Nothing says which network"), ("flow_gradients", "has no layer here")],
)
def test_a_video_of_a_manifest_is_held_against_normal_ones(
    checkpoint: Path, manifest: Path, tmp_path: Path, extractor: str, sentence: str
) -> None:
    of_video = ("--manifest", manifest, "--video", "t", "--out", tmp_path / "out")

    assert main(asked(checkpoint, *of_video, "--extractor", extractor)) == 0

    told = json.loads((tmp_path / "out" / "segments.json").read_text())
    assert told["baseline"] == "normal"
    assert [each["row"] for each in told["targets"]] == [0, 1, 2, 3, 4]
    assert sentence in told["why_no_map"]
    facts = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert (facts["video"], list(facts["files"])) == ("t", ["segments.json"])
    assert facts["files"]["segments.json"]["width"] == 2


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--video", "x"], "has no video with the id x"),
        ([], "--manifest needs --video"),
        (["--video", "t", "--frames", "3"], "FROM-TO is expected"),
    ],
)
def test_what_cannot_be_explained_is_told_in_a_sentence(
    checkpoint: Path,
    manifest: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    sentence: str,
) -> None:
    out = ("--manifest", manifest, "--out", tmp_path / "out")

    assert main(asked(checkpoint, *out, *more)) == 2
    assert sentence in capsys.readouterr().err


@pytest.fixture
def of_clips(tmp_path: Path) -> Path:
    """A checkpoint of an OS-3DCNN that has learnt nothing."""
    torch.manual_seed(0)
    kind = get_method("os_3dcnn")
    method = kind(replace(kind.tiny, picture_size=32, clip_length=8), torch.device("cpu"))
    assert isinstance(method, ClipMethod)
    method.set_classes(2)
    state = method.learnt.state_dict()
    tensors = {f"modules/network/{name}": each.contiguous() for name, each in state.items()}
    saved = Checkpoint(
        method="os_3dcnn", config=as_json(method.config), seed=0, step=0, epoch=0.0,
        tensors=tensors,
    )  # fmt: skip
    (tmp_path / "clips").mkdir()
    return checkpoints.save(saved, tmp_path / "clips")[1]


def test_clips_of_a_manifest_are_explained_by_a_layer(
    of_clips: Path, manifest: Path, tmp_path: Path
) -> None:
    of_video = ("--manifest", manifest, "--video", "t", "--out", tmp_path / "out")

    assert main(asked(of_clips, *of_video, "--frames", "8-40", "--layer", "rgb")) == 0

    told = json.loads((tmp_path / "out" / "explanation.json").read_text())
    [facts] = told["files"].values()
    assert (facts["kind"], facts["layer"], facts["first_frame"], facts["n_maps"]) == (
        "grad_cam", "rgb", 8, 32,
    )  # fmt: skip
    assert -1 <= facts["likeness_to_random"] <= 1
    sheet = cv2.imread(str(tmp_path / "out" / "grad-cam.png"), cv2.IMREAD_GRAYSCALE)
    assert sheet is not None
    assert sheet.shape[1] == facts["columns"] * facts["width"]


def test_a_method_over_clips_looks_at_no_features(
    of_clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(tmp_path / "a.npy", 1)

    assert main(asked(of_clips, "--features", tmp_path / "a.npy")) == 2
    assert "looks at a video, not at features" in capsys.readouterr().err


def test_a_layer_that_is_not_there_is_told_with_those_that_are(
    of_clips: Path, manifest: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    of_video = ("--manifest", manifest, "--video", "t", "--out", tmp_path / "out")

    assert main(asked(of_clips, *of_video, "--layer", "layer4")) == 1
    assert "OS-3DCNN has no layer layer4; it has head.maps, rgb" in capsys.readouterr().err
