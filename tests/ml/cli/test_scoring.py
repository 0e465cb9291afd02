"""`python -m ml score` with published weights and one file of features."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml.cli import main
from ml.scoring.videos import load_scores
from tests import toys
from tests.ml.test_methods import METHODS

LAYOUT = "video-classifier/SelfAttention-da64-r3-T32-seed9111.pth"


@pytest.fixture
def asked(shared_data: Path) -> list[str]:
    weak = shared_data / "weak"
    features = weak / "i3d-r50-10crop" / "01_002.npy"
    return ["score", "--weights", str(weak / LAYOUT), "--features", str(features)]


def test_scores_of_the_authors_weights_are_printed_as_json(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, "--method", "video_classifier", "--set", "split_size=28", "--json"]) == 0

    told = json.loads(capsys.readouterr().out)
    assert told["video"] == "01_002"
    assert (told["first_frame"], told["frames_per_value"]) == (0, 16)
    assert np.allclose(told["scores"], [0.494433] * 28 + [0.498140] * 2, atol=1e-6)


def test_scores_are_printed_with_the_frames_that_they_begin_at(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked, "--frames-per-row", "8"]) == 0

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 30
    assert lines[1].split() == ["8", "0.494680"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--method", "rtfm"], "not of rtfm"),
        (["--set", "hops=4"], "hops: the weights are of a network with 3"),
        (["--set", "split_size"], "FIELD=VALUE is expected"),
        (["--frames-per-row", "0"], "no number of frames"),
        (["--sweep", "split_size"], "FIELD=VALUE,VALUE,… is expected"),
        (["--sweep", "split_size=8,,9"], "FIELD=VALUE,VALUE,… is expected"),
        (["--sweep", "split_size=8,0"], "split_size: Input should be greater than or equal to 1"),
        (["--sweep", "hops=3,4"], "another config: hops (3 → 4)"),
    ],
)
def test_what_cannot_be_scored_is_told_in_a_sentence(
    asked: list[str], capsys: pytest.CaptureFixture[str], more: list[str], sentence: str
) -> None:
    assert main([*asked, *more]) == 2
    assert sentence in capsys.readouterr().err


def test_features_that_are_no_numbers_give_no_scores(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    np.save(tmp_path / "a.npy", np.full((30, 2048), np.nan, np.float32))

    assert main([*asked[:4], str(tmp_path / "a.npy"), "--json"]) == 2

    told = capsys.readouterr()
    assert "30 of 30 scores are NaN or infinite" in told.err
    assert told.out == ""


def test_a_method_that_reads_frames_takes_no_features(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = toys.toy_manifest(tmp_path / "videos")
    manifest.save(tmp_path / "m.json")
    fields = vars(METHODS["conv_ae"].tiny) | {"epochs": 1}
    changes = [f"{name}={json.dumps(value)}" for name, value in fields.items()]
    sets = [each for change in changes for each in ("--set", change)]
    assert main(["train", "--method", "conv_ae", "--manifest", str(tmp_path / "m.json"), *sets,
                 "--threads", "1", "--out", str(tmp_path / "out")]) == 0  # fmt: skip
    np.save(tmp_path / "a.npy", np.zeros((3, 4), np.float32))

    asked = ["score", "--checkpoint", str(tmp_path / "out"), "--features", str(tmp_path / "a.npy")]
    assert main(asked) == 2
    assert "Conv-AE reads frames, no features" in capsys.readouterr().err


def test_a_manifest_needs_a_folder_for_its_scores(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*asked[:3], "--manifest", str(tmp_path / "m.json")]) == 2
    assert "--out is needed" in capsys.readouterr().err


def test_a_checkpoint_scores_one_file_in_another_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    manifest = toys.manifest_for(METHODS["video_classifier"], tmp_path / "videos")
    manifest.save(tmp_path / "m.json")
    trained = ["train", "--method", "video_classifier", "--manifest", str(tmp_path / "m.json"),
               "--set", "updates=3", "--set", "batch_size=2", "--threads", "1",
               "--out", str(tmp_path / "out")]  # fmt: skip
    assert main(trained) == 0
    capsys.readouterr()
    features = str(manifest.videos[0].features.path) if manifest.videos[0].features else ""
    asked = ["score", "--checkpoint", str(tmp_path / "out"), "--features", features, "--json",
             "--threads", "1"]  # fmt: skip

    scores = []
    for size in (1, 100):
        assert main([*asked, "--set", f"split_size={size}"]) == 0
        scores.append(json.loads(capsys.readouterr().out)["scores"])

    assert len(set(scores[0])) > 1
    assert len(set(scores[1])) == 1
    assert main([*asked, "--sweep", "split_size=1,100"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["way"] for each in told] == ["split_size=1", "split_size=100"]
    assert [each["scores"] for each in told] == scores
    of_all = ["score", "--checkpoint", str(tmp_path / "out"), "--threads", "1",
              "--manifest", str(tmp_path / "m.json"), "--out"]  # fmt: skip
    assert main([*of_all, str(tmp_path / "ways"), "--sweep", "split_size=1,100"]) == 0
    assert main([*of_all, str(tmp_path / "alone"), "--set", "split_size=100"]) == 0
    found, alone = (load_scores(tmp_path / place) for place in ("ways/split_size=100", "alone"))
    assert found.keys() == alone.keys() == load_scores(tmp_path / "ways/split_size=1").keys()
    assert all(np.array_equal(found[key].values, alone[key].values) for key in alone)
    assert main([*asked, "--set", "hops=7"]) == 2
    assert "another config: hops" in capsys.readouterr().err
