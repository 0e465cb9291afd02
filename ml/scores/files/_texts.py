"""Columns of text as numbers: millions of cells at once, and faults with their line."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ml.records import BadInput
from ml.scores.files._base import EXACT, Numbers, Values
from ml.tables import GROUPED, is_blank, number_of

PLAIN = re.compile(
    r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?\n)*+"
)  # *+ keeps no stack
DIGIT = re.compile(r"[1-9]")
LONGEST = 1_000  # characters of a number: no program writes more


class Column:
    """Cells below a heading, and the line of the file that each begins on."""

    def __init__(self, heading: str, lines: Sequence[int], delimiter: str) -> None:
        self.heading = heading
        self.cells: list[str] = []
        self.lines = lines
        self.delimiter = delimiter

    def numbers(self) -> Values:
        """(N,) with NaN where a cell is blank. Raise BadInput, with the line, for other texts."""
        joined = "\n".join(self.cells) + "\n"
        if self.cells and PLAIN.fullmatch(joined) and max(map(len, self.cells)) <= LONGEST:
            values = np.fromiter(map(float, self.cells), np.float64, len(self.cells))
        else:
            values = np.fromiter(map(self._number, range(len(self.cells))), np.float64)
        self._check_precision(values)
        return values

    def wholes(self) -> Numbers:
        """(N,) whole numbers, `60.0` being 60. Raise BadInput, with the line, for any other."""
        values = self.numbers()
        if self.delimiter != "," and (grouped := self._first_grouped()) is not None:
            raise self.fault(grouped, "may be thousands or a fraction: write the digits alone")
        with np.errstate(invalid="ignore"):
            is_other = ~((np.floor(values) == values) & (np.abs(values) < EXACT))
        if is_other.any():
            at = int(np.argmax(is_other))
            raise self.fault(at, "is no whole number")
        return values.astype(np.int64)

    def _first_grouped(self) -> int | None:
        """The row of `12.000`, which where commas part no cells may be twelve thousand."""
        return next((at for at, cell in enumerate(self.cells) if GROUPED.fullmatch(cell)), None)

    def fault(self, at: int, text: str) -> BadInput:
        cell = self.cells[at]
        shown = repr(cell if len(cell) <= 40 else cell[:40] + "…")
        return BadInput(f"line {self.lines[at]}: {self.heading} {shown} {text}")

    def _number(self, at: int) -> float:
        cell = self.cells[at]
        if is_blank(cell):
            return np.nan
        try:
            if len(cell) > LONGEST:
                raise ValueError("is no number")
            return number_of(cell, self.delimiter)
        except ValueError as error:
            raise self.fault(at, str(error)) from error

    def _check_precision(self, values: Values) -> None:
        """Too large, too long or too near to 0 for a float64: scores that differ become equal."""
        if np.isinf(values).any():
            at = int(np.argmax(np.isinf(values)))
            raise self.fault(at, "is larger than any number that is kept")
        for at in np.flatnonzero(np.abs(values) >= EXACT).tolist():
            if self.cells[at].lstrip("+-").isdigit():
                raise self.fault(at, "has more digits than float64 keeps: send ranks")
        for at in np.flatnonzero(values == 0).tolist():
            if is_rounded_to_zero(self.cells[at]):
                raise self.fault(at, "is so near to 0 that it would become 0: scale the scores")


def is_rounded_to_zero(text: str) -> bool:
    """Of a number that reads as 0: whether it says another one, as `1e-400` does."""
    return DIGIT.search(text.lower().partition("e")[0]) is not None
