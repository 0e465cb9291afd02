"""Persons of a whole video as regions, frame by frame: a long one takes no more memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.video.clocks import read_clock
from ml.data.video.decode import decode
from ml.detectors._base import Detector
from ml.detectors.tracking import Piece, Track, Tracker, pieces_of
from ml.records import VideoRecord


@dataclass(frozen=True, kw_only=True)
class Regions:
    """`n_looked_at` frames in which `n_found` boxes were; `pieces` in the order of their frames."""

    pieces: list[Piece]
    n_tracks: int
    n_looked_at: int
    n_found: int


def find_regions(
    detector: Detector, video: VideoRecord, on_frame: Callable[[int], None] = lambda frame: None
) -> Regions:
    """Raise BadInput for a video that cannot be decoded or looked at."""
    tracker, options = Tracker(detector.options), detector.options
    clock = read_clock(video)
    pieces: list[Piece] = []
    n_tracks = n_looked_at = n_found = 0
    size = (1, 1)

    def keep(tracks: Sequence[Track]) -> None:
        nonlocal n_tracks
        n_tracks += len(tracks)
        pieces.extend(piece for track in tracks for piece in pieces_of(track, clock, size, options))

    for number, frame in enumerate(decode(video)):
        if number % options.every:
            continue
        found = detector.detect(np.ascontiguousarray(frame))
        size = (frame.shape[0], frame.shape[1])
        keep(tracker.take(number, found))
        n_looked_at, n_found = n_looked_at + 1, n_found + len(found.boxes)
        on_frame(number)
    keep(tracker.end())
    return Regions(
        pieces=sorted(pieces, key=lambda piece: (piece.start_frame, piece.track)),
        n_tracks=n_tracks, n_looked_at=n_looked_at, n_found=n_found,
    )  # fmt: skip
