"""Files of ground truth that lie beside clips: which there are, and which clip each is about.

A file about one clip bears its name: `01.csv`, `01_labels.npy`, beside it, in a folder such as
`labels`, or inside its folder of images. Any other file names its clips or goes through all.
A folder of images `01_gt` beside `01` has its masks.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ml.data.annotations import read_annotations
from ml.data.annotations._base import files_in
from ml.data.formats._base import Finding, Listed
from ml.data.formats._sources import Clips, Piece, Said, said_in, unusable
from ml.records import BadInput

# Where several files are about a clip, the first of these kinds is its ground truth.
TABLES = (".csv", ".json", ".xml", ".npy", ".npz", ".mat")
TEXTS = (".txt", ".md")
FOLDERS = ("labels", "label", "annotations", "annotation", "ground_truth", "groundtruth", "gt")
MASKS = "_gt"
ADDED = re.compile(r"[_-](labels?|gt|ground_?truth|annotations?|mask)$", re.IGNORECASE)
MEANT = re.compile(r"label|annot|ground.?truth|anomal|interval|(^|_)gt(_|$)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A file that may be ground truth; `own` is the clip that it is about, if it is one clip's."""

    path: Path
    own: str = ""

    @property
    def is_meant(self) -> bool:
        """Whether somebody will miss it where it cannot be read: notes and licences are not."""
        name = self.path.stem
        return bool(self.own) or self.path.suffix.lower() in TABLES or bool(MEANT.search(name))


def candidates(folder: Path, videos: Sequence[Listed]) -> list[Candidate]:
    """Files of one clip first, otherwise by kind and name."""
    places = dict.fromkeys([*_places(folder, videos)])
    found = [
        Candidate(path=path, own=_own(path, folder, videos))
        for place in places
        for path in files_in(place, "*")
        if path.suffix.lower() in (*TABLES, *TEXTS)
    ]
    return sorted([*found, *_mask_folders(folder, videos)], key=_rank)


def without_masks(videos: Sequence[Listed]) -> list[Listed]:
    """Folders of masks look like clips."""
    masks = {f"{video.name}{MASKS}" for video in videos}
    return [video for video in videos if video.kind == "file" or video.name not in masks]


def _mask_folders(folder: Path, videos: Iterable[Listed]) -> Iterator[Candidate]:
    for video in videos:
        path = folder / f"{video.name}{MASKS}"
        if path.is_dir() and not path.is_symlink():
            yield Candidate(path=path, own=video.name)


def _rank(found: Candidate) -> tuple[bool, int]:
    kinds = (*TABLES, "", *TEXTS)
    suffix = "" if found.path.is_dir() else found.path.suffix.lower()
    return not found.own, kinds.index(suffix)


def sources(found: Iterable[Candidate], clips: Clips) -> tuple[list[Said], list[Finding]]:
    """What they say: files of one kind about one clip each are one source."""
    pieces: dict[str, list[Piece]] = defaultdict(list)
    findings: list[Finding] = []
    for each in found:
        try:
            annotations = read_annotations(each.path)
        except BadInput as error:
            if each.is_meant:
                findings.append(unusable(each.path, error, "error" if each.own else "warning"))
        else:
            ending = MASKS if each.path.is_dir() else each.path.suffix
            source = f"*{ending}" if each.own else each.path.name
            pieces[source].append(Piece(path=each.path, annotations=annotations, own=each.own))
    return [_said(source, of_source, clips) for source, of_source in pieces.items()], findings


def _said(source: str, pieces: Sequence[Piece], clips: Clips) -> Said:
    name = pieces[0].path.name if len(pieces) == 1 else f"{source} of {len(pieces)} clips"
    return said_in(name, pieces, clips)


def _places(folder: Path, videos: Iterable[Listed]) -> Iterator[Path]:
    """The dataset's folder, those in which clips lie, and folders of labels in either."""
    parents = {(folder / video.path).parent for video in videos}
    homes = [folder, *sorted(parents - {folder})]
    for home in homes:
        yield home
        yield from (path for path in sorted(home.iterdir()) if _is_label_folder(path))
    yield from (folder / video.path for video in videos if video.kind == "frames")


def _is_label_folder(path: Path) -> bool:
    return path.name.lower() in FOLDERS and path.is_dir() and not path.is_symlink()


def _own(path: Path, folder: Path, videos: Sequence[Listed]) -> str:
    """Of the clip that lies beside under the same name, or of the only one that is called so."""
    here = path.parent.relative_to(folder).as_posix()
    if inside := next((v.name for v in videos if v.kind == "frames" and v.path == here), ""):
        return inside
    stems = {path.stem, ADDED.sub("", path.stem)}
    called = [video for video in videos if _stem(video) in stems]
    beside = [v for v in called if PurePosixPath(v.path).parent.as_posix() == here]
    counts = Counter(video.part for video in called)
    tested = [video for video in called if video.part == "test"]
    only = tested if counts["test"] == 1 else called
    chosen = beside or (only if path.parent.name.lower() in FOLDERS else [])
    return chosen[0].name if len(chosen) == 1 else ""


def _stem(video: Listed) -> str:
    path = PurePosixPath(video.path)
    return path.name if video.kind == "frames" else path.stem
