"""Folders of mask images, one per clip and one image per frame, as UCSD's `Test001_gt`.

The given folder is such a folder itself or holds some. Any pixel that is not black makes its
frame abnormal. A folder `Test001_gt` belongs to the clip `Test001`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ml.data.truth.claims import Annotations, Claim, Labels, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.data.video.images import image_files
from ml.records import natural_key

SUFFIX = "_gt"


def folders_in(folder: Path) -> list[Path]:
    inner = (path for path in folder.iterdir() if path.is_dir() and path.name.endswith(SUFFIX))
    found = [folder] if folder.name.endswith(SUFFIX) else list(inner)
    with_images = (path for path in found if image_files(path))
    return sorted(with_images, key=lambda path: natural_key(path.name))


@register
class MaskImages(AnnotationFormat):
    title = "folders of mask images"
    reading = Reading(base=0)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return source.path.is_dir() and bool(folders_in(source.path))

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = []
        for folder in folders_in(source.path):
            labels = read_mask_images(folder)
            name = folder.name.removesuffix(SUFFIX)
            claims.append(Claim(path=name, labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))


def read_mask_images(folder: Path) -> Labels:
    """(T,) labels from a folder with one mask image per frame."""
    from ml.data.video.sequences import read_image  # loads OpenCV

    return np.array([np.asarray(read_image(file)).any() for file in image_files(folder)], np.uint8)
