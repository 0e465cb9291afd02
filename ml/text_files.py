"""The text of a file, looked at by many formats but read once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from ml.findings import Finding
from ml.records import BadInput
from ml.tables import Grid, Table, decode, is_statement, lines_of, read_grid, read_table

MAX_HEADING = 10_000  # characters of first lines that may hold the names of columns


@dataclass(frozen=True)
class TextFile:
    """Whatever looks at its lines or cells first raises BadInput where it is no text."""

    data: bytes
    name: str

    @cached_property
    def _decoded(self) -> tuple[str, tuple[Finding, ...]]:
        return decode(self.data, self.name)

    @property
    def content(self) -> str:
        return self._decoded[0]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About its encoding."""
        return self._decoded[1]

    @cached_property
    def _written(self) -> list[tuple[int, str]]:
        """Lines with something in them as they stand, an empty first cell too, by their numbers."""
        lines = enumerate(lines_of(self.content), start=1)
        return [(number, line) for number, line in lines if line.strip()]

    @cached_property
    def numbered(self) -> list[tuple[int, str]]:
        """Lines with something in them and their numbers from 1, without spaces around them.

        A first one that only says what parts the cells is none of them.
        """
        has_statement = bool(self._written) and is_statement(self._written[0][1])
        return [(number, line.strip()) for number, line in self._written[has_statement:]]

    @cached_property
    def lines(self) -> list[str]:
        return [line for _number, line in self.numbered]

    def first(self, n_lines: int, *, within: int | None = None) -> Grid:
        """Its first lines, of so many characters, as a table. Raise BadInput where they are none.

        What they say parts the cells is a line of its own.
        """
        text = "\n".join(line for _number, line in self._written[:n_lines])
        return read_grid(text[:within].encode(), self.name)

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Cells of the first line in lower case, if it is the first line of a table."""
        for n_lines in (2, 1):  # the second where the first says what parts the cells
            try:
                cells = self.first(n_lines, within=MAX_HEADING).rows[0].cells
            except BadInput:
                continue
            return tuple(cell.lower() for cell in cells)
        return ()

    @cached_property
    def table(self) -> Table:
        """Raise BadInput where it is none."""
        return read_table(self.data, self.name)
