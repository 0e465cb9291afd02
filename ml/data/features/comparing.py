"""How alike two sets of features are: the cosine of rows of one video and crop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.findings import Finding, shortened

Rows = NDArray[np.floating[Any]]
ROWS_AT_ONCE = 256
SAME, ALIKE = 0.999, 0.95  # mean cosines from which sets are called so


def mean_cosine(ours: Rows, theirs: Rows) -> float | None:
    """Over rows and crops that both (T, K, D) have; None where the numbers are not as many, or no
    row is other than zero.
    """
    if ours.shape[2] != theirs.shape[2]:
        return None
    n_rows, n_crops = (min(ours.shape[axis], theirs.shape[axis]) for axis in (0, 1))
    total, count = 0.0, 0
    for first in range(0, n_rows, ROWS_AT_ONCE):
        block = slice(first, min(n_rows, first + ROWS_AT_ONCE))
        found = _cosines(ours[block, :n_crops], theirs[block, :n_crops])
        total, count = total + float(found.sum()), count + len(found)
    return total / count if count else None


def _cosines(ours: Rows, theirs: Rows) -> NDArray[np.float64]:
    """(n,) of the rows that are zero in neither."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    lengths = np.linalg.norm(a, axis=2) * np.linalg.norm(b, axis=2)
    is_there = lengths > 0
    return np.asarray((a * b).sum(axis=2)[is_there] / lengths[is_there], np.float64)


@dataclass(kw_only=True)
class Comparison:
    """With the set called `other`, over the videos that both have."""

    other: str
    cosines: dict[str, float] = field(default_factory=dict)
    lengths: list[str] = field(default_factory=list)  # videos of other numbers of rows
    widths: list[str] = field(default_factory=list)  # videos that cannot be compared

    def add(self, video: str, ours: Rows, theirs: Rows) -> None:
        cosine = mean_cosine(ours, theirs)
        if cosine is None:
            self.widths.append(video)
            return
        self.cosines[video] = cosine
        if len(ours) != len(theirs):
            self.lengths.append(video)

    @property
    def mean(self) -> float:
        return float(np.mean(list(self.cosines.values()))) if self.cosines else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "with": self.other,
            "mean_cosine": self.mean,
            "lowest_cosine": min(self.cosines.values(), default=0.0),
            "n_videos": len(self.cosines),
        }

    def findings(self) -> Iterator[Finding]:
        subject = f"against {self.other}"
        if self.cosines:
            yield Finding(level=self._level(), subject=subject, text=self._verdict())
        else:
            text = "no video can be compared: none is in both, or their numbers are not as many"
            yield Finding(level="warning", subject=subject, text=text)
        if self.lengths:
            text = f"other numbers of rows in {len(self.lengths)}: {shortened(self.lengths)}"
            yield Finding(level="warning", subject=subject, text=text)

    def _level(self) -> Any:
        return "info" if self.mean >= ALIKE else "warning"

    def _verdict(self) -> str:
        name, lowest = min(self.cosines.items(), key=lambda item: item[1])
        text = (
            f"mean cosine of rows {self.mean:.3f} over {len(self.cosines)} of the videos, lowest "
        )
        text += f"{lowest:.3f} ({name})"
        if self.mean >= SAME:
            return f"{text}: the same features, but for their size"
        if self.mean >= ALIKE:
            return f"{text}: nearly the same"
        return f"{text}: made by another network, or of frames prepared otherwise"
