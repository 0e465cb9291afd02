"""Which clip a name means, and in which order clips come where nothing names them.

One rule for ground truth, splits, scores, leaks and lists. A name with a folder means that
folder and never falls on a namesake elsewhere; a name without one is taken only where it is
one clip's alone. Endings of videos, case, Windows paths and both ways to write accents do not
count, unless they are what tells two clips apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ml.findings import shortened
from ml.records import Part, natural_key

# By what the decoder can open: `ml.data.video.containers` has the formats, tests one file of each.
VIDEO_ENDINGS = frozenset(
    {
        ".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3gpp", ".3g2", ".3gp2", ".f4v", ".mj2", ".insv",
        ".mkv", ".mk3d", ".webm", ".avi", ".divx", ".xvid", ".asf", ".wmv", ".dvr-ms", ".flv",
        ".ts", ".mts", ".m2ts", ".m2t", ".trp", ".tp", ".tod",
        ".mpg", ".mpeg", ".mpe", ".vob", ".vro", ".m2p", ".mod",
        ".mpv", ".m1v", ".m2v", ".mxf", ".ogv", ".ogm", ".wtv", ".dav", ".dv", ".rm", ".rmvb",
        ".h264", ".264", ".avc", ".h265", ".265", ".hevc", ".mjpeg", ".mjpg", ".ivf", ".y4m",
    }
)  # fmt: skip
PART_FOLDERS: dict[str, Part] = {
    "train": "train", "training": "train", "training_videos": "train",
    "val": "validation", "valid": "validation", "validation": "validation",
    "test": "test", "testing": "test", "testing_videos": "test",
}  # fmt: skip
NO_SUCH_CLIP = "there is no such clip"
ODD = re.compile(r"(^|/)\.?(/|$)")  # empty parts of a path, and those that mean "here"
NUMBERED = "№"  # before a number that is a whole name
NUMBER = re.compile(r"(train|test)?0*(\d{1,1000})", re.IGNORECASE)  # Python counts no further
ItemT = TypeVar("ItemT")
Path = tuple[str, ...]
Form = Callable[[str], Path]


def without_ending(name: str) -> str:
    """Names may hold dots, as those of XD-Violence do: only endings of videos are taken off."""
    stem, dot, ending = name.rpartition(".")
    return stem if stem and f"{dot}{ending}".lower() in VIDEO_ENDINGS else name


def ending_of(name: str) -> str:
    """That of a video, with its dot; empty where there is none."""
    return name[len(without_ending(name)) :]


def part_of(folder: str) -> Part | None:
    """The part that a folder is named after."""
    return PART_FOLDERS.get(folder.lower())


def split_path(path: str) -> tuple[str, str]:
    """Folder and name, the ending of a video taken off. Windows paths are understood."""
    folder, _slash, name = _slashed(path).rpartition("/")
    return folder, without_ending(name)


def in_order(names: Iterable[str]) -> list[str]:
    """As files that name no clips go through them: by id, in whatever folders they lie.

    The id is the last part of a name, 2 before 10 and `Test002` after `01`. Where clips share
    one, folders come first.
    """
    listed = sorted(names, key=natural_key)
    ids = {name: _numbered(name)[-1] for name in listed}
    if len(set(ids.values())) < len(listed):
        return listed
    return sorted(listed, key=lambda name: natural_key(ids[name].removeprefix(NUMBERED)))


def order_in_words(names: Sequence[str]) -> str:
    """For people: `01, 02, 03, …, 21 (21 clips)`."""
    shown = names if len(names) <= 5 else [*names[:3], "…", names[-1]]
    n_clips = f"{len(names):,} clips" if len(names) != 1 else "1 clip"
    return f"{', '.join(shown)} ({n_clips})"


@dataclass(frozen=True)
class Match(Generic[ItemT]):
    """What a name may mean. It means `item` where there is one; `others` are namesakes."""

    item: ItemT | None
    others: tuple[ItemT, ...] = ()


class NameIndex(Generic[ItemT]):
    """Clips by name. `part` of a clip, where it is known, must not contradict a folder's."""

    def __init__(
        self,
        items: Iterable[ItemT],
        *,
        name: Callable[[ItemT], str],
        part: Callable[[ItemT], str] = lambda item: "",
    ) -> None:
        self._part = part
        self._name = name
        known = list(items)
        self._items = [(_slashed(name(item)), item) for item in known]
        # Ways to write accents and folders are one, unless they tell two clips apart.
        alike = Counter(path for path, _item in self._items)
        self._by_name = {path: item for path, item in self._items if alike[path] == 1}
        self._by_name |= {name(item): item for item in reversed(known)}
        self._by_last: dict[Form, dict[str, list[tuple[Path, ItemT]]]] = {}

    def find(self, path: str, *, part: str = "") -> ItemT | None:
        """The one clip that `path` means; `part` is what else is known of it."""
        return self.match(path, part=part).item

    def match(self, path: str, *, part: str = "") -> Match[ItemT]:
        given = _slashed(path)
        exact = self._by_name.get(path, self._by_name.get(given))
        if exact is not None and self._agrees(exact, part):
            return Match(exact)
        for form in FORMS:
            wanted = form(given)
            wanted_part = part or (_part_of_number(given) if form is _numbered else "")
            namesakes = self._ending(form).get(wanted[-1], [])
            found = [
                item for path, item in namesakes if self._means(wanted, path, item, wanted_part)
            ]
            if len(found) == 1:
                return Match(found[0])
            if found:
                return Match(None, tuple(found))
        return Match(None)

    def namesakes(self, path: str) -> list[str]:
        """Names of clips that are called so, in whatever folders: for a sentence about it."""
        found = self._ending(_folded).get(_folded(_slashed(path))[-1], [])
        return in_order(self._name(item) for _path, item in found)

    def why_not(self, path: str, *, part: str = "") -> str:
        """Why `path` is no clip's name, for whoever wrote it."""
        match = self.match(path, part=part)
        if match.others:
            names = in_order(self._name(item) for item in match.others)
            return f"it may be any of {shortened(names)}: name the folder, too"
        if elsewhere := self.namesakes(path):
            return f"no clip lies there; of that name there is {shortened(elsewhere)}"
        return NO_SUCH_CLIP

    def _ending(self, form: Form) -> dict[str, list[tuple[Path, ItemT]]]:
        """Clips by the last part of their names in this form, made when it is first needed."""
        if form not in self._by_last:
            by_last: dict[str, list[tuple[Path, ItemT]]] = defaultdict(list)
            for name, item in self._items:
                path = form(name)
                by_last[path[-1]].append((path, item))
            self._by_last[form] = by_last
        return self._by_last[form]

    def _means(self, wanted: Path, path: Path, item: ItemT, part: str) -> bool:
        """Whether one path is the end of the other, and nothing said of parts contradicts."""
        n_shared = min(len(wanted), len(path))
        if wanted[-n_shared:] != path[-n_shared:]:
            return False
        named_part = next(
            (part_of(folder) for folder in wanted[:-n_shared] if part_of(folder)), None
        )
        return self._agrees(item, part) and self._agrees(item, named_part or "")

    def _agrees(self, item: ItemT, part: str) -> bool:
        known = self._part(item) or _part_in(self._name(item))
        return not part or not known or part == known


