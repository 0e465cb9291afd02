"""Opens what a job's child has made, wherever a link that it planted may lead."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path


class OutsideFolder(ValueError):
    """A child told of a file that is not one in its folder."""


def open_beneath(folder: Path, name: str | Path) -> BufferedReader:
    """The file `name` in `folder` or below it, open for reading.

    The child may still be at work and exchange what lies there at any moment, so what is looked
    at is the open file. Raise OutsideFolder for one that lies elsewhere or is no regular file,
    OSError where there is none.
    """
    # Without blocking: a pipe would wait for somebody to write.
    file = os.fdopen(os.open(folder / name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
    real = Path(f"/proc/self/fd/{file.fileno()}").readlink()
    is_regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    if not (is_regular and real.is_relative_to(folder.resolve())):
        file.close()
        raise OutsideFolder(f"{name} is no file in {folder}")
    return file


def path_beneath(folder: Path, name: str | Path) -> Path:
    """The same of a child that has ended, for who opens it by its path."""
    with open_beneath(folder, name):
        return folder / name
