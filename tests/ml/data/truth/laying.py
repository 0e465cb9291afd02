"""Ground truth laid against videos, as tests say it: a list of them, and perhaps an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml.data.truth import alignment
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.rows import Alignment
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.records import Interval


def align(
    annotations: Annotations,
    videos: Sequence[KnownVideo],
    *,
    order: Sequence[str] = (),
    **more: Any,
) -> Alignment:
    return alignment.align(annotations, VideoSet(videos, order), **more)


def interval(start: int, end: int, label: str = "") -> Interval:
    return Interval(start_frame=start, end_frame=end, label=label)


def video(name: str, n_frames: int = 100, **facts: Any) -> KnownVideo:
    return KnownVideo(name=name, n_frames=n_frames, **{"part": "test"} | facts)


def of(*claims: Claim, **facts: Any) -> Annotations:
    return Annotations(claims=claims, **facts)
