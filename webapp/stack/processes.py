"""Starting and ending child processes so that none is left behind."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """In the child: ask the kernel for `with_signal` when the parent ends, however it ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, with_signal)


def start(
    command: list[str],
    *,
    log: Path,
    environment: dict[str, str] | None = None,
    end_signal: signal.Signals = signal.SIGTERM,
    user: int | None = None,
    cwd: Path | str | None = None,
) -> subprocess.Popen[bytes]:
    """Run `command` in its own session, its output appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=cwd,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(end_signal),
        )


def stop(process: subprocess.Popen[bytes], with_signal: signal.Signals, *, patience: float) -> None:
    """Ask politely, wait `patience` seconds, then end the whole group."""
    if process.poll() is None:
        process.send_signal(with_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_ready: Callable[[], bool], *, what: str, seconds: float = 20) -> None:
    """Raise TimeoutError when `is_ready` stays False."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start within {seconds:g} seconds")
        time.sleep(0.05)
