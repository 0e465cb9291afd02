"""A folder with one `.npy` of labels per video, as ShanghaiTech's `test_frame_mask`.

01_0014.npy -> (265,) uint8    one label per frame from frame 0 on
"""

from __future__ import annotations

from pathlib import Path

from ml.data.annotations._arrays import NPY, as_labels, read_npy
from ml.data.annotations._base import (
    AnnotationFormat,
    Annotations,
    Claim,
    Labels,
    Reading,
    Source,
    files_in,
    register,
)
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
            labels = _labels(path)
            claims.append(Claim(name=path.stem, labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))


def _labels(path: Path) -> Labels:
    try:
        values = read_npy(path)
    except BadInput as error:
        raise BadInput(f"{path.name}: {error}") from error
    return as_labels(values, path.name)
