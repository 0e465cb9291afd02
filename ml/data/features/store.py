"""The features of one video, mapped from disk: a long one costs no more memory than a short one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.features.arrays import read_array
from ml.data.features.joining import joined
from ml.records import BadInput, FeatureRecord, Scores, VideoRecord

# Above what floats leave of a quotient that is whole, below what is none for any real video.
ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Features:
    """`rows` (T, K, D) floating point; row i is made of the `frames_per_row` frames from
    `first_frame + i * frames_per_row` on.

    With a `row_length` the first `n_frames` frames belong to rows of so many, not whole ones; 0 of
    them where nobody counted.
    """

    rows: NDArray[np.floating[Any]]
    frames_per_row: int
    first_frame: int = 0
    row_length: float = 0.0
    n_frames: int = 0

    def scores(self, values: NDArray[np.float32]) -> Scores:
        """(T,) scores of the rows as those of their frames."""
        if not self.row_length:
            return Scores(
                values=values, first_frame=self.first_frame, frames_per_value=self.frames_per_row
            )
        n_frames = self.n_frames or int(np.ceil(len(values) * self.row_length - ROUNDING))
        rows = rows_of_frames(n_frames, self.row_length)
        return Scores(values=values[rows[rows < len(values)]])

    def left_over(self, n_rows: int, n_frames: int) -> int:
        """Frames after the last of `n_rows` rows that are too few for one; 0 where more are."""
        if self.row_length:
            rest = n_frames - int(np.ceil(n_rows * self.row_length - ROUNDING))
            return rest if 0 < rest < self.row_length else 0
        rest = n_frames - self.first_frame - n_rows * self.frames_per_row
        return rest if 0 < rest < self.frames_per_row else 0


def rows_of_frames(n_frames: int, row_length: float) -> NDArray[np.int64]:
    """(F,): the row that each frame belongs to, ⌊f / row_length⌋."""
    return np.floor(np.arange(n_frames) / row_length + ROUNDING).astype(np.int64)


def open_features(video: VideoRecord) -> Features:
    """Raise BadInput where the video has none, or none that can be read."""
    record = video.features
    if record is None:
        raise BadInput(f"{video.name} has no features, and this method reads nothing else")
    return Features(
        rows=rows_of(record),
        frames_per_row=record.frames_per_row,
        first_frame=record.first_frame,
        row_length=record.row_length,
        n_frames=video.n_frames,
    )


def rows_of(record: FeatureRecord) -> NDArray[np.floating[Any]]:
    """(T, K, D). Raise BadInput where its files cannot be read, or not be joined."""
    return joined(record.parts) if record.parts else read_array(Path(record.path))
