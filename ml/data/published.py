"""The videos of a folder of published features that lies here without them.

    UCF_Train_ten_crop_i3d/Abuse001_x264_i3d.npy     ucf-i3d.list        Anomaly_Train.txt
    UCF_Test_ten_crop_i3d/Abuse028_x264_i3d.npy      ucf-i3d-test.list   Temporal_Anomaly_Annotation….txt
    RGB/Bad.Boys.1995__#00-26-51_00-27-53_label_B2-0-0__0.npy   rgb.list   annotations.txt
    SH_Train_ten_crop_i3d/01_0014_i3d.npy            SH_Train_new.txt    SH_Test_NEW.txt

Files are told apart by the layouts of `ml.data.features.layouts`. Beside them may lie lists and one
file of ground truth, in any format that is known elsewhere.

- A video is of the part that a folder of its file is called after (`UCF_Test_ten_crop_i3d`), else
  of the part of the list that names it. A list is of the part that its own name says, and of
  training where that says none: published lists of test videos say so.
- Its class is in its name (UCF-Crime, XD-Violence), else a list says it.
- Its frames are what a list or the ground truth counts, else 16 for each row of its file, which is
  how far the ground truth that comes with such features goes.
"""  # noqa: E501

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ml.data.features.folder import files_below
from ml.data.features.layouts import FeatureLayout, choose
from ml.data.listed import ListedVideo, Listing
from ml.data.truth.formats import UnknownFormat, read_annotations
from ml.findings import Finding, counted, shortened
from ml.naming import split_path
from ml.records import BadInput, Part
from ml.splits.class_names import label_of_ucf_name, label_of_xd_name
from ml.splits.lists import read_list

FRAMES_PER_ROW = 16
LISTS = ("*.txt", "*.list", "*.csv")
DEPTH = ("", "*/")
ADDED = re.compile(r"_(?:i3d|c3d)$", re.IGNORECASE)
PART = re.compile(r"test|train", re.IGNORECASE)


@dataclass(kw_only=True)
class _Facts:
    """What lists and ground truth say of one video."""

    part: Part | None = None
    label: str = ""
    n_frames: int | None = None


@dataclass(kw_only=True)
class _Texts:
    """All files of text beside the features; `annotation` is the one that says where anomalies are."""  # noqa: E501

    videos: dict[str, _Facts] = field(default_factory=dict)
    annotation: str = ""
    findings: list[Finding] = field(default_factory=list)

    def add(self, name: str, *, part: Part | None, label: str, n_frames: int | None) -> None:
        """The first word about a video counts."""
        facts = self.videos.setdefault(name, _Facts())
        facts.part = facts.part or part
        facts.label = facts.label or label
        facts.n_frames = facts.n_frames or n_frames


def list_folder(folder: Path, normal_labels: Collection[str] = ()) -> Listing:
    """In the order of the files' names, training first. Raise BadInput where no video is found."""
    names = files_below(folder)
    _layout_name, layout = choose(names)
    if layout.suffix != ".npy":
        raise BadInput(
            f"{layout.title}: such files do not tell how long a video is. Register a list of "
            "videos with their numbers of frames instead"
        )
    texts = _read_texts(folder, normal_labels)
    first_files, findings = _first_files(folder, layout, names)
    videos = [
        _video(name, folder / file, texts.videos.get(name, _Facts()))
        for name, file in first_files.items()
    ]
    findings += [*texts.findings, *_doubts(videos, texts, first_files)]
    ordered = sorted(videos, key=lambda video: video.part != "train")
    return Listing(videos=ordered, findings=findings, annotation=texts.annotation)


def _first_files(
    folder: Path, layout: type[FeatureLayout], names: Sequence[str]
) -> tuple[dict[str, str], list[Finding]]:
    """By video, a file that has a row for each of its rows; what has no rows of numbers is told."""
    found: dict[str, str] = {}
    others = []
    for name in names:
        place = layout.place(name) if name.lower().endswith(layout.suffix) else None
        if place is None or place.part != layout.parts[0]:
            continue
        if _shape(folder / name)[1:]:
            found.setdefault(ADDED.sub("", split_path(place.name)[1]), name)
        else:
            others.append(name)
    if not found:
        raise BadInput(f"No file in {folder.name} holds rows of features")
    text = f"not used, for it holds no rows of features: {shortened(others)}"
    return found, [Finding(level="info", subject="files", text=text)] if others else []


