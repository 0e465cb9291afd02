"""Which video of a dataset a claim means."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

from ml.data.alignment._records import KnownVideo
from ml.data.annotations._base import Claim
from ml.splits.lists._names import part_of

NUMBER = re.compile(r"(?:.*/)?[A-Za-z]*(\d+)")


class NameIndex:
    """Videos by whole name, by any end of it that is one video's alone, or by a lone number.

    Ids that differ in a leading zero stay two: in ShanghaiTech they are two videos.
    """

    def __init__(self, videos: Iterable[KnownVideo]) -> None:
        self._by_end: dict[str, list[KnownVideo]] = defaultdict(list)
        self._by_number: dict[int, list[KnownVideo]] = defaultdict(list)
        for video in videos:
            for end in _ends(_normal(video.name)):
                self._by_end[end].append(video)
            if match := NUMBER.fullmatch(video.name):
                self._by_number[int(match[1])].append(video)

    def find(self, claim: Claim) -> KnownVideo | None:
        """Looked for with the folder first, then without; `20` also finds `testing_videos/020`.

        A claim on `train/01` is none on `test/01`.
        """
        path = _normal(f"{claim.folder}/{claim.name}" if claim.folder else claim.name)
        said = _part_in(path)
        for end in _ends(path):
            ending = self._by_end.get(end, [])
            found = [video for video in ending if _normal(video.name) == end]
            found = found or [video for video in ending if _agree(said, _part_in(video.name))]
            if len(found) == 1:
                return found[0]
        return self._of_number(claim.name, said)

    def _of_number(self, name: str, said: str | None) -> KnownVideo | None:
        """A name that is a number and nothing else, or `Test001`, is the test clip of it."""
        match = re.fullmatch(r"([Tt]est)?0*(\d+)", name)
        found = self._by_number.get(int(match[2]), []) if match else []
        said = "test" if match and match[1] else said
        found = [video for video in found if _agree(said, video.part or _part_in(video.name))]
        tested = [video for video in found if video.part == "test"] or found
        return tested[0] if len(tested) == 1 else None


def _normal(name: str) -> str:
    """Accented letters are two signs on some systems and one on others."""
    return unicodedata.normalize("NFC", name)


def _part_in(path: str) -> str | None:
    """Train, validation or test, where a folder of the path is called so."""
    parts = (part_of(folder) for folder in path.split("/")[:-1])
    return next((part for part in parts if part), None)


def _agree(one: str | None, other: str | None) -> bool:
    return not one or not other or one == other


def _ends(path: str) -> list[str]:
    """The path, and what is left of it without its first folders: `a/b/c`, `b/c`, `c`."""
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]
