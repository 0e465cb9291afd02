"""`python -m ml watch` and `calibrate`, as somebody types them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ml import cli
from ml.cli import watch
from ml.data.video.decode import decode
from ml.methods.frame_prediction import FramePrediction
from ml.records import Manifest, VideoRecord
from ml.registry import as_json
from ml.scoring.online import FrameScore
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint
from tests import toys

TINY = FramePrediction.tiny


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    return toys.toy_manifest(tmp_path_factory.mktemp("videos"), validation=True)


@pytest.fixture(scope="module")
def method() -> FramePrediction:
    torch.manual_seed(1)
    return FramePrediction(TINY, torch.device("cpu"))


@pytest.fixture(scope="module")
def checkpoint(method: FramePrediction, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoint")
    tensors = checkpoints.pack(method.modules, {})
    facts = {"method": "frame_prediction", "config": as_json(TINY), "seed": 1}
    checkpoints.save(Checkpoint(**facts, step=0, epoch=0, tensors=tensors), folder)  # type: ignore[arg-type]
    return folder


@pytest.fixture(scope="module")
def calibration(
    manifest: Manifest, checkpoint: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("calibration")
    manifest.save(folder / "manifest.json")
    status = run(
        "calibrate", "--checkpoint", checkpoint, "--manifest", folder / "manifest.json",
        "--out", folder / "calibration.json",
    )  # fmt: skip
    assert status == 0
    return folder / "calibration.json"


def run(*arguments: str | Path) -> int:
    return cli.main([str(argument) for argument in (*arguments, "--threads", "1")])


def rows(text: str) -> list[list[float]]:
    head, *lines = text.splitlines()
    assert head == "frame\ttime\tscore"
    return [[float(value) for value in line.split("\t")] for line in lines]


def test_watch_prints_a_line_for_each_scored_frame(
    method: FramePrediction, manifest: Manifest, checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    video = manifest.part("test")[0]

    assert run("watch", "--checkpoint", checkpoint, video.path) == 0

    told = capsys.readouterr()
    expected = method.score(video)
    frames, times, scores = zip(*rows(told.out), strict=True)
    assert frames == tuple(range(3, 40))
    assert times[:2] == pytest.approx((0.3, 0.4))  # 10 frames a second
    assert scores == pytest.approx(expected.values, rel=1e-5)
    assert "a score follows its frame by 0 frames" in told.err


def test_watch_with_a_calibration(
    method: FramePrediction, manifest: Manifest, checkpoint: Path, calibration: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    [normal] = manifest.part("validation")

    run("watch", "--checkpoint", checkpoint, normal.path, "--calibration", calibration)

    scores = [score for _frame, _time, score in rows(capsys.readouterr().out)]
    assert (min(scores), max(scores)) == pytest.approx((0, 1), abs=1e-6)
    assert json.loads(calibration.read_text())["n_frames"] == 37


def test_watch_takes_a_live_stream(
    method: FramePrediction, manifest: Manifest, checkpoint: Path
) -> None:
    """Each line is there as soon as its frame was sent, while the stream goes on."""
    video = manifest.part("test")[0]
    frames = list(decode(video, size=(48, 64), grey=True))
    command = [sys.executable, "-m", "ml", "watch", "-", "--raw", "64x48", "--fps", "50"]
    process = subprocess.Popen(
        [*command, "--checkpoint", str(checkpoint), "--threads", "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin
    assert process.stdout
    process.stdin.write(b"".join(frame.tobytes() for frame in frames[:4]))
    process.stdin.flush()

    assert process.stdout.readline() == b"frame\ttime\tscore\n"
    frame, time, score = process.stdout.readline().split()

    assert (int(frame), float(time)) == (3, 0.06)
    assert float(score) == pytest.approx(method.score(video).values[0], rel=1e-4)
    out, err = process.communicate(frames[4].tobytes() + bytes(10))
    assert len(out.splitlines()) == 1
    assert b"the last frame is cut off after 10 bytes" in err
    assert process.returncode == 0


def test_watch_ends_quietly_when_nobody_listens(manifest: Manifest, checkpoint: Path) -> None:
    path = manifest.part("test")[0].path
    command = f"'{sys.executable}' -m ml watch --threads 1 --checkpoint '{checkpoint}' '{path}'"
    process = subprocess.run(
        f"{command} | head -2", shell=True, capture_output=True, text=True, check=True
    )

    assert len(process.stdout.splitlines()) == 2
    assert "Traceback" not in process.stderr
    assert "Broken" not in process.stderr


def test_watch_takes_a_folder_of_images(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toys.write_images(tmp_path / "frames", toys.toy_frames(6))

    assert run("watch", "--checkpoint", checkpoint, tmp_path / "frames") == 0
    assert [row[:2] for row in rows(capsys.readouterr().out)] == [[3, 0.12], [4, 0.16], [5, 0.2]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["none.mp4"], "There is no none.mp4"),
        (["-"], "Frames on stdin need their size"),
        (["-", "--raw", "64"], "Frames on stdin need their size"),
        (["-", "--raw", "0x4"], "Frames on stdin need their size"),
        (["pyproject.toml"], "pyproject.toml cannot be opened as a video"),
        (["pyproject.toml", "--fps", "0"], "a number above 0 is expected"),
        (["pyproject.toml", "--fps", "5", "--calibration", "Makefile"], "cannot be read as a cal"),
    ],
)
def test_watch_says_what_is_wrong(
    checkpoint: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("watch", "--checkpoint", checkpoint, *arguments) == 2
    assert sentence in capsys.readouterr().err


def test_watch_refuses_the_calibration_of_other_weights(
    checkpoint: Path, calibration: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = json.loads(calibration.read_text()) | {"weights_sha256": "0" * 64}
    (tmp_path / "other.json").write_text(json.dumps(other))

    status = run(
        "watch", "--checkpoint", checkpoint, "pyproject.toml", "--fps", "5",
        "--calibration", tmp_path / "other.json",
    )  # fmt: skip

    assert status == 2
    assert "other.json is the calibration of other weights" in capsys.readouterr().err


def test_calibrate_needs_normal_validation_videos(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Manifest(videos=(VideoRecord(id="a", path="a.mp4", part="test"),)).save(tmp_path / "m.json")

    status = run(
        "calibrate", "--checkpoint", checkpoint, "--manifest", tmp_path / "m.json",
        "--out", tmp_path / "calibration.json",
    )  # fmt: skip

    assert status == 2
    assert "nothing to calibrate on" in capsys.readouterr().err
    assert not (tmp_path / "calibration.json").exists()


def test_watch_goes_by_the_times_of_a_file(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two bursts of 5 frames at 25 a second, a minute apart; the file begins at half a second."""
    milliseconds = [500 + 40 * i + (60_000 if i >= 5 else 0) for i in range(10)]
    video = toys.moving_square_video(tmp_path / "a.mkv", 10, pts_milliseconds=milliseconds)

    assert run("watch", "--checkpoint", checkpoint, video) == 0
    told = capsys.readouterr()
    assert [row[:2] for row in rows(told.out)] == [
        [3, 0.12], [4, 0.16], [5, 60.2], [6, 60.24], [7, 60.28], [8, 60.32], [9, 60.36],
    ]  # fmt: skip
    assert "no time" not in told.err

    assert run("watch", "--checkpoint", checkpoint, video, "--fps", "10") == 0
    assert [row[1] for row in rows(capsys.readouterr().out)] == [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]


