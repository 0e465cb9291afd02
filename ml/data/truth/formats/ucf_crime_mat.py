"""Annotations of UCF-Crime as MATLAB structs, one `.mat` per test video, or their folder.

    Annotation_file: VideoName, Anno (events × 2), EventName

Frames count from 1 and the end is still abnormal, as the authors' evaluation script has it;
[-1, -1] stands for none. Small integer types are common, and are widened before they overflow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ml.data.truth.arrays import mat_variables, read_mat
from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, pairs, register
from ml.data.truth.formats.avenue import masks_in
from ml.data.truth.source import Source
from ml.normal import canonical_label
from ml.records import BadInput

VARIABLE = "Annotation_file"


@register
class UCFCrimeMat(AnnotationFormat):
    title = "UCF-Crime: Annotation_file structs"
    reading = Reading(base=1, end="inclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        found = masks_in(source)
        return bool(found) and VARIABLE in mat_variables(Source(found[0], found[0].name))

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        return Annotations(claims=tuple(_claim(path, reading) for path in masks_in(source)))


def _claim(path: Path, reading: Reading) -> Claim:
    struct = read_mat(path, VARIABLE)
    try:
        entry = struct.ravel()[0]
        path_in_file = _text(entry["VideoName"])
        label = canonical_label(_text(entry["EventName"]))
        events = np.asarray(entry["Anno"]).astype(int).ravel().tolist()
    except (IndexError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path.name}: {VARIABLE} has no VideoName, EventName and Anno") from error
    return Claim(path=path_in_file, label=label, intervals=pairs(events, reading, label))


def _text(value: Any) -> str:
    return str(np.asarray(value).ravel()[0])
