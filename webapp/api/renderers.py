"""Writes arrays as NumPy files."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import numpy as np
from rest_framework.renderers import BaseRenderer


class NpyRenderer(BaseRenderer):
    media_type = "application/x-npy"
    format = "npy"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        file = BytesIO()
        np.save(file, data, allow_pickle=False)
        return file.getvalue()


class PngRenderer(BaseRenderer):
    """Bytes of an image as they are stored."""

    media_type = "image/png"
    format = "png"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return bytes(data)