def test_scores_that_come_late_keep_the_times_of_their_frames() -> None:
    """The first two frames have no score, the others one frame later."""

    class Late:
        seen = -1

        def push(self, frame: object) -> list[FrameScore]:
            self.seen += 1
            return [FrameScore(self.seen - 1, 0.5)] if self.seen > 2 else []

        def finish(self) -> list[FrameScore]:
            return [FrameScore(self.seen, 0.7)]

    frame = np.zeros((2, 2), np.uint8)
    frames = [(seconds, frame) for seconds in (0.5, 0.6, 7.0, 7.1, 90.0)]
    told = list(watch._scored(Late(), frames))  # type: ignore[arg-type]
    assert told == [(2, 7.0, 0.5), (3, 7.1, 0.5), (4, 90.0, 0.7)]


def test_frames_without_times_go_on_at_the_rate(capsys: pytest.CaptureFixture[str]) -> None:
    frame = np.zeros((2, 2), np.uint8)
    frames = [(seconds, frame) for seconds in (None, 0.5, 0.4, None, 9.0)]
    seconds = [each for each, _frame in watch._by_times(frames, 10)]
    assert seconds == pytest.approx([0.0, 0.5, 0.6, 0.7, 9.0])
    assert capsys.readouterr().err.count("no time for frame 0") == 1
