"""A CSV file whose one column is called `video-id`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ml.splits.lists._base import Entry, ListFormat, register
from ml.splits.lists.names import Names

HEADER = "video-id"


@register
class VideoIds(ListFormat):
    title = "a column called video-id"

    @classmethod
    def recognises(cls, lines: Sequence[str]) -> bool:
        return lines[0] == HEADER and len(lines) > 1 and Names.recognises(lines[1:])

    @classmethod
    def entries(cls, lines: Sequence[str]) -> Iterator[Entry]:
        return Names.entries(lines[1:])
