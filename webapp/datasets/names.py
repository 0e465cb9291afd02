"""Finds the videos that lists and tables mean, who rarely write the whole path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from webapp.datasets.models import Video


class VideoIndex:
    """Videos by whole name, and by any end of it that is one video's alone.

    Ids that differ in a leading zero stay two: in ShanghaiTech they are two videos.
    """

    def __init__(self, videos: Iterable[Video]) -> None:
        self._by_name: dict[str, Video] = {}
        self._by_end: dict[str, set[Video]] = defaultdict(set)
        for video in videos:
            self._by_name[video.name] = video
            for end in _ends(video.name):
                self._by_end[end].add(video)

    def find(self, name: str, folder: str = "") -> Video | None:
        """The video of this name, looked for with its folders first, then without."""
        for end in _ends(f"{folder}/{name}" if folder else name):
            if end in self._by_name:
                return self._by_name[end]
            if len(self._by_end.get(end, ())) == 1:
                return next(iter(self._by_end[end]))
        return None


def _ends(path: str) -> list[str]:
    """The path, and what is left of it without its first folders: `a/b/c`, `b/c`, `c`."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
