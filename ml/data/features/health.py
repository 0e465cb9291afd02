"""What can be told of features by looking at their numbers alone.

Norms are Euclidean, over the D numbers of one crop of one row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.findings import Finding
from ml.records import BadInput

ROWS_AT_ONCE = 256
SUSPICIOUS_ZEROS = 0.01  # share of rows: some videos do end in black


@dataclass(kw_only=True)
class Health:
    """Gathered over all videos of a set; every number is of rows × crops."""

    n_rows: int = 0
    n_zero: int = 0
    sum_of_norms: float = 0.0
    lowest: float = np.inf
    highest: float = 0.0
    is_alive: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # (D,)

    def add(self, rows: NDArray[np.floating[Any]], name: str) -> None:
        """`rows` (T, K, D). Raise BadInput, nothing added, where a number is not finite."""
        of_file = Health(is_alive=np.zeros(rows.shape[-1], bool))
        for block in _blocks(rows, name):
            of_file._add_block(block)
        self._merge(of_file)

    def _add_block(self, block: NDArray[np.float64]) -> None:
        norms = np.linalg.norm(block, axis=1)
        self.n_rows += len(norms)
        self.n_zero += int((norms == 0).sum())
        self.sum_of_norms += float(norms.sum())
        self.lowest = min(self.lowest, float(norms.min()))
        self.highest = max(self.highest, float(norms.max()))
        self.is_alive |= (block != 0).any(axis=0)

    def _merge(self, other: Health) -> None:
        self.n_rows += other.n_rows
        self.n_zero += other.n_zero
        self.sum_of_norms += other.sum_of_norms
        self.lowest = min(self.lowest, other.lowest)
        self.highest = max(self.highest, other.highest)
        self.is_alive = other.is_alive | (self.is_alive if len(self.is_alive) else False)

    def to_json(self) -> dict[str, Any]:
        """Norms are 0 without any row."""
        return {
            "mean_norm": self.sum_of_norms / self.n_rows if self.n_rows else 0.0,
            "lowest_norm": self.lowest if self.n_rows else 0.0,
            "highest_norm": self.highest,
            "n_rows": self.n_rows,
            "n_zero_rows": self.n_zero,
            "n_dead_dimensions": int((~self.is_alive).sum()),
        }

    def findings(self) -> Iterator[Finding]:
        if self.n_rows and self.n_zero > SUSPICIOUS_ZEROS * self.n_rows:
            text = f"{self.n_zero} of {self.n_rows} rows are zero: an extractor that failed"
            yield Finding(level="warning", subject="zero rows", text=f"{text} leaves such rows")
        if n_dead := int((~self.is_alive).sum()):
            text = f"{n_dead} of {len(self.is_alive)} numbers of a feature are 0 in every row"
            yield Finding(level="warning", subject="dead dimensions", text=text)


def _blocks(rows: NDArray[np.floating[Any]], name: str) -> Iterator[NDArray[np.float64]]:
    """(n, D) float64, a few rows at a time."""
    for first in range(0, len(rows), ROWS_AT_ONCE):
        block = np.asarray(rows[first : first + ROWS_AT_ONCE], np.float64)
        if not np.isfinite(block).all():
            row = first + int(np.argmin(np.isfinite(block).all(axis=(1, 2))))
            raise BadInput(f"{name} holds numbers that are not finite, the first in row {row}")
        yield block.reshape(-1, block.shape[-1])
