"""Ground truth laid against videos, as tests say it: a list of them, and perhaps an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml.data.truth import alignment
from ml.data.truth.claims import Annotations
from ml.data.truth.rows import Alignment
from ml.data.truth.videos import KnownVideo, VideoSet


def align(
    annotations: Annotations,
    videos: Sequence[KnownVideo],
    *,
    order: Sequence[str] = (),
    **more: Any,
) -> Alignment:
    return alignment.align(annotations, VideoSet(videos, order), **more)
