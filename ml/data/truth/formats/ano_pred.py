"""Frame ranges of the code of Liu et al. (CVPR 2018): a `.mat` with the variable `gt`.

    gt: 1 × clips cell, each 2 × events: starts above ends

Frames count from 1 and the end is still abnormal; clips have no names, only their order.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ml.data.truth.arrays import mat_variables, read_mat
from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.records import BadInput, Interval


@register
class AnoPred(AnnotationFormat):
    title = "ano_pred: gt with two rows of frames per clip"
    reading = Reading(base=1, end="inclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return "gt" in mat_variables(source)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        cells = read_mat(source.path, "gt").ravel()
        if cells.dtype != object:
            raise BadInput(
                f"{source.name}: gt is an array of numbers and no cell with the frames of each "
                "clip; labels of all frames are read from .npy"
            )
        claims = (
            Claim(position=number, intervals=_ranges(cell, reading))
            for number, cell in enumerate(cells)
        )
        return Annotations(claims=tuple(claims))


def _ranges(cell: Any, reading: Reading) -> tuple[Interval, ...]:
    try:
        numbers = np.asarray(cell, float)
        if not np.isfinite(numbers).all():
            raise ValueError
        starts, ends = numbers.astype(int).reshape(2, -1)
    except (ValueError, TypeError) as error:
        raise BadInput("gt does not have two rows of frames per clip") from error
    return tuple(
        reading.interval(int(start), int(end)) for start, end in zip(starts, ends, strict=True)
    )
