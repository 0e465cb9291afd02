"""The pictures themselves."""

from __future__ import annotations

from dataclasses import dataclass

from ml.data.clips.modalities._base import Modality, Pictures, register


@dataclass(frozen=True, kw_only=True)
class NoOptions:
    pass


@register
class RGB(Modality):
    title = "RGB"
    Options = NoOptions

    def of(self, pictures: Pictures) -> Pictures:
        return pictures
