"""To which frames rows of features belong, and how sound stands beside the picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ml.data.features.joining import crops_of, n_rows_of
from ml.data.features.layouts import AUDIO
from ml.data.features.pairing import Clock, pair
from ml.extraction._base import Extractor
from ml.records import BadInput, FeaturePart, FeatureRecord, VideoRecord


def record_of(
    extractor: Extractor, video: VideoRecord, path: Path, frames_per_row: int
) -> FeatureRecord:
    """Of the file alone, or of the features that the video has with it, where it is of sound.

    Raise BadInput where their rows do not pair.
    """
    before = video.features
    length = extractor.frames_of_row(video)
    if not extractor.ending or before is None:
        whole = max(1, round(length)) if length else frames_per_row
        return FeatureRecord(path=str(path), frames_per_row=whole, row_length=length)
    if str(path) in before.files:
        return before
    _check(before, video, 0 if length else frames_per_row)
    parts = before.parts or (FeaturePart(paths=(before.path,)),)
    frames = before.row_length or before.frames_per_row
    step = frames / length if length else _by_row(parts, path, frames_per_row)
    return replace(before, parts=(*parts, FeaturePart(paths=(str(path),), step=step)))


def _check(before: FeatureRecord, video: VideoRecord, frames_per_row: int) -> None:
    """Raise BadInput unless the picture's rows begin at 0 and are of so many frames (0: any)."""
    wanted = (frames_per_row, 0.0) if frames_per_row else (before.frames_per_row, before.row_length)
    if before.first_frame or (before.frames_per_row, before.row_length) != wanted:
        of = f"not made of {frames_per_row} frames each, " if frames_per_row else "not made "
        raise BadInput(
            f"{video.name} has features whose rows are {of}from the first frame on: sound is made "
            "for the same rows"
        )


def _by_row(parts: tuple[FeaturePart, ...], path: Path, frames: int) -> float:
    """As rows that were made for the same frames pair. Raise BadInput where there are others."""
    clock = Clock(n_frames=0, fps=0.0, frames=frames)
    n_rows = len(np.load(path, mmap_mode="r"))
    return pair(
        AUDIO, n_rows, n_rows_of(parts, [crops_of(part) for part in parts]), clock, path.name
    )
