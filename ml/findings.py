"""What a reader has to say about a video or a file, and the small words that sentences need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "info"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence of a report; `subject` is a video, a group or a file, empty for the whole."""

    level: Level
    subject: str
    text: str


def counted(n: int, noun: str) -> str:
    """`1 video`, `1,200 videos`."""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def shortened(names: Sequence[str], n_shown: int = 3) -> str:
    """The first few names and how many more there are."""
    rest = len(names) - n_shown
    return ", ".join(names[:n_shown]) + (f" and {rest} more" if rest > 0 else "")
