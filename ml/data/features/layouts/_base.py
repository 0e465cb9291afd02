"""What every layout of features gives: which video, part and crop a file is of."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ml.catalogue import Catalogue

RGB, FLOW, AUDIO = "rgb", "flow", "audio"
ADDED = re.compile(r"_(?:i3d|c3d|x264)$", re.IGNORECASE)
OF_FEATURES = re.compile(r"rgb|flow|i3d|c3d|vggish|audio|crop|feature", re.IGNORECASE)
MOST = 0.5  # more files than this share look like the layout that is recognised


@dataclass(frozen=True, kw_only=True)
class Place:
    """`name` is that of a video, with its folders, as far as the layout knows."""

    name: str
    part: str = RGB
    crop: int = 0


class FeatureLayout(ABC):
    """How files map to videos, in `parts` whose numbers are put one after another, and crops.

    `rules` are those of `ml.data.features.lengths` by which the first part's rows may follow from
    the video's frames; `n_rows` is how many there always are, where that is fixed.
    """

    title: ClassVar[str]
    suffix: ClassVar[str] = ".npy"
    parts: ClassVar[tuple[str, ...]] = (RGB, FLOW, AUDIO)
    needed: ClassVar[tuple[str, ...]] = ()  # beside what some video has
    rules: ClassVar[tuple[str, ...]] = ("whole", "padded")
    n_rows: ClassVar[int] = 0
    is_general: ClassVar[bool] = False  # asked when no other fits

    @classmethod
    @abstractmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        """Whether the names of the files below the folder look like this layout."""

    @classmethod
    @abstractmethod
    def place(cls, name: str) -> Place | None:
        """What the file of that name, below the folder, is of; None where nobody can say."""


def names_of_video(name: str, folders: Collection[str] = ()) -> list[str]:
    """What the video may be called whose features are called so: the likeliest first.

    Extractors add endings (`Abuse028_x264_i3d`), and folders may be of features instead of videos:
    `RGBTest` means the test videos, and `Abuse/Abuse001` says the class twice. `folders` are those
    of videos, which mean nothing else.
    """
    found = [name]
    while ADDED.search(found[-1]):
        found.append(ADDED.sub("", found[-1]))
    others = (_of_video(each, folders) for each in found)
    return [*found, *(other for other in others if other not in found)]


def _of_video(name: str, known: Collection[str]) -> str:
    *folders, last = name.split("/")
    kept = [each if each in known else _folder_of_video(each, last) for each in folders]
    return "/".join([*filter(None, kept), last])


def _folder_of_video(folder: str, last: str) -> str:
    """The part that a folder of features tells; nothing where it tells none."""
    if folder.isalpha() and re.match(rf"{folder}[_-]?\d", last):
        return ""
    if not OF_FEATURES.search(folder):
        return folder
    return next((part for part in ("train", "test") if part in folder.lower()), "")


def part_in(name: str) -> str:
    """Flow where one of its folders is called so (`FlowTest`, `all_flows`), else RGB."""
    folders = name.lower().split("/")[:-1]
    return FLOW if any("flow" in folder for folder in folders) else RGB


def mostly(pattern: re.Pattern[str], names: Sequence[str]) -> bool:
    return sum(bool(pattern.search(name)) for name in names) > MOST * len(names)


LAYOUTS: Catalogue[FeatureLayout] = Catalogue("ml.data.features.layouts", "layout of features")
register = LAYOUTS.register