def _slashed(path: str) -> str:
    """One way to write folders and accents."""
    text = unicodedata.normalize("NFC", path.strip()).replace("\\", "/")
    if not ODD.search(text):
        return text
    return "/".join(each for each in text.split("/") if each not in ("", ".")) or text


def _as_written(path: str) -> Path:
    *folders, name = path.split("/")
    return (*(part_of(folder) or folder for folder in folders), name)


def _bare(path: str) -> Path:
    *folders, name = _as_written(path)
    return (*folders, without_ending(name))


def _folded(path: str) -> Path:
    return tuple(each.casefold() for each in _bare(path))


def _numbered(path: str) -> Path:
    """`20`, `020` and `Test020` are one number; ids with other signs in them keep theirs."""
    *folders, name = _folded(path)
    match = NUMBER.fullmatch(name)
    return (*folders, f"{NUMBERED}{int(match[2])}" if match else name)


def _part_of_number(path: str) -> str:
    """`Test001` is a test clip."""
    match = NUMBER.fullmatch(_folded(path)[-1])
    return (match[1] or "") if match else ""


FORMS: tuple[Form, ...] = (_as_written, _bare, _folded, _numbered)


def _part_in(path: str) -> str:
    """Train, validation or test, where a folder of the path is called so."""
    folders = _slashed(path).split("/")[:-1]
    return next((part for folder in folders if (part := part_of(folder))), "")


def repeated(names: Iterable[str]) -> list[str]:
    """Names that stand more than once, each told once."""
    return [name for name, count in Counter(names).items() if count > 1]
