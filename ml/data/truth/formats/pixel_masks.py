"""An `.npz` with a mask (frames, height, width) per video, as of UCSD's clips.

Any pixel that is not 0 makes its frame abnormal.
"""

from __future__ import annotations

from ml.data.truth.arrays import any_pixel, is_npz, read_npz, shapes_in
from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source


@register
class PixelMasks(AnnotationFormat):
    title = "npz with a pixel mask per video"
    reading = Reading(base=0)

    @classmethod
    def recognises(cls, source: Source) -> bool:
        shapes = shapes_in(source.path) if is_npz(source) else {}
        return bool(shapes) and all(len(shape) == 3 for shape in shapes.values())

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = []
        for key, mask in read_npz(source.path):
            labels = any_pixel(mask, key)
            claims.append(Claim(path=key, labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))
