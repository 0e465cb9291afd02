"""Which videos one-class methods learn from, and whether they are the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml.data.samples.frames import FrameStore
from ml.data.video.decode import name_of
from ml.normal import is_normal
from ml.records import BadInput, Manifest, Part, VideoRecord, hash_of


def normal_videos(manifest: Manifest, part: Part) -> tuple[VideoRecord, ...]:
    """The videos of `part` that nothing calls abnormal: what one-class methods learn from.

    Raise BadInput when there are training videos but none of them is normal. Validation may do
    without: thresholds are chosen on abnormal videos.
    """
    videos = manifest.part(part)
    abnormal = {video.id: _why_abnormal(video) for video in videos}
    if part == "train" and videos and all(abnormal.values()):
        raise BadInput(
            f"None of the {len(videos)} {part} videos is normal: the first, {name_of(videos[0])}, "
            f"{abnormal[videos[0].id]}. This method learns from normal videos only"
        )
    return tuple(video for video in videos if not abnormal[video.id])


def _why_abnormal(video: VideoRecord) -> str:
    """Empty for one that is normal, or of which nothing is known."""
    if video.label and not is_normal(video.label):
        return f"is labelled {video.label!r}"
    return "has abnormal frames" if video.intervals else ""


def fingerprint(manifest: Manifest, train: FrameStore, validation: FrameStore | None) -> str:
    """SHA-256 of which videos are learnt from and validated on, in their order, not of pixels.

    Paths are left out, for a training may go on where the videos lie elsewhere, and so are pixels,
    for decoders may round them differently.
    """
    learnt = _identities(normal_videos(manifest, "train"), train.counts)
    watched_counts = validation.counts if validation else ()
    watched = _identities(normal_videos(manifest, "validation"), watched_counts)
    return hash_of([learnt, watched])


def _identities(videos: Sequence[VideoRecord], counts: Sequence[int]) -> list[list[Any]]:
    return [[*_identity(video), count] for video, count in zip(videos, counts, strict=True)]


def _identity(video: VideoRecord) -> list[Any]:
    path = Path(video.path)
    n_bytes = path.stat().st_size if path.is_file() else 0
    return [video.id, video.kind, n_bytes, video.rotation, video.pixel_low, video.pixel_high]
