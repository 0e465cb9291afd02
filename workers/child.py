"""The child process that does a job's work, as its supervisor sees it.

It is a fresh Python, never a fork: CUDA does not survive one. It knows no secret of the site,
sits within walls where this machine can build them, leads its own process group and dies with
its supervisor.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings

from ml.reports import Event
from workers import launch, walls

# All that a child inherits. Nothing in here names the database, the broker or the secret key.
INHERITED = (
    "PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "IWAKAN_COMMIT",
    "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_VISIBLE_DEVICES",
    "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "OMP_WAIT_POLICY",
)  # fmt: skip
READ_BYTES = 65_536


def environment(folder: Path) -> dict[str, str]:
    """The variables of a child that works in `folder`."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return inherited | {
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), *settings.PLUGIN_PATH]),
        "PYTHONUNBUFFERED": "1",
    }


class Child:
    """A running child: what it tells on two pipes, and how to end it."""

    def __init__(self, arguments: Sequence[str], *, spec: dict[str, Any], folder: Path) -> None:
        """Start Python with `arguments`, the path of the written `spec` and an event pipe.

        Raise NoWalls where this installation asks for walls that cannot be built.
        """
        spec_path = folder / "spec.json"
        spec_path.write_text(json.dumps(spec))
        with contextlib.ExitStack() as if_it_fails:
            self._events, self._output, self._inside = (Pipe(if_it_fails) for _ in range(3))
            command = [*arguments, str(spec_path), "--events-fd", str(self._events.end)]
            walled = walls.around(
                [sys.executable, *command], folder=folder, spec=spec, info=self._inside.end
            )
            self._process = _launched(
                walled, output=self._output.end, passed=[self._events.end, self._inside.end],
                folder=folder,
            )  # fmt: skip
            if_it_fails.pop_all()
        self._unfinished_line = self._told_of_inside = b""
        self._is_paused = False
        self._pipes = selectors.DefaultSelector()
        for pipe in (self._events, self._output, self._inside):
            pipe.listen()
        for pipe in (self._events, self._output):
            self._pipes.register(pipe.start, selectors.EVENT_READ)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: object) -> None:
        """Whatever happened: nothing of the group is left."""
        self.kill()
        self._process.wait()
        self._pipes.close()
        for pipe in (self._events, self._output, self._inside):
            os.close(pipe.start)

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal's number when one ended it, 128 plus it in walls."""
        return self._process.poll()

    def read(self, seconds: float) -> tuple[list[Event], bytes]:
        """What came on the pipes, waiting up to `seconds` for something to come."""
        sent, printed = b"", b""
        for key, _ in self._pipes.select(seconds):
            data = os.read(key.fd, READ_BYTES)
            if not data:
                self._pipes.unregister(key.fd)
            elif key.fd == self._events.start:
                sent = data
            else:
                printed = data
        *lines, self._unfinished_line = (self._unfinished_line + sent).split(b"\n")
        return [json.loads(line) for line in lines], printed

    @property
    def has_more(self) -> bool:
        """Whether something lies unread in a pipe, or its end."""
        return bool(self._pipes.select(0))

    def terminate(self) -> None:
        """Ask it to end, but not what holds its walls: with that all would be gone at once."""
        first = self._first_inside()
        asked = _children(first) if first is not None else []
        for pid in asked or [self._process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def _first_inside(self) -> int | None:
        """The id of the first process within walls, as we see it; None where there are none."""
        with contextlib.suppress(BlockingIOError):
            self._told_of_inside += os.read(self._inside.start, READ_BYTES)
        return json.loads(self._told_of_inside)["child-pid"] if self._told_of_inside else None

    def kill(self) -> None:
        self._signal_group(signal.SIGKILL)

    def pause(self) -> None:
        self._is_paused = True
        self._signal_group(signal.SIGSTOP)

    def go_on(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._signal_group(signal.SIGCONT)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


class Pipe:
    """From a child to us. Both ends are closed if what is begun fails."""

    def __init__(self, if_it_fails: contextlib.ExitStack) -> None:
        self.start, self.end = os.pipe()
        for descriptor in (self.start, self.end):
            if_it_fails.callback(os.close, descriptor)

    def listen(self) -> None:
        """From now on only the child can write into it, and reading waits for nothing."""
        os.close(self.end)
        os.set_blocking(self.start, False)


def _launched(
    command: Sequence[str], *, output: int, passed: Sequence[int], folder: Path
) -> subprocess.Popen[bytes]:
    limits = (settings.JOB_MEMORY_BYTES, settings.JOB_FILE_BYTES)
    return subprocess.Popen(
        [
            sys.executable,
            "-I",
            "-S",
            launch.__file__,
            str(os.getpid()),
            *map(str, limits),
            *command,
        ],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=passed,
        env=environment(folder),
        cwd=folder,
        start_new_session=True,
    )


def _children(pid: int) -> list[int]:
    """Ids of the processes that it started itself."""
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
