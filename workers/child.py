"""The child process that does a job's work, as its supervisor sees it.

It is a fresh Python, never a fork: CUDA does not survive one. It knows no secret of the site,
leads its own process group and dies with its supervisor.
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
from workers import launch

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
        """Start Python with `arguments`, the path of the written `spec` and an event pipe."""
        spec_path = folder / "spec.json"
        spec_path.write_text(json.dumps(spec))
        self._events, events_end = os.pipe()
        self._output, output_end = os.pipe()
        command = [sys.executable, *arguments, str(spec_path), "--events-fd", str(events_end)]
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=output_end,
                stderr=output_end,
                pass_fds=[events_end],
                env=environment(folder),
                cwd=folder,
                start_new_session=True,
            )
        finally:
            os.close(events_end)
            os.close(output_end)
        self._unfinished_line = b""
        self._is_paused = False
        self._pipes = selectors.DefaultSelector()
        for pipe in (self._events, self._output):
            os.set_blocking(pipe, False)
            self._pipes.register(pipe, selectors.EVENT_READ)

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *exception: object) -> None:
        """Whatever happened: nothing of the group is left."""
        self.kill()
        self._process.wait()
        self._pipes.close()
        os.close(self._events)
        os.close(self._output)

    @property
    def returncode(self) -> int | None:
        """None while it runs; minus the signal's number when one ended it."""
        return self._process.poll()

    def read(self, seconds: float) -> tuple[list[Event], bytes]:
        """What came on the pipes, waiting up to `seconds` for something to come."""
        sent, printed = b"", b""
        for key, _ in self._pipes.select(seconds):
            data = os.read(key.fd, READ_BYTES)
            if not data:
                self._pipes.unregister(key.fd)
            elif key.fd == self._events:
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
        self._process.terminate()

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
