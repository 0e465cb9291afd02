import json
import os
import threading

import pytest

from ml.reports import Reporter, to_descriptor, to_terminal


def test_to_descriptor_sends_one_line_per_event() -> None:
    reading, writing = os.pipe()

    to_descriptor(writing).progress(stage="train", done=1, total=2, unit="epochs")

    event = {"event": "progress", "stage": "train", "done": 1, "total": 2, "unit": "epochs"}
    assert json.loads(os.read(reading, 1000)) == event


def test_to_descriptor_sends_all_of_an_event_larger_than_the_pipe() -> None:
    reading, writing = os.pipe()
    received: list[str] = []
    with os.fdopen(reading) as pipe:
        reader = threading.Thread(target=lambda: received.append(pipe.readline()))
        reader.start()
        to_descriptor(writing).send("video", pts=list(range(100_000)))
        reader.join(10)

    assert json.loads(received[0])["pts"] == list(range(100_000))


def test_to_descriptor_refuses_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_descriptor(1).point(step=1, epoch=1, values={"loss": float("nan")})


def test_to_descriptor_fails_when_nobody_listens() -> None:
    reading, writing = os.pipe()
    os.close(reading)

    with pytest.raises(BrokenPipeError):
        to_descriptor(writing).send("facts", values={})


def test_to_terminal_prints_a_readable_line(capsys: pytest.CaptureFixture[str]) -> None:
    reporter: Reporter = to_terminal()

    reporter.point(step=3, epoch=1.0, values={"train_loss": 0.5})

    assert capsys.readouterr().err == "point step=3 epoch=1 train_loss=0.5\n"
