"""What a child process that reads a file of unknown origin may use, and how it gives up the rest.

Apart from the parent's side, so that the child, of which there is one for each file, starts fast.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one file may use. Its size buys it time: a long video is not an attack."""

    memory_bytes: int = 2 * 1024**3
    file_bytes: int = 16 * 1024**3
    n_open_files: int = 64
    seconds: float = 120
    seconds_per_megabyte: float = 60
    patience: float = 5  # seconds on the clock for each of the processor: other work goes on, too

    def cpu_seconds(self, n_bytes: int) -> int:
        return max(1, round(self.seconds + self.seconds_per_megabyte * n_bytes / 1e6))

    def wall_seconds(self, n_bytes: int) -> float:
        return self.patience * self.cpu_seconds(n_bytes)


def confine(limits: Limits, *, n_bytes: int, parent: int) -> None:
    """Called by the child, while it has a single thread and before it opens the file."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before prctl could notice
        sys.exit(1)
    # Others than root may get a new network only with new users; root would lose its rights so.
    libc.unshare(CLONE_NEWNET | (CLONE_NEWUSER if os.getuid() else 0))
    cpu = limits.cpu_seconds(n_bytes)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 5))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits.n_open_files, limits.n_open_files))
