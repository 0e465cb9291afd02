"""Where the embedded stack listens, as `manage.py up` wrote it down.

This lets every other command (`create_owner`, `migrate`, a shell) reach the running
stack without any variable being set.
"""

import json
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "stack.json"


@dataclass(frozen=True, kw_only=True)
class StackAddress:
    """Addresses of the embedded servers; port 9 (discard) refuses where none is running."""

    database_url: str = "postgresql://iwakan@127.0.0.1:9/iwakan"
    broker_url: str = "redis://127.0.0.1:9/0"
    site_url: str = "http://127.0.0.1:8000"
    secret_key: str = ""
    is_running: bool = False


def embedded_address(var_dir: Path) -> StackAddress:
    path = var_dir / FILE_NAME
    try:
        return StackAddress(**json.loads(path.read_text()), is_running=True)
    except (OSError, ValueError, TypeError):
        return StackAddress()
