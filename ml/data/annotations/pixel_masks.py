"""An `.npz` with a mask (frames, height, width) per video, as of UCSD's clips.

Any pixel that is not 0 makes its frame abnormal.
"""

from __future__ import annotations

from ml.data.annotations._arrays import any_pixel, is_npz, read_npz, shapes_in
from ml.data.annotations._base import (
    AnnotationFormat,
    Annotations,
    Claim,
    Reading,
    Source,
    register,
    split_path,
)


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
            folder, name = split_path(key)
            labels = any_pixel(mask, key)
            claims.append(Claim(name=name, folder=folder, labels=labels, n_frames=len(labels)))
        return Annotations(claims=tuple(claims))
