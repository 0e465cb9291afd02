"""An `.npz` with one array of 0 and 1 per video, under its name.

    Abuse028_x264 -> (1408,)    one label per frame from frame 0 on

Arrays in circulation often end with the last whole segment of 16 frames.
"""

from __future__ import annotations

from ml.data.truth.arrays import as_labels, is_npz, is_vector, read_npz, shapes_in
from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source


@register
class LabelArrays(AnnotationFormat):
    title = "npz with an array of labels per video"
    reading = Reading(base=0)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        shapes = shapes_in(source.path) if is_npz(source) else {}
        return len(shapes) > 1 and all(map(is_vector, shapes.values()))

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = []
        for key, values in read_npz(source.path):
            labels = as_labels(values, key)
            claims.append(Claim(path=key, labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))
