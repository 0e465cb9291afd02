"""What can be told of features by looking at their numbers alone.

Norms are Euclidean, over the D numbers of one crop of one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.features.references import reference_for
from ml.findings import Finding
from ml.records import BadInput

ROWS_AT_ONCE = 256
SUSPICIOUS_ZEROS = 0.01  # share of rows: some videos do end in black
WHOLE = 2e-5  # how near a sum of float32 squares is to the whole number that it would be
VARYING = 1.02  # a ratio of norms from which rows are not normalised themselves


@dataclass(kw_only=True)
class Health:
    """Gathered over all videos of a set; every number of rows is of rows × crops."""

    n_rows: int = 0
    n_zero: int = 0
    sum_of_norms: float = 0.0
    lowest: float = np.inf
    highest: float = 0.0
    n_numbers: int = 0
    n_negative: int = 0
    n_files: int = 0
    n_batch_normalised: int = 0  # files
    is_alive: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, bool))  # (D,)

    def add(self, rows: NDArray[np.floating[Any]], name: str) -> None:
        """`rows` (T, K, D). Raise BadInput, nothing added, where a number is not finite."""
        of_file = Health(is_alive=np.zeros(rows.shape[-1], bool), n_files=1)
        squares = np.zeros(rows.shape[1])
        for block in _blocks(rows, name):
            squares += np.square(block).sum(axis=(0, 2))
            of_file._add_block(block.reshape(-1, block.shape[-1]))
        of_file.n_batch_normalised = int(of_file._is_batch_normalised(squares))
        self._merge(of_file)

    def _add_block(self, block: NDArray[np.float64]) -> None:
        norms = np.linalg.norm(block, axis=1)
        self.n_rows += len(norms)
        self.n_zero += int((norms == 0).sum())
        self.sum_of_norms += float(norms.sum())
        self.lowest = min(self.lowest, float(norms.min()))
        self.highest = max(self.highest, float(norms.max()))
        self.n_numbers += block.size
        self.n_negative += int((block < 0).sum())
        self.is_alive |= (block != 0).any(axis=0)

    def _is_batch_normalised(self, squares: NDArray[np.float64]) -> bool:
        """Whether each crop's squares (K,) add up to one for every batch of rows.

        Rows that are normalised one by one, or are zero, do so too: those do not vary.
        """
        n_batches = round(float(squares[0]))
        do_vary = self.highest > VARYING * self.lowest
        if not do_vary or self.sum_of_norms < VARYING * squares.sum() or n_batches < 1:
            return False
        return bool((np.abs(squares - n_batches) < WHOLE * n_batches).all())

    def _merge(self, other: Health) -> None:
        self.n_rows += other.n_rows
        self.n_zero += other.n_zero
        self.sum_of_norms += other.sum_of_norms
        self.lowest = min(self.lowest, other.lowest)
        self.highest = max(self.highest, other.highest)
        self.n_numbers += other.n_numbers
        self.n_negative += other.n_negative
        self.n_files += other.n_files
        self.n_batch_normalised += other.n_batch_normalised
        self.is_alive = other.is_alive | (self.is_alive if len(self.is_alive) else False)

    def to_state(self) -> dict[str, Any]:
        """As JSON, to be merged with others by `merged`."""
        numbers = {each.name: getattr(self, each.name) for each in fields(self)}
        alive = np.packbits(self.is_alive).tobytes().hex()
        return numbers | {"is_alive": alive, "dimension": len(self.is_alive)}

    @classmethod
    def merged(cls, states: Iterable[dict[str, Any]]) -> Health:
        """Of parts of a set that were looked at one by one."""
        whole = cls()
        for state in states:
            numbers = dict(state)
            bits = np.frombuffer(bytes.fromhex(numbers.pop("is_alive")), np.uint8)
            alive = np.unpackbits(bits, count=numbers.pop("dimension")).astype(bool)
            whole._merge(cls(**numbers, is_alive=alive))
        return whole

    def to_json(self) -> dict[str, Any]:
        """Norms and shares are 0 without any row."""
        return {
            "mean_norm": self.sum_of_norms / self.n_rows if self.n_rows else 0.0,
            "lowest_norm": self.lowest if self.n_rows else 0.0,
            "highest_norm": self.highest,
            "n_rows": self.n_rows,
            "n_zero_rows": self.n_zero,
            "n_dead_dimensions": int((~self.is_alive).sum()),
            "negative_share": self.n_negative / max(1, self.n_numbers),
            "batch_normalised_share": self.n_batch_normalised / max(1, self.n_files),
        }

    def findings(self, extractor: str = "") -> Iterator[Finding]:
        """Beside what is odd in itself, what is so for the `extractor` that people name."""
        if self.n_rows and self.n_zero > SUSPICIOUS_ZEROS * self.n_rows:
            text = f"{self.n_zero} of {self.n_rows} rows are zero: an extractor that failed"
            yield Finding(level="warning", subject="zero rows", text=f"{text} leaves such rows")
        if n_dead := int((~self.is_alive).sum()):
            text = f"{n_dead} of {len(self.is_alive)} numbers of a feature are 0 in every row"
            yield Finding(level="warning", subject="dead dimensions", text=text)
        if self.n_files and self.n_batch_normalised == self.n_files:
            text = (
                "Squares of a crop add up to a whole number in every file while rows vary: they "
                "were normalised over each batch of rows, so that a row's size says nothing"
            )
            yield Finding(level="warning", subject="normalisation", text=text)
        if known := reference_for(extractor, len(self.is_alive)):
            yield from known.findings(self.to_json())


def _blocks(rows: NDArray[np.floating[Any]], name: str) -> Iterator[NDArray[np.float64]]:
    """(n, K, D) float64, a few rows at a time."""
    for first in range(0, len(rows), ROWS_AT_ONCE):
        block = np.asarray(rows[first : first + ROWS_AT_ONCE], np.float64)
        if not np.isfinite(block).all():
            row = first + int(np.argmin(np.isfinite(block).all(axis=(1, 2))))
            raise BadInput(f"{name} holds numbers that are not finite, the first in row {row}")
        yield block
