"""Memory that was freed stays with the process, which fetches it anew for every tensor otherwise.

glibc gives each large block back to the kernel when it is freed, and the kernel then hands out
and clears every page of the next one: for a batch of bags that takes as long as copying it.
"""

from __future__ import annotations

import ctypes

# Of glibc's malloc.h.
M_TRIM_THRESHOLD = -1
M_MMAP_MAX = -4
NEVER = -1


def keep_freed() -> bool:
    """Until the process ends. False where the C library is not glibc, and nothing changes."""
    return _set(M_MMAP_MAX, 0) and _set(M_TRIM_THRESHOLD, NEVER)


def _set(parameter: int, value: int) -> bool:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and mallopt(parameter, value) == 1
