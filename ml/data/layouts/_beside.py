"""Files of ground truth that lie beside clips: which there are, and which clip each is about.

A file about one clip bears its name: `01.csv`, `01_labels.npy`, beside it, in a folder such as
`labels`, or inside its folder of images, where files that bear the names of single images are
none. Any other file names its clips or goes through all. A folder of images `01_gt` beside `01`
has its masks.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ml.data.layouts._base import Listed
from ml.data.truth.formats.mask_images import SUFFIX
from ml.data.truth.resolving import TruthFile, TruthSource
from ml.data.truth.source import files_in
from ml.data.video.images import is_image
from ml.findings import Finding, Level
from ml.records import natural_key

# Where several files are about a clip, the first of these kinds is its ground truth.
TABLES = (".csv", ".tsv", ".json", ".xml", ".eaf", ".boris", ".npy", ".npz", ".mat")
NOT_READ = (".xlsx", ".xls", ".ods", ".pkl")  # whoever brings one is told what it is
TEXTS = (".txt", ".md")
KINDS = frozenset({*TABLES, *NOT_READ, *TEXTS})
FOLDERS = ("labels", "label", "annotations", "annotation", "ground_truth", "groundtruth", "gt")
ADDED = re.compile(r"[_-](labels?|gt|ground_?truth|annotations?|mask)$", re.IGNORECASE)
MEANT = re.compile(r"label|annot|ground.?truth|anomal|interval|(^|_)gt(_|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file that may be ground truth; `own` is the clip that it is about, if it is one clip's."""

    path: Path
    own: str = ""

    @property
    def _is_text(self) -> bool:
        return self.path.suffix.lower() not in (*TABLES, *NOT_READ)

    @property
    def is_meant(self) -> bool:
        """Whether somebody will miss it where it cannot be read: notes and licences are not."""
        name = self.path.stem
        return bool(self.own) or not self._is_text or bool(MEANT.search(name))


def candidates(folder: Path, videos: Sequence[Listed]) -> tuple[list[Candidate], list[Finding]]:
    """Files of one clip first, otherwise by kind and name; and what is none of them."""
    found = [*mask_folders(folder, videos)]
    findings: list[Finding] = []
    clips = {folder / video.path: video.name for video in videos if video.kind == "frames"}
    called = _by_stem(videos)
    for place in dict.fromkeys([*_places(folder, videos), *clips]):
        here, paths = PurePosixPath(place.relative_to(folder)), _files_in(place)
        if clip := clips.get(place, ""):
            of_images = _of_images(place, paths)
            findings += _not_used(clip, of_images)
            left_out = {path for alike in of_images.values() for path in alike}
            paths = [path for path in paths if path not in left_out]
        found += [Candidate(path=path, own=clip or _own(path, here, called)) for path in paths]
    return sorted(found, key=_rank), findings


def _files_in(place: Path) -> list[Path]:
    """Of the KINDS. Most files of a folder may be images, so these are not even looked at."""
    endings = {path.suffix for path in place.iterdir() if path.suffix.lower() in KINDS}
    found = [path for ending in endings for path in files_in(place, f"*{ending}")]
    return sorted(found, key=lambda path: natural_key(path.name))


def without_masks(videos: Sequence[Listed]) -> list[Listed]:
    """Folders of masks look like clips."""
    masks = {f"{video.name}{SUFFIX}" for video in videos}
    return [video for video in videos if video.kind == "file" or video.name not in masks]


def _of_images(place: Path, paths: Iterable[Path]) -> dict[str, list[Path]]:
    """By ending, those that bear the names of single images, as boxes for detectors do.

    One alone may be about all images of the folder.
    """
    images = {path.stem for path in place.iterdir() if is_image(path)}
    named: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        if images & _stems(path):
            named[path.suffix.lower()].append(path)
    return {ending: alike for ending, alike in named.items() if len(alike) > 1}


def _not_used(clip: str, of_images: Mapping[str, Sequence[Path]]) -> Iterator[Finding]:
    for ending, paths in of_images.items():
        text = (
            f"{len(paths):,} *{ending} files beside its frames are about one image each and are "
            f"not used; the first: {paths[0].name}"
        )
        yield Finding(level="warning", subject=clip, text=text)


def mask_folders(folder: Path, videos: Iterable[Listed]) -> Iterator[Candidate]:
    """`Test001_gt` beside `Test001`. Links are not followed."""
    for video in videos:
        path = folder / f"{video.name}{SUFFIX}"
        if path.is_dir() and not path.is_symlink():
            yield Candidate(path=path, own=video.name)


def _rank(found: Candidate) -> tuple[bool, int]:
    kinds = (*TABLES, *NOT_READ, "", *TEXTS)
    suffix = "" if found.path.is_dir() else found.path.suffix.lower()
    return not found.own, kinds.index(suffix)


def sources(folder: Path, found: Sequence[Candidate]) -> tuple[TruthSource, ...]:
    """Files of one kind about one clip each are one source, any other file is its own."""
    namesakes = Counter(each.path.name for each in found if not each.own)
    own: dict[str, list[TruthFile]] = defaultdict(list)
    others: list[TruthSource] = []
    for each in found:
        file = TruthFile(path=each.path, own=each.own, missed=_missed(each))
        if each.own:
            own[SUFFIX if each.path.is_dir() else each.path.suffix].append(file)
        else:
            path = each.path.relative_to(folder).as_posix()
            name = path if namesakes[each.path.name] > 1 else each.path.name
            others.append(TruthSource(name=name, files=(file,)))
    return (*(_source(ending, files) for ending, files in own.items()), *others)


def _missed(candidate: Candidate) -> Level | None:
    if candidate.own:
        return "error"
    return "warning" if candidate.is_meant else None


def _source(ending: str, files: Sequence[TruthFile]) -> TruthSource:
    name = files[0].path.name if len(files) == 1 else f"*{ending} of {len(files)} clips"
    return TruthSource(name=name, files=tuple(files))


def _places(folder: Path, videos: Iterable[Listed]) -> Iterator[Path]:
    """The dataset's folder, those in which clips lie, and folders of labels in either."""
    parents = {(folder / video.path).parent for video in videos}
    homes = [folder, *sorted(parents - {folder})]
    for home in homes:
        yield home
        yield from (path for path in sorted(home.iterdir()) if _is_label_folder(path))


def _is_label_folder(path: Path) -> bool:
    return path.name.lower() in FOLDERS and path.is_dir() and not path.is_symlink()


def _own(path: Path, here: PurePosixPath, videos: Mapping[str, Sequence[Listed]]) -> str:
    """Of the clip that lies beside under the same name, or of the only one that is called so.

    `here` is the folder of `path` below that of the dataset, `videos` are by their stems.
    """
    called = [video for stem in _stems(path) for video in videos.get(stem, ())]
    beside = [video for video in called if PurePosixPath(video.path).parent == here]
    counts = Counter(video.part for video in called)
    tested = [video for video in called if video.part == "test"]
    only = tested if counts["test"] == 1 else called
    chosen = beside or (only if path.parent.name.lower() in FOLDERS else [])
    return chosen[0].name if len(chosen) == 1 else ""


def _by_stem(videos: Iterable[Listed]) -> Mapping[str, Sequence[Listed]]:
    found: dict[str, list[Listed]] = defaultdict(list)
    for video in videos:
        found[_stem(video)].append(video)
    return found


def _stems(path: Path) -> set[str]:
    """What a file may be named after."""
    return {path.stem, ADDED.sub("", path.stem)}


def _stem(video: Listed) -> str:
    path = PurePosixPath(video.path)
    return path.name if video.kind == "frames" else path.stem
