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
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts._published import (
    arrays_beside,
    each_about_one,
    folders_called,
    in_one_form,
    one_class,
    sources_beside,
)
from ml.data.truth.arrays import mat_variables
from ml.data.truth.claims import Annotations
from ml.data.truth.formats import read_annotations
from ml.data.truth.formats.avenue import VARIABLE
from ml.data.truth.resolving import Truth, TruthSource
from ml.data.truth.source import Source, files_in
from ml.findings import Finding

FPS = 25.0
MASKS = "testing_label_mask"
LABEL_FILE = re.compile(r"(frame_labels_)?avenue.*\.(npy|npz|mat)", re.IGNORECASE)


@register
class AvenueVideos(DatasetLayout):
    title = "CUHK Avenue"

    def recognises(self) -> bool:
        return (
            any(map(_is_mask, _masks(self.folder)[:1]))
            or _has_numbered_clips(self.folder)
            or any(LABEL_FILE.fullmatch(path.name) for path in arrays_beside(self.folder))
        )

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        clips, strays = one_class(listed, fps=FPS)
        clips, twins = in_one_form(clips, _number, prefer="file")
        return clips, [*findings, *strays, *twins]

    def truth(self, videos: list[Listed]) -> Truth:
        masks, others = _masks(self.folder), sources_beside(self.folder)
        if masks:
            return Truth(sources=(each_about_one(MASKS, masks, _read_mask), *others))
        return Truth(sources=others, findings=(_without_masks(others),))


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


def _read_mask(path: Path, *, options: Mapping[str, Any]) -> Annotations:
    return read_annotations(path, format="avenue")


def _without_masks(others: Sequence[TruthSource]) -> Finding:
    used = f": {others[0].name} is the ground truth" if others else ""
    text = (
        f"there are no masks ({MASKS}/*_label.mat){used}. Other label files of Avenue are known to "
        "differ from its masks in 15 of 21 clips"
    )
    return Finding(level="warning", subject=MASKS, text=text)
