"""What the layouts of published datasets share: parts told by folders, one form of each clip."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Literal

from ml.data.layouts._base import Listed
from ml.data.layouts._listing import is_inside
from ml.data.truth.claims import Annotations
from ml.data.truth.resolving import TruthFile, TruthSource
from ml.data.truth.source import files_in
from ml.findings import Finding, counted, shortened
from ml.naming import part_of as part_of_folder
from ml.normal import NORMAL
from ml.records import Part

Form = Literal["file", "frames"]
PLACES = (".", "testing", "test", "gt")  # where files of ground truth lie beside the videos
ARRAYS = ("*.npy", "*.npz", "*.mat")


def one_class(videos: Iterable[Listed], *, fps: float) -> tuple[list[Listed], list[Finding]]:
    """Training and test clips; training is normal, as one-class datasets have it.

    What lies in no folder of a part is left out, with a finding.
    """
    kept: list[Listed] = []
    elsewhere: list[str] = []
    for video in videos:
        part = part_of(video)
        if part is None:
            elsewhere.append(video.name)
        else:
            label = NORMAL if part == "train" else ""
            rate = fps if video.kind == "frames" else None
            kept.append(replace(video, part=part, label=label, fps=rate))
    text = f"left out, for it lies neither in training nor in test: {shortened(elsewhere)}"
    findings = [Finding(level="warning", subject="videos", text=text)] if elsewhere else []
    return kept, findings


def part_of(video: Listed) -> Part | None:
    folders = PurePosixPath(video.path).parts[:-1]
    return next((part for folder in folders if (part := part_of_folder(folder))), None)


def in_one_form(
    videos: Sequence[Listed], number: Callable[[str], Hashable], *, prefer: Form
) -> tuple[list[Listed], list[Finding]]:
    """Of clips that are there as a video and as a folder of frames, the form that is preferred."""
    same: dict[tuple[Part, Hashable], list[Listed]] = defaultdict(list)
    for video in videos:
        same[video.part, number(video.name)].append(video)
    left_out = {
        video.name
        for several in same.values()
        if {video.kind for video in several} == {"file", "frames"}
        for video in several
        if video.kind != prefer
    }
    kept = [video for video in videos if video.name not in left_out]
    return kept, list(_findings_of_forms([v.name for v in videos if v.name in left_out], prefer))


def _findings_of_forms(left_out: Sequence[str], prefer: Form) -> Iterator[Finding]:
    if left_out:
        taken = "the video is" if prefer == "file" else "the frames are"
        text = (
            f"there both as a video and as frames, of which {taken} taken: "
            f"{counted(len(left_out), 'clip')}; left out: {shortened(left_out)}"
        )
        yield Finding(level="info", subject="videos", text=text)


def folders_called(folder: Path, *names: str) -> Iterator[Path]:
    """In the dataset's folder or up to two folders deeper, as archives unpack."""
    for name in names:
        for pattern in (name, f"*/{name}", f"*/*/{name}"):
            found = sorted(path for path in folder.glob(pattern) if path.is_dir())
            yield from (path for path in found if is_inside(folder, path))


def arrays_beside(folder: Path) -> list[Path]:
    """Label files of other code, such as one vector through all test clips."""
    places = [folder / place for place in PLACES if (folder / place).is_dir()]
    return [path for place in places for kind in ARRAYS for path in files_in(place, kind)]


def sources_beside(folder: Path) -> tuple[TruthSource, ...]:
    return tuple(
        TruthSource(name=path.name, files=(TruthFile(path=path, part="test"),))
        for path in arrays_beside(folder)
    )


def each_about_one(
    name: str, paths: Iterable[Path], read: Callable[..., Annotations]
) -> TruthSource:
    """A file for each clip, which bears its name."""
    return TruthSource(
        name=name, files=tuple(TruthFile(path=path, part="test", read=read) for path in paths)
    )
