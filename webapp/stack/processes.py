"""Starting and ending child processes so that none is left behind."""

import contextlib
import ctypes
import os
import pwd
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


def die_with_parent(with_signal: int = signal.SIGTERM) -> None:
    """In the child: ask the kernel for `with_signal` when the parent ends, however it ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, with_signal)


def identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    """Arguments of `subprocess` that make the child run as `user`, None meaning as ourselves."""
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def start(
    command: list[str],
    *,
    log: Path,
    environment: dict[str, str] | None = None,
    end_signal: signal.Signals = signal.SIGTERM,
    user: pwd.struct_passwd | None = None,
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
            start_new_session=True,
            preexec_fn=lambda: die_with_parent(end_signal),
            **identity(user),
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


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_ready: Callable[[], bool], *, what: str, seconds: float = 120) -> None:
    """Raise TimeoutError when `is_ready` stays False."""
    deadline = time.monotonic() + seconds
    while not is_ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not start within {seconds:g} seconds")
        time.sleep(0.05)
