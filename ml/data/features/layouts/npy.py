"""One .npy file for each video, (rows, numbers) or (rows, crops, numbers), as RTFM's and most are.

A file is named as its video is, or so with `_i3d` or `_c3d` after it (`Abuse028_x264_i3d.npy`).
Rows are whole ones, or the last one is padded.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml.data.features.layouts._base import FeatureLayout, Place, register


@register
class Npy(FeatureLayout):
    title = "one .npy file for each video"
    is_general = True

    @classmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        return any(name.lower().endswith(cls.suffix) for name in names)

    @classmethod
    def place(cls, name: str) -> Place | None:
        return Place(name=name[: -len(cls.suffix)])
