"""Lists that are too long for a page: their beginning, and an address that shows all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.http import HttpRequest

Row = TypeVar("Row")
N_SHOWN = 25
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class LongList(Generic[Row]):
    """`shown` of `n` rows; `address` leads to all of them where some are hidden, else it is empty.

    For `_partials/show_all.html`, which stands below the rows of the section `name`.
    """

    name: str
    shown: Sequence[Row]
    n: int
    address: str

    @property
    def n_hidden(self) -> int:
        return self.n - len(self.shown)


def long_list(
    request: HttpRequest, name: str, rows: Sequence[Row], most: int = N_SHOWN
) -> LongList[Row]:
    """All `rows` where the request's address says `name=all`, else the first `most`."""
    if request.GET.get(name) == ALL or len(rows) <= most:
        return LongList(name=name, shown=rows, n=len(rows), address="")
    query = request.GET.copy()
    query[name] = ALL
    return LongList(
        name=name, shown=rows[:most], n=len(rows), address=f"?{query.urlencode()}#{name}"
    )
