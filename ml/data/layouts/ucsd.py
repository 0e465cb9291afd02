"""UCSD Ped1 and Ped2 (Mahadevan et al., CVPR 2010), as published or re-encoded as video.

    Train/Train001/*.tif   Test/Test001/*.tif   Test/Test001_gt/*.bmp   Test/UCSDped2.m
    training/01.mp4   testing/01.mp4   gt/UCSDped2.m   gt/*pixel_masks*.npz   gt/*.npy   gt/*.mat

`UCSDped?.m` is the ground truth: line i belongs to test clip i, its ranges count frames from 1
and include their last frame (`61:180` is [60, 180) here). Images were taken at 10 per second.

Where there are other sources they are compared with it, clip by clip: pixel masks (any pixel
makes a frame abnormal), the concatenated 0/1 vector of MNAD, the ranges of ano_pred.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from ml.data.layouts._base import Format, GroundTruth, Listed, register
from ml.data.layouts._compare import compare
from ml.data.layouts._intervals import check_intervals
from ml.data.layouts._labels import (
    Labels,
    cut,
    read_ano_pred,
    read_mask_archive,
    read_mask_images,
    read_vector,
)
from ml.data.layouts._listing import is_inside, list_videos
from ml.data.truth.formats.ucsd import entries_in, read_ranges
from ml.findings import Finding
from ml.normal import NORMAL
from ml.records import BadInput, Interval, frame_labels, natural_key

FPS = 10.0
PLACES = ("Test", "testing", "gt", ".")  # where ground truth lies


@register
class UCSD(Format):
    title = "UCSD Ped1 / Ped2"

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        inner = [path.name for path in folder.glob("UCSDped[12]") if path.is_dir()]
        if inner:
            raise BadInput(f"choose one dataset inside this folder: {' or '.join(sorted(inner))}")
        return bool(_files(folder, "UCSDped*.m"))

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        return [
            replace(video, fps=FPS, label=NORMAL if video.part == "train" else "")
            for video in listed
            if not video.name.endswith("_gt") and not video.name.startswith("gt/")
        ], findings

    def ground_truth(self, videos: list[Listed], n_frames: Mapping[str, int]) -> GroundTruth:
        tested = {_number(video.name): video.name for video in videos if video.part == "test"}
        clips = dict(sorted(tested.items()))  # a vector goes through them by number
        official = _files(self.folder, "UCSDped*.m")[0]
        claims, findings = _read_official(official, clips)
        intervals, faults = check_intervals(
            claims, source=official.name, names=set(clips.values()), n_frames=n_frames
        )
        labels = {
            clip: frame_labels(intervals.get(clip, ()), n_frames[clip])
            for clip in clips.values()
            if clip in n_frames
        }
        compared = _compare_all(self.folder, official.name, clips, labels)
        return GroundTruth(
            source=official.name,
            intervals=intervals,
            findings=(*findings, *_twins(videos, clips), *faults, *compared),
        )


def _files(folder: Path, pattern: str) -> list[Path]:
    found = (path for place in PLACES for path in sorted((folder / place).glob(pattern)))
    return [path for path in found if path.is_file() and is_inside(folder, path)]


def _number(name: str) -> int:
    """12 for `testing/12` and `Test/Test012`; -1 where there is none."""
    digits = re.search(r"(\d+)$", name)
    return int(digits.group(1)) if digits else -1


def _twins(videos: list[Listed], clips: Mapping[int, str]) -> Iterator[Finding]:
    """Test clips whose number another one has, too: only that one is annotated."""
    for video in videos:
        other = clips.get(_number(video.name), video.name)
        if video.part == "test" and other != video.name:
            text = f"{other} has the same number, so this clip counts as normal throughout"
            yield Finding(level="error", subject=video.name, text=text)


def _read_official(
    path: Path, clips: Mapping[int, str]
) -> tuple[dict[str, tuple[Interval, ...]], list[Finding]]:
    entries = entries_in(path.read_text("latin-1"), path.name)
    claims, findings = {}, []
    for number, entry in enumerate(entries, start=1):
        name = clips.get(number, f"test clip {number}")
        try:
            claims[name] = read_ranges(entry)
        except BadInput as error:
            findings.append(Finding(level="error", subject=name, text=f"{path.name}: {error}"))
    findings += [
        Finding(
            level="error",
            subject=name,
            text=f"{path.name} has no entry for this test clip, so it counts as normal throughout",
        )
        for number, name in sorted(clips.items())
        if not 1 <= number <= len(entries)
    ]
    return claims, findings


def _compare_all(
    folder: Path, official: str, clips: Mapping[int, str], labels: Mapping[str, Labels]
) -> Iterator[Finding]:
    """Clips that were rejected are in `clips` alone."""
    readers = {
        "frame_labels*.npy": _vector,
        "*pixel_masks*.npz": _mask_archive,
        "*.mat": _ano_pred,
    }
    for pattern, read in readers.items():
        for path in _files(folder, pattern):
            try:
                yield from compare(path.name, read(path, clips, labels), official, labels)
            except BadInput as error:
                yield Finding(level="error", subject=path.name, text=str(error))
    try:
        masks = _mask_folders(folder, labels)
    except BadInput as error:
        yield Finding(level="error", subject="pixel masks", text=str(error))
    else:
        yield from compare("pixel masks", masks, official, labels)


def _vector(
    path: Path, clips: Mapping[int, str], labels: Mapping[str, Labels]
) -> dict[str, Labels]:
    rejected = set(clips.values()) - set(labels)
    if rejected:
        names = ", ".join(sorted(rejected, key=natural_key))
        raise BadInput(f"it cannot be compared: the frame count of {names} is unknown")
    return cut(read_vector(path), {name: len(of_clip) for name, of_clip in labels.items()})


def _mask_archive(
    path: Path, clips: Mapping[int, str], labels: Mapping[str, Labels]
) -> dict[str, Labels]:
    masks = {_number(key): of_clip for key, of_clip in read_mask_archive(path)}
    strangers = sorted(set(masks) - set(clips))
    if strangers:
        raise BadInput(f"it has masks for clips that do not exist: {strangers}")
    return {clips[number]: of_clip for number, of_clip in masks.items()}


def _mask_folders(folder: Path, labels: Mapping[str, Labels]) -> dict[str, Labels]:
    folders = {name: folder / f"{name}_gt" for name in labels}
    return {name: read_mask_images(path) for name, path in folders.items() if path.is_dir()}


def _ano_pred(
    path: Path, clips: Mapping[int, str], labels: Mapping[str, Labels]
) -> dict[str, Labels]:
    ranges = read_ano_pred(path)
    if len(ranges) != len(clips):
        raise BadInput(f"it has {len(ranges)} entries where {len(clips)} test clips are expected")
    by_name = {name: ranges[number - 1] for number, name in clips.items()}
    return {name: frame_labels(by_name[name], len(of_clip)) for name, of_clip in labels.items()}
