"""Failures as the site tells them apart: a type for programs, a sentence for people."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Any

from ml.records import BadInput

TERMINATED = 143  # exit status of a process that ended because of TERM
DISK_IS_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Diverged(Exception):
    """A training came to nothing: numbers that are none, or a collapse. One sentence."""


class RankFailed(Exception):
    """One of several processes that learn together ended: a sentence, and the type of failure."""

    def __init__(self, sentence: str, failure: str = "method_error", trace: str = "") -> None:
        super().__init__(sentence)
        self.failure = failure
        self.trace = trace

    @classmethod
    def of_event(cls, failed: Mapping[str, Any]) -> RankFailed:
        """Of what the process itself told."""
        return cls(failed["sentence"], failed["failure"], failed["traceback"])


def explain(error: Exception) -> tuple[str, str]:
    """One of bad_input, out_of_memory, storage_full and method_error, and the sentence."""
    if isinstance(error, RankFailed):
        return error.failure, str(error)
    if isinstance(error, BadInput):
        return "bad_input", str(error)
    if _is_out_of_memory(error):
        return "out_of_memory", (
            "The memory did not suffice; a smaller batch size or input size needs less. "
            + _first_line(error)
        )
    if isinstance(error, OSError) and error.errno in DISK_IS_FULL:
        return "storage_full", (
            f"The disk is full ({error.strerror}). What was saved before is complete and is kept"
        )
    if isinstance(error, Diverged):
        return "method_error", str(error)
    return "method_error", _first_line(error)


def _is_out_of_memory(error: Exception) -> bool:
    """CUDA has a class for it, named here so that torch is not needed; the CPU only words."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or "can't allocate memory" in str(error)
    )


def _first_line(error: Exception) -> str:
    name, text = type(error).__name__, str(error).strip()
    return f"{name}: {text.splitlines()[0]}" if text else name
