"""Masks of CUHK Avenue (Lu et al., ICCV 2013): one `.mat` per test video, or their folder.

    20_label.mat: volLabel, 1 × T cell of height × width

Frames count from 0 in the order of the cells; any pixel makes a frame abnormal. The video is
named by the file, `20_label.mat` belongs to `20`.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ml.data.truth.arrays import mat_variables, read_mat
from ml.data.truth.claims import Annotations, Claim, Labels, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source, files_in
from ml.records import BadInput

VARIABLE = "volLabel"


def masks_in(source: Source) -> list[Path]:
    if not source.path.is_dir():
        return [source.path]
    return files_in(source.path, "*.mat")


@register
class Avenue(AnnotationFormat):
    title = "Avenue: volLabel masks"
    reading = Reading(base=0)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        found = masks_in(source)
        return bool(found) and VARIABLE in mat_variables(Source(found[0], found[0].name))

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = []
        for path in masks_in(source):
            labels = _labels(path)
            file_name = path.name if source.path.is_dir() else source.name
            name = re.sub(r"_label$", "", Path(file_name).stem)
            claims.append(Claim(path=name, part="test", labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))


def _labels(path: Path) -> Labels:
    cells = read_mat(path, VARIABLE)
    if cells.dtype != object:
        raise BadInput(f"{path.name}: {VARIABLE} is no cell with a mask per frame")
    return np.array([np.any(cell) for cell in cells.ravel()], np.uint8)
