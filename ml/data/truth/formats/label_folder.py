"""A folder with one `.npy` per video, as ShanghaiTech's `test_frame_mask` and `test_pixel_mask`.

01_0014.npy -> (265,) uint8             one label per frame from frame 0 on
01_0014.npy -> (265, 480, 856) bool     one mask per frame: any pixel makes it abnormal
"""

from __future__ import annotations

from pathlib import Path

from ml.data.truth.arrays import NPY, any_pixel, as_labels, read_npy
from ml.data.truth.claims import Annotations, Claim, Labels, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source, files_in
from ml.records import BadInput


def arrays_in(folder: Path) -> list[Path]:
    return files_in(folder, "*.npy")


@register
class LabelFolder(AnnotationFormat):
    title = "folder with an array of labels per video"
    reading = Reading(base=0)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        found = arrays_in(source.path) if source.path.is_dir() else []
        return bool(found) and Source(found[0], found[0].name).head.startswith(NPY)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = []
        for path in arrays_in(source.path):
            labels = labels_of(path)
            claims.append(Claim(path=path.stem, labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))


def labels_of(path: Path) -> Labels:
    """(T,) of 0 and 1. Raise BadInput naming the file."""
    try:
        values = read_npy(path)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error}") from error
    if values.ndim == 3:
        return any_pixel(values, path.name)
    return as_labels(values, path.name)
