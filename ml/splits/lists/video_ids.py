"""A CSV file whose one column is called `video-id`, or in another way that says so."""

from __future__ import annotations

from collections.abc import Iterator

from ml.headings import plain
from ml.splits.lists._base import Entry, ListFormat, register
from ml.splits.lists.names import Names
from ml.text_files import TextFile

# Not `video` or `clip` alone, which may be a video's own name.
HEADINGS = {"video_id", "video_name", "videoname", "file_name", "filename"}


@register
class VideoIds(ListFormat):
    title = "a column called video-id"

    @classmethod
    def recognises(cls, file: TextFile) -> bool:
        first, *names = file.lines
        return plain(first) in HEADINGS and bool(names) and all(map(Names.fits, names))

    @classmethod
    def entries(cls, file: TextFile) -> Iterator[Entry]:
        matches = (Names.pattern.fullmatch(line) for line in file.lines[1:])
        return (Names.entry(match) for match in matches if match)
