"""Disks that are full, and files that are open."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def open_files(folder: Path) -> list[Path]:
    """Below `folder`, those that this process holds open."""
    links = Path("/proc/self/fd").iterdir()
    held = (link.readlink() for link in links if link.is_symlink())  # that of the listing is gone
    return [path for path in held if path.is_relative_to(folder)]


@contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Writes past `n_bytes` fail, in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_disk(folder: Path, *, size: str) -> Iterator[Path]:
    """A file system of `size` mounted on the new `folder`; skips where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
