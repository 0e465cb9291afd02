"""Ground truth in the array files that VAD code passes around.

Nothing here trusts a file: no object arrays, no archive that unpacks without end.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import scipy.io
from numpy.typing import NDArray

from ml.data.images import image_files
from ml.data.sequences import read_image
from ml.records import BadInput, Interval

Labels = NDArray[np.uint8]
MAX_ARRAY_BYTES = 1024**3
MAX_MAT_BYTES = 10**6  # such a file holds a few numbers per clip; zlib can hide 1,000 times more


def read_vector(path: Path) -> Labels:
    """(n,) of 0 and 1 from a `.npy` of any shape with one long axis."""
    try:
        vector = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadInput(f"it cannot be read as an array of numbers: {error}") from error
    if vector.size != max(vector.shape, default=0):
        raise BadInput(f"it has shape {vector.shape} where one vector is expected")
    if not np.isin(vector, (0, 1)).all():
        raise BadInput("it has values other than 0 and 1")
    return np.asarray(vector, np.uint8).ravel()


def cut(vector: Labels, n_frames: Mapping[str, int]) -> dict[str, Labels]:
    """A concatenated vector, back into the videos it was made of, in their order."""
    expected = sum(n_frames.values())
    if len(vector) != expected:
        raise BadInput(
            f"it has {len(vector)} labels where {expected} are expected, "
            f"the frames of {len(n_frames)} videos"
        )
    ends = np.cumsum(list(n_frames.values()))[:-1]
    return dict(zip(n_frames, np.split(vector, ends), strict=True))


def read_mask_archive(path: Path) -> Iterator[tuple[str, Labels]]:
    """Key and (T,) labels of each (T, H, W) mask in an `.npz`: any pixel makes a frame abnormal."""
    try:
        with zipfile.ZipFile(path) as archive:
            largest = max((member.file_size for member in archive.infolist()), default=0)
        if largest > MAX_ARRAY_BYTES:
            raise BadInput(f"it would unpack to {largest / 1e9:.1f} GB")
        with np.load(path, allow_pickle=False) as masks:
            for key in masks.files:
                yield key, _any_pixel(masks[key])
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadInput(f"it cannot be read as an archive of arrays: {error}") from error


def read_mask_folder(folder: Path) -> Labels:
    """(T,) labels from a folder with one mask image per frame."""
    images = [np.asarray(read_image(file)) for file in image_files(folder)]
    return np.array([image.any() for image in images], np.uint8)


def read_ano_pred(path: Path) -> list[tuple[Interval, ...]]:
    """The variable `gt`: a cell per clip with rows of starts and ends, 1-based inclusive.

    The layout of the frame-prediction code of Liu et al. (CVPR 2018).
    """
    if path.stat().st_size > MAX_MAT_BYTES:
        raise BadInput("it is too large to hold frame ranges only")
    try:
        cells = scipy.io.loadmat(path, variable_names=["gt"])["gt"].ravel()
        return [_ranges(cell) for cell in cells]
    except (KeyError, ValueError, TypeError, NotImplementedError, OSError) as error:
        raise BadInput("it has no variable `gt` with two rows of frames per clip") from error


def _ranges(cell: NDArray[np.integer]) -> tuple[Interval, ...]:
    starts, ends = np.asarray(cell).astype(int)
    return tuple(
        Interval(start_frame=int(start) - 1, end_frame=int(end))
        for start, end in zip(starts, ends, strict=True)
    )


def _any_pixel(mask: NDArray[np.generic]) -> Labels:
    if mask.ndim != 3:
        raise BadInput(f"a mask has shape {mask.shape} where frames × height × width is expected")
    return (mask != 0).any(axis=(1, 2)).astype(np.uint8)