def _shape(path: Path) -> tuple[int, ...]:
    """Only the head is read. Empty where the file is no array of numbers."""
    try:
        return tuple(np.load(path, mmap_mode="r", allow_pickle=False).shape)
    except (ValueError, OSError):
        return ()


def _video(name: str, path: Path, facts: _Facts) -> ListedVideo:
    n_rows = _shape(path)[0]
    return ListedVideo(
        name=name,
        n_frames=facts.n_frames or n_rows * FRAMES_PER_ROW,
        label=label_of_ucf_name(name) or label_of_xd_name(name) or facts.label,
        part=_part_in(path.parent.name) or facts.part or "test",
    )


def _part_in(name: str) -> Part | None:
    match = PART.search(name)
    if match is None:
        return None
    return "test" if match[0].lower() == "test" else "train"


def _read_texts(folder: Path, normal_labels: Collection[str]) -> _Texts:
    texts = _Texts()
    for path in _texts_in(folder):
        try:
            _read_text(path, texts, normal_labels)
        except BadInput as error:
            text = f"not used: {error}"
            texts.findings.append(Finding(level="info", subject=path.name, text=text))
        else:
            if path.name == Path(texts.annotation).name:
                texts.annotation = path.relative_to(folder).as_posix()
    return texts


def _texts_in(folder: Path) -> Iterator[Path]:
    """Lists before ground truth would do as well: each has its own word."""
    found = (p for depth in DEPTH for kind in LISTS for p in sorted(folder.glob(depth + kind)))
    return (path for path in dict.fromkeys(found) if path.is_file())


def _read_text(path: Path, texts: _Texts, normal_labels: Collection[str]) -> None:
    options = {"normal_labels": list(normal_labels)}
    try:
        claims = read_annotations(path, options=options).claims
    except UnknownFormat:
        _read_list(path, texts, normal_labels)
        return
    if any(claim.intervals or claim.seconds for claim in claims) and not texts.annotation:
        texts.annotation = path.name
    part = _part_in(path.name) or "test"
    for claim in claims:
        count = claim.n_frames if claim.rate is None else None
        texts.add(claim.name, part=part, label=claim.label, n_frames=count)


def _read_list(path: Path, texts: _Texts, normal_labels: Collection[str]) -> None:
    part = _part_in(path.name) or "train"
    for entry in read_list(path.read_bytes(), path.name, normal_labels).entries:
        texts.add(entry.name, part=entry.part or part, label=entry.label, n_frames=entry.n_frames)


def _doubts(
    videos: Sequence[ListedVideo], texts: _Texts, files: Mapping[str, str]
) -> Iterator[Finding]:
    """What was not said by anybody, and what was said of videos that are not here."""
    uncounted = [each.name for each in videos if not _facts(texts, each).n_frames]
    if uncounted:
        text = f"{counted(len(uncounted), 'video')}: no list says how many frames; 16 for each row"
        yield Finding(level="info", subject="frames", text=f"{text}: {shortened(uncounted)}")
    placed = (
        _part_in(Path(files[each.name]).parent.name) or _facts(texts, each).part for each in videos
    )
    lost = [each.name for each, part in zip(videos, placed, strict=True) if part is None]
    if lost:
        text = "neither a folder nor a list says whether these train or test; they test"
        yield Finding(level="warning", subject="parts", text=f"{text}: {shortened(lost)}")
    unlabelled = [each.name for each in videos if each.part == "train" and not each.label]
    if unlabelled:
        text = f"nothing says whether these are normal or not: {shortened(unlabelled)}"
        yield Finding(level="warning", subject="labels", text=text)
    absent = [name for name in texts.videos if name not in files]
    if absent:
        text = f"{counted(len(absent), 'video')} of the lists without features: {shortened(absent)}"
        yield Finding(level="warning", subject="lists", text=text)


def _facts(texts: _Texts, video: ListedVideo) -> _Facts:
    return texts.videos.get(video.name, _Facts())
