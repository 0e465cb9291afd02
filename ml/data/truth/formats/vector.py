"""One vector of 0 and 1 through all test videos, without a word on where each ends.

A `.npy`, or an `.npz` with one array. Frame 0 of the first video comes first; which videos in
which order, and what became of the frames after the last whole segment of each, is found by
laying it against the videos.
"""

from __future__ import annotations

from ml.data.truth.arrays import (
    as_labels,
    is_npy,
    is_npz,
    is_vector,
    read_npy,
    read_npz,
    shapes_in,
)
from ml.data.truth.claims import Annotations, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source


@register
class Vector(AnnotationFormat):
    title = "one vector of labels through all videos"
    reading = Reading(base=0)
    is_general = True

    @classmethod
    def recognises(cls, source: Source) -> bool:
        if is_npy(source):
            return True
        shapes = shapes_in(source.path) if is_npz(source) else {}
        return len(shapes) == 1 and all(map(is_vector, shapes.values()))

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        if is_npy(source):
            values = read_npy(source.path)
        else:
            [(_key, values)] = read_npz(source.path)
        return Annotations(vector=as_labels(values, source.name))
