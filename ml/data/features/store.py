"""The features of one video, mapped from disk: a long one costs no more memory than a short one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput, Scores, VideoRecord

DTYPES = ("f2", "f4", "f8")


@dataclass(frozen=True, kw_only=True)
class Features:
    """`rows` (T, K, D) floating point; row i is made of the `frames_per_row` frames from
    `first_frame + i * frames_per_row` on.
    """

    rows: NDArray[np.floating[Any]]
    frames_per_row: int
    first_frame: int = 0

    def scores(self, values: NDArray[np.float32]) -> Scores:
        """(T,) scores of the rows as those of their frames."""
        return Scores(
            values=values, first_frame=self.first_frame, frames_per_value=self.frames_per_row
        )


def open_features(video: VideoRecord) -> Features:
    """Raise BadInput where the video has none, or none that can be read."""
    if video.features is None:
        raise BadInput(f"{video.name} has no features, and this method reads nothing else")
    return Features(
        rows=read_array(Path(video.features.path)),
        frames_per_row=video.features.frames_per_row,
        first_frame=video.features.first_frame,
    )


def read_array(path: Path) -> NDArray[np.floating[Any]]:
    """(T, K, D), mapped from an .npy file of (T, D) or (T, K, D). Raise BadInput."""
    try:
        # Copied where somebody writes, which no one does: torch warns of what it cannot write to.
        array = np.load(path, mmap_mode="c", allow_pickle=False)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or error}") from error
    except (ValueError, EOFError) as error:
        raise BadInput(f"{path.name} is no array of numbers: {error}") from error
    if not isinstance(array, np.ndarray):
        raise BadInput(f"{path.name} holds several arrays where one of features is expected")
    return _checked(array, path.name)


def _checked(array: NDArray[Any], name: str) -> NDArray[np.floating[Any]]:
    if array.dtype.kind != "f" or array.dtype.str[1:] not in DTYPES:
        raise BadInput(f"{name} holds {array.dtype}, where features are floating-point numbers")
    if array.ndim not in (2, 3):
        raise BadInput(
            f"{name} has the shape {array.shape}: rows × numbers are expected, or rows × crops × "
            "numbers"
        )
    if 0 in array.shape:
        raise BadInput(f"{name} has the shape {array.shape}: there is nothing in it")
    return array[:, np.newaxis] if array.ndim == 2 else array
