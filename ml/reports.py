"""How a child process tells its supervisor what happens: JSON lines on a file descriptor.

    {"event": "progress", "stage": "train", "done": 3, "total": 20, "unit": "epochs"}
    {"event": "point", "step": 120, "epoch": 3.0, "values": {"train_loss": 0.01}}
    {"event": "checkpoint", "step": …, "epoch": …, "weights": path, "state": path,
     "is_best": false, "is_final": false}
    {"event": "video", …}      one surveyed video (ml.data.survey)
    {"event": "features", "video_id": …, "path": npy, "sha256": …, "n_rows": 30}
    {"event": "extractor", "values": {…}}     what an extractor tells of itself, as it was made
    {"event": "scores", "video_id": …, "path": npy, "first_frame": 0, "frames_per_value": 1}
    {"event": "explanation", "video_id": …, "path": png, "rule": …}  and what ml.explain.maps says
    {"event": "evaluation", "task": 0, "protocol": 3, "path": json, "replicates": npy}
    {"event": "overview", "task": 0, "path": json}
    {"event": "facts", "values": {"torch": "2.13.0", "device": "cpu", …}}
    {"event": "result", "values": {…}}
    {"event": "failed", "failure": "bad_input", "sentence": …, "traceback": …}

Run by hand, without `--events-fd`, events are printed as readable lines.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

Event = dict[str, Any]
LOGGED = ("point", "checkpoint", "scores", "facts", "finding")
PATHS = ("weights", "state", "path", "replicates")  # of files that only the supervisor cares for


class Reporter:
    """Sends events. A failure to send ends the process: nobody is listening any more."""

    def __init__(self, write: Callable[[Event], None]) -> None:
        self._write = write

    def send(self, event: str, **fields: Any) -> None:
        self._write({"event": event} | fields)

    def progress(self, *, stage: str, done: float, total: float, unit: str) -> None:
        self.send("progress", stage=stage, done=done, total=total, unit=unit)

    def point(self, *, step: int, epoch: float, values: dict[str, float]) -> None:
        self.send("point", step=step, epoch=epoch, values=values)


def to_descriptor(descriptor: int) -> Reporter:
    """For a supervisor. What a person wants to read later is printed too: it becomes the log."""

    def write(event: Event) -> None:
        # NaN is not JSON: the database would refuse it, so it ends here, with a traceback.
        line = memoryview(json.dumps(event, allow_nan=False).encode() + b"\n")
        while line:  # a full pipe takes a part
            line = line[os.write(descriptor, line) :]
        if event["event"] in LOGGED:
            print(readable(event), flush=True)

    return Reporter(write)


def to_terminal() -> Reporter:
    return Reporter(lambda event: print(readable(event), file=sys.stderr))


def readable(event: Event) -> str:
    """One line: the event's name, then what it says, nested values spread out."""
    fields = {name: value for name, value in event.items() if name not in ("event", *PATHS)}
    fields |= fields.pop("values", {})
    return " ".join(
        [event["event"], *(f"{name}={_short(value)}" for name, value in fields.items())]
    )


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def to_nobody() -> Reporter:
    return Reporter(lambda event: None)
