"""Starts every part of Iwakan on this machine, keeps it running and stops it again.

Servers named by DATABASE_URL or IWAKAN_BROKER_URL are used instead of embedded ones.
"""

import contextlib
import fcntl
import logging
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from webapp.stack import outside, postgres, processes, valkey
from webapp.stack_address import FILE_NAME, StackAddress, write_address

logger = logging.getLogger(__name__)
PROJECT = Path(__file__).resolve().parents[2]
QUICK_DEATHS = 5  # of one part within a minute: then it rests before it is started again
REST_SECONDS = 15
WATCH_SECONDS = 0.5


class StackError(Exception):
    """The stack cannot start or go on; the sentence says why."""


@dataclass
class Part:
    """One supervised process: how to start it again, how to end it, when it died."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    end_signal: signal.Signals
    patience: float
    process: subprocess.Popen[bytes]
    starts: list[float] = field(default_factory=list)

    def may_start(self, now: float) -> bool:
        """Whether it is time to start it again; if so, that is counted."""
        self.starts = [start for start in self.starts if now - start < 60]
        if len(self.starts) >= QUICK_DEATHS and now - self.starts[-1] < REST_SECONDS:
            return False
        self.starts.append(now)
        return True


class Stack:
    """The parts in the order in which they were started."""

    def __init__(
        self,
        home: Path,
        *,
        port: int,
        slots: int = 2,
        say: Callable[[str, str], None] = lambda step, what: None,
    ) -> None:
        self.home = home
        self.port = port
        self.slots = slots
        self.say = say
        self.parts: list[Part] = []
        self.address = StackAddress()
        self.asked_by = 0  # the number of the signal that asked for the end

    def start(self) -> None:
        """Raise StackError when the port is taken or a part does not come up."""
        if processes.is_listening(self.port):
            raise StackError(f"Port {self.port} is taken. Choose another one: PORT=… (--port).")
        self.home.mkdir(parents=True, exist_ok=True)
        self.address = StackAddress(
            database_url=os.environ.get("DATABASE_URL") or self._start_postgres(),
            broker_url=os.environ.get("IWAKAN_BROKER_URL") or self._start_valkey(),
            site_url=f"http://127.0.0.1:{self.port}",
            secret_key=_secret_key(self.home),
            pid=os.getpid(),
        )
        write_address(self.home, self.address)
        self.say("Migrations", "bringing the tables up to date, some seconds the first time …")
        self._manage("migrate", "--verbosity", "0")
        self.say("Site and worker", f"starting them, logs in {self.home / 'log'} …")
        self._add("web", self._web_command())
        self._add("worker", self._worker_command(), patience=20)
        self._add("housekeeper", [sys.executable, "-m", "workers.housekeeper"])
        processes.wait_until(self._is_up, what="The site", seconds=300)

    def _is_up(self) -> bool:
        """A part that dies while the site is awaited is started again too."""
        if self.asked_by:
            raise SystemExit(128 + self.asked_by)
        self.revive()
        return processes.is_listening(self.port)

    def watch(self) -> None:
        """Keep everything running; return when a signal has asked for the end."""
        with _signals_noted(self):
            while not self.asked_by:
                self.revive()
                time.sleep(WATCH_SECONDS)

    def revive(self) -> None:
        """Start again what has died. What dies again and again rests between two tries."""
        now = time.monotonic()
        for part in self.parts:
            if part.process.poll() is not None and part.may_start(now):
                logger.warning(
                    "%s ended with status %s and is started again: see %s",
                    part.name, part.process.returncode, self.home / "log" / f"{part.name}.log",
                )  # fmt: skip
                part.process = part.start()

    def stop(self) -> None:
        """End the parts, the last started first."""
        while self.parts:
            part = self.parts.pop()
            processes.stop(part.process, part.end_signal, patience=part.patience)
        (self.home / FILE_NAME).unlink(missing_ok=True)

    def _start_postgres(self) -> str:
        self.say("Database", f"starting Postgres, its data in {self.home} …")
        port = processes.free_port()
        server = postgres.start(self.home, port=port)
        for path in outside.used_by(self.home):
            self.say("Database", f"Postgres's user cannot enter the checkout and uses {path}")
        self.parts.append(
            Part(
                name="postgres",
                start=lambda: postgres.start(self.home, port=port).process,
                end_signal=signal.SIGINT,
                patience=15,
                process=server.process,
            )
        )
        return server.url

    def _start_valkey(self) -> str:
        self.say("Database", "starting the broker …")
        port = processes.free_port()
        server = valkey.start(self.home, port=port)
        self.parts.append(
            Part(
                name="valkey",
                start=lambda: valkey.start(self.home, port=port).process,
                end_signal=signal.SIGTERM,
                patience=5,
                process=server.process,
            )
        )
        return server.url

    def _add(self, name: str, command: list[str], *, patience: float = 5) -> None:
        def start() -> subprocess.Popen[bytes]:
            return processes.start(
                command,
                log=self.home / "log" / f"{name}.log",
                environment=self._environment(),
                cwd=PROJECT,
            )

        self.parts.append(
            Part(
                name=name,
                start=start,
                end_signal=signal.SIGTERM,
                patience=patience,
                process=start(),
            )
        )

    def _environment(self) -> dict[str, str]:
        """Addresses and secrets travel in stack.json, so that no child shows them in /proc."""
        return os.environ | {
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "IWAKAN_VAR": str(self.home),
            "PYTHONUNBUFFERED": "1",
        }

    def _manage(self, *arguments: str) -> None:
        result = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self._environment(), cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise StackError(f"manage.py {arguments[0]} failed:\n{result.stderr.strip()}")

    def _web_command(self) -> list[str]:
        # Threads, because a browser keeps connections open while it plays videos.
        return [
            sys.executable, "-m", "gunicorn", "webapp.wsgi", "-c", "python:webapp.serving",
            "--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "8",
        ]  # fmt: skip

    def _worker_command(self) -> list[str]:
        return [
            sys.executable, "-m", "celery", "-A", "workers.celery", "worker", "--pool", "threads",
            "--concurrency", str(self.slots), "--queues", "cpu", "--loglevel", "info",
        ]  # fmt: skip


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the folder for this process. Raise StackError naming the one that has it."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(_who_holds(lock)) from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}")
        lock.flush()
        yield


def _who_holds(lock: IO[Any]) -> str:
    lock.seek(0)
    return f"Iwakan is already running here: {lock.read()}. Stop that one first."


@contextlib.contextmanager
def stopped_in_order(stack: Stack) -> Iterator[None]:
    """Stop the stack when the block ends, also when a signal ends it before `watch` listens.

    What a handler raises while Python deletes an object is dropped, so the signal is noted too.
    """

    def leave(number: int, frame: Any) -> None:
        stack.asked_by = number
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    before = _listen(leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        signal.signal(signal.SIGINT, before[signal.SIGINT])
        stack.stop()
        signal.signal(signal.SIGTERM, before[signal.SIGTERM])


@contextlib.contextmanager
def _signals_noted(stack: Stack) -> Iterator[None]:
    """Only note SIGINT and SIGTERM for as long as the block runs: `watch` looks at the note."""

    def note(number: int, frame: Any) -> None:
        stack.asked_by = number

    before = _listen(note)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(handler: Callable[[int, Any], None]) -> dict[signal.Signals, Any]:
    """Let it handle SIGINT and SIGTERM; what handled them before is returned."""
    return {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}


def _secret_key(home: Path) -> str:
    """Made once for this folder, so that sessions outlive a restart."""
    path = home / "secret-key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()
