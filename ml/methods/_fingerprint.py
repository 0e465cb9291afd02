"""Whether two trainings learn from the same videos: what a resume compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from ml.records import VideoRecord, hash_of
from ml.supervision import TrainingData


def fingerprint(
    data: TrainingData, train: Sequence[int], validation: Sequence[int], *more: str
) -> str:
    """SHA-256 of which videos are learnt from and validated on, in their order, not of pixels.

    `train` and `validation` count the samples of each video: frames, or rows of features. Paths
    are left out, for a training may go on where the videos lie elsewhere, and so are pixels, for
    decoders may round them differently. `more` are hashes of what else is learnt
    from.
    """
    videos = [_identities(data.train, train), _identities(data.validation, validation)]
    if data.test:
        videos.append(_identities(data.test, [video.n_frames for video in data.test]))
    return hash_of([*videos, *more])


def _identities(videos: Sequence[VideoRecord], counts: Sequence[int]) -> list[list[Any]]:
    return [[*_identity(video), count] for video, count in zip(videos, counts, strict=True)]


def _identity(video: VideoRecord) -> list[Any]:
    """With the ground truth that may be known, where there is some."""
    paths = map(Path, video.features.files if video.features else (video.path,))
    n_bytes = sum(path.stat().st_size for path in paths if path.is_file())
    facts = [video.id, video.kind, n_bytes, video.rotation, video.pixel_low, video.pixel_high]
    intervals = [astuple(interval) for interval in video.intervals]
    regions = [[astuple(region) for region in video.regions]] if video.regions else []
    return [*facts, *([video.label, intervals] if video.label else []), *regions]
