"""A draft of ground truth as people read it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from webapp.datasets.annotation_imports import needed_repairs, unrepairable

SHOWN_INTERVALS = 6


@dataclass(frozen=True, kw_only=True)
class Row:
    """One video: what the file says of it, and what would be stored."""

    name: str
    n_frames: int
    implied_n_frames: int | None
    rule: str
    claimed: str
    stored: str
    repairs: list[str]  # sentences
    notes: list[dict[str, str]]

    @property
    def is_plain(self) -> bool:
        """It fits as it is and there is nothing to say about it."""
        return not self.repairs and not self.notes


class AlignmentPage:
    """What `ml.data.truth.formats` found, the rows with something to say first."""

    def __init__(self, alignment: dict[str, Any], *, all_rows: bool) -> None:
        self.alignment = alignment
        self.all_rows = all_rows

    @cached_property
    def rows(self) -> list[Row]:
        rows = [_row(entry, self.alignment["repairs"]) for entry in self.alignment["rows"]]
        return sorted(rows, key=lambda row: row.is_plain)

    @cached_property
    def shown(self) -> list[Row]:
        return self.rows if self.all_rows else [row for row in self.rows if not row.is_plain]

    @property
    def n_plain(self) -> int:
        return sum(row.is_plain for row in self.rows)

    @property
    def repairs(self) -> list[tuple[str, dict[str, Any]]]:
        return list(needed_repairs(self.alignment).items())

    @property
    def unrepairable(self) -> list[str]:
        return unrepairable(self.alignment)

    @property
    def n_intervals(self) -> int:
        return sum(len(entry["intervals"]) for entry in self.alignment["rows"])

    @property
    def n_abnormal_frames(self) -> int:
        return sum(
            end - start
            for entry in self.alignment["rows"]
            for start, end, _label in entry["intervals"]
        )


def _row(entry: dict[str, Any], repairs: dict[str, Any]) -> Row:
    return Row(
        name=entry["video"] or entry["claimed_name"],
        n_frames=entry["n_frames"],
        implied_n_frames=entry["implied_n_frames"],
        rule=entry["rule"],
        claimed=_written(entry["claimed"]),
        stored=_written(entry["intervals"]) if entry["video"] else "",
        repairs=[repairs[code]["text"] for code in entry["repairs"]],
        notes=entry["notes"],
    )


def _written(intervals: list[list[Any]]) -> str:
    """As [0, 146) for the frames 0 to 145."""
    texts = [f"[{start}, {end})" for start, end, _label in intervals[:SHOWN_INTERVALS]]
    if len(intervals) > SHOWN_INTERVALS:
        texts.append(f"+ {len(intervals) - SHOWN_INTERVALS}")
    return " ".join(texts)
