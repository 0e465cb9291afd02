"""Starts the processes that learn together, passes on what they say, and ends them together."""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

from ml import device, threads
from ml.failures import TERMINATED, RankFailed
from ml.records import BadInput
from ml.reports import Event, Reporter
from ml.verbs._spec import Spec

PARTING_SECONDS = 3.0  # for the others, once one of them has ended in another way than well
LOOK_SECONDS = 0.2
READ_BYTES = 65_536
PR_SET_PDEATHSIG = 1


def run_ranks(spec: Spec, reporter: Reporter, *, threads_each: int | None) -> None:
    """Train as `spec["processes"]` processes, which share the threads that there are.

    Those of a training that goes on have as many each as they had. Raise RankFailed where one
    ended by itself, and what one of them said why it failed. On TERM all of them save and end.
    """
    n = spec["processes"]
    allowed = spec.get("threads") or threads.allowed()
    each = spec | {"threads": threads_each or max(1, allowed // n)}
    with TemporaryDirectory(prefix="ranks-") as folder:
        meeting = str(Path(folder) / "meeting")
        specs = [
            each | {"rank": rank, "meeting": meeting, "device": _device_of(rank, spec)}
            for rank in range(n)
        ]
        with _started(specs, Path(folder)) as ranks, _passing_on_term(ranks):
            told = _listen(ranks, reporter)
        _conclude(ranks, told)


def _device_of(rank: int, spec: Spec) -> str:
    """A GPU of its own, or the CPU. Raise BadInput where there are too few GPUs."""
    chosen = device.choose(spec.get("device", "auto"))
    if chosen.type != "cuda":
        return str(chosen)
    import torch

    if torch.cuda.device_count() < spec["processes"]:
        raise BadInput(
            f"processes: {spec['processes']} need as many GPUs, and this machine offers "
            f"{torch.cuda.device_count()}"
        )
    return f"cuda:{rank}"


@dataclass
class _Rank:
    number: int
    process: subprocess.Popen[bytes]
    events: int  # the end of the pipe that is read
    is_killed: bool = False  # by us
    rest: bytes = b""

    def read(self) -> list[Event] | None:
        """What came; None at the end."""
        data = os.read(self.events, READ_BYTES)
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [json.loads(line) for line in lines] if data else None

    def kill(self) -> None:
        if self.process.poll() is None:
            self.is_killed = True
            self.process.kill()


@contextmanager
def _started(specs: list[dict[str, Any]], folder: Path) -> Iterator[list[_Rank]]:
    """In our own process group: whoever ends it ends all. None of them is left afterwards."""
    ranks: list[_Rank] = []
    try:
        for number, spec in enumerate(specs):
            ranks.append(_start(number, spec, folder))
        yield ranks
    finally:
        for rank in ranks:
            rank.kill()
            rank.process.wait()
            os.close(rank.events)


def _start(number: int, spec: dict[str, Any], folder: Path) -> _Rank:
    path = folder / f"rank-{number}.json"
    path.write_text(json.dumps(spec))
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "ml", "job", str(path), "--events-fd", str(writing)]
    try:
        # What they say is printed once more here, where it is passed on.
        process = subprocess.Popen(command, pass_fds=[writing], stdout=subprocess.DEVNULL)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    return _Rank(number, process, reading)


def die_with_parent() -> None:
    """A rank ends when the process that started it does, however that happens."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def _passing_on_term(ranks: list[_Rank]) -> Iterator[None]:
    """Each of them finishes its step; the first one saves."""

    def pass_on(_number: int, _frame: FrameType | None) -> None:
        for rank in ranks:
            if rank.process.poll() is None:
                rank.process.terminate()

    previous = signal.signal(signal.SIGTERM, pass_on)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _listen(ranks: list[_Rank], reporter: Reporter) -> list[Event]:
    """Pass on what the first one says until all have ended; return why any of them failed."""
    failed: list[Event] = []
    kill_at: float | None = None
    with selectors.DefaultSelector() as pipes:
        for rank in ranks:
            pipes.register(rank.events, selectors.EVENT_READ, rank)
        while pipes.get_map():
            for key, _mask in pipes.select(LOOK_SECONDS):
                events = key.data.read()
                if events is None:
                    pipes.unregister(key.fd)
                failed += _passed_on(events or [], key.data, reporter)
            if kill_at is None and any(rank.process.poll() for rank in ranks):
                kill_at = time.monotonic() + PARTING_SECONDS
            if kill_at is not None and time.monotonic() > kill_at:
                for rank in ranks:
                    rank.kill()
    return failed


def _passed_on(events: list[Event], rank: _Rank, reporter: Reporter) -> list[Event]:
    """Those that tell of a failure are not: it may be what another rank's does to this one."""
    for event in events:
        if not rank.number and event["event"] != "failed":
            reporter.send(**event)
    return [event for event in events if event["event"] == "failed"]


def _conclude(ranks: list[_Rank], failed: list[Event]) -> None:
    codes = [rank.process.wait() for rank in ranks]
    for rank, code in zip(ranks, codes, strict=True):
        if code < 0 and not rank.is_killed:
            raise RankFailed(
                f"Process {rank.number + 1} of the {len(ranks)} that learnt together was ended by "
                f"{signal.Signals(-code).name}, and the others with it. {_hint(-code)}"
            )
    if failed:
        raise RankFailed.of_event(failed[0])
    if TERMINATED in codes:
        raise SystemExit(TERMINATED)
    if any(codes):
        raise RankFailed(
            f"Of the {len(ranks)} processes that learnt together one ended with status "
            f"{max(codes)} without saying why; the log's last lines may tell"
        )


def _hint(number: int) -> str:
    is_kill = number == signal.SIGKILL
    memory = "The machine's memory may have run out: use a smaller batch or input size. "
    return memory * is_kill + "What was saved before is kept"
