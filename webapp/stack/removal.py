"""Removing what the embedded stack has stored: its database and all that refers to it."""

import shutil
from pathlib import Path

from webapp.stack import outside
from webapp.stack_address import FILE_NAME

# By name, so that nothing else goes: people keep videos of their own below `data`.
STORED = (
    "postgres",
    "postgres.unfinished",
    "initdb-password",
    "postgres-password",
    "valkey",
    "media",
    "work",
    "log",
    "secret-key",
    FILE_NAME,
    "up.lock",
)


def stored(home: Path) -> list[Path]:
    """What `remove` would take away, the folders outside the checkout among it."""
    inside = [home / name for name in STORED if (home / name).exists()]
    return inside + outside.goes_with(home)


def remove(home: Path) -> list[Path]:
    """Remove it, and `home` where nothing is left in it. Return what is gone."""
    gone = outside.remove(home)
    for path in (home / name for name in STORED):
        if path.is_dir():
            shutil.rmtree(path)
        elif path.exists():
            path.unlink()
        else:
            continue
        gone.append(path)
    if home.is_dir() and not any(home.iterdir()):
        home.rmdir()
    return gone
