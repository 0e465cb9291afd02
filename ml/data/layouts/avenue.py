"""CUHK Avenue (Lu et al., ICCV 2013), as published or as folders of frames.

    training_videos/01.avi   testing_videos/01.avi   testing_label_mask/1_label.mat
    Avenue Dataset/testing_videos/01.avi   ground_truth_demo/testing_label_mask/1_label.mat
    training/frames/01/0000.jpg   testing/frames/01/0000.jpg   avenue.mat

The masks are the ground truth: `volLabel` has one per frame, from frame 0 on, and any pixel
makes its frame abnormal. `1_label.mat` belongs to test clip 1. Frames were taken at 25 per
second; the videos carry that rate themselves.

Label files beside them are compared with the masks, clip by clip: the vector through all test
clips that other code evaluates with (it differs from the masks in 15 of 21 clips) and the ranges
of ano_pred. Without masks such a file is the ground truth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ml.data.layouts._base import Format, GroundTruth, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts._published import arrays_beside, folders_called, in_one_form, one_class
from ml.data.layouts._sources import Clips, read_each, read_said, settle
from ml.data.truth.arrays import mat_variables
from ml.data.truth.claims import Annotations
from ml.data.truth.formats import read_annotations
from ml.data.truth.formats.avenue import VARIABLE
from ml.data.truth.source import Source, files_in
from ml.findings import Finding

FPS = 25.0
MASKS = "testing_label_mask"
LABEL_FILE = re.compile(r"(frame_labels_)?avenue.*\.(npy|npz|mat)", re.IGNORECASE)


@register
class AvenueVideos(Format):
    title = "CUHK Avenue"

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return (
            any(map(_is_mask, _masks(folder)[:1]))
            or _has_numbered_clips(folder)
            or any(LABEL_FILE.fullmatch(path.name) for path in arrays_beside(folder))
        )

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        clips, strays = one_class(listed, fps=FPS)
        clips, twins = in_one_form(clips, _number, prefer="file")
        return clips, [*findings, *strays, *twins]

    def ground_truth(self, videos: list[Listed], n_frames: Mapping[str, int]) -> GroundTruth:
        clips = Clips([video for video in videos if video.part == "test"], n_frames)
        masks = _masks(self.folder)
        others = [read_said(path, clips) for path in arrays_beside(self.folder)]
        sources = [read_each(MASKS, masks, _read_mask, clips)] if masks else []
        truth = settle([*sources, *others], clips)
        return truth if masks else _without_masks(truth)


def _masks(folder: Path) -> list[Path]:
    return [path for place in folders_called(folder, MASKS) for path in files_in(place, "*.mat")]


def _is_mask(path: Path) -> bool:
    return VARIABLE in mat_variables(Source(path, path.name))


def _has_numbered_clips(folder: Path) -> bool:
    """Videos called 01 to 21 in the folders of the published archive."""
    places = [list(folders_called(folder, name)) for name in ("training_videos", "testing_videos")]
    stems = [path.stem for found in places for place in found for path in files_in(place, "*.avi")]
    return all(places) and bool(stems) and all(map(str.isdecimal, stems))


def _number(name: str) -> int | str:
    digits = re.search(r"(\d+)$", name)
    return int(digits[1]) if digits else name


def _read_mask(path: Path) -> Annotations:
    return read_annotations(path, format="avenue")


def _without_masks(truth: GroundTruth) -> GroundTruth:
    used = f": {truth.source} is the ground truth" if truth.source else ""
    text = (
        f"there are no masks ({MASKS}/*_label.mat){used}. Other label files of Avenue are known to "
        "differ from its masks in 15 of 21 clips"
    )
    warning = Finding(level="warning", subject=MASKS, text=text)
    return GroundTruth(
        source=truth.source, intervals=truth.intervals, findings=(warning, *truth.findings)
    )
