"""Where the embedded stack listens, as `manage.py up` wrote it down.

This lets every other command (`create_owner`, `migrate`, a shell) reach the running
stack without any variable being set.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE_NAME = "stack.json"


@dataclass(frozen=True, kw_only=True)
class StackAddress:
    """Addresses of the embedded servers; port 9 (discard) refuses where none is running."""

    database_url: str = "postgresql://iwakan@127.0.0.1:9/iwakan"
    broker_url: str = "redis://127.0.0.1:9/0"
    site_url: str = "http://127.0.0.1:8000"
    secret_key: str = ""
    pid: int = 0  # of `manage.py up`

    @property
    def is_running(self) -> bool:
        return self.pid > 0 and Path(f"/proc/{self.pid}").exists()


def embedded_address(var_dir: Path) -> StackAddress:
    """What the file says, or the defaults where it is missing or left by a dead process."""
    try:
        address = StackAddress(**json.loads((var_dir / FILE_NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return StackAddress()
    return address if address.is_running else StackAddress()


def write_address(var_dir: Path, address: StackAddress) -> None:
    """Readable by this user alone: it holds the database password."""
    path = var_dir / FILE_NAME
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(address), file, indent=1)
