"""Ground truth in the array files that lie beside videos, as `ml.data.truth.formats` reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from ml.data.truth.arrays import any_pixel, as_labels, read_npy, read_npz
from ml.data.truth.claims import Labels
from ml.data.truth.formats import read_annotations
from ml.data.truth.formats.mask_images import read_mask_images
from ml.records import BadInput, Interval

__all__ = [
    "Labels", "cut", "read_ano_pred", "read_mask_archive", "read_mask_images", "read_vector",
]  # fmt: skip


def read_vector(path: Path) -> Labels:
    """(n,) of 0 and 1 from a `.npy` of any shape with one long axis."""
    return as_labels(read_npy(path), "it")


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
    for key, mask in read_npz(path):
        yield key, any_pixel(mask, "a mask")


def read_ano_pred(path: Path) -> list[tuple[Interval, ...]]:
    """Of each clip in its order. Raise BadInput where the file is none of ano_pred's."""
    return [claim.intervals or () for claim in read_annotations(path, format="ano_pred").claims]
