"""Arrays of labels against a true frame count."""

from __future__ import annotations

import numpy as np

from ml.data.truth.claims import Labels
from ml.data.truth.spans import Intervals
from ml.data.truth.tails import SEGMENT, tails
from ml.records import Interval, intervals_of


def spread(labels: Labels, n_frames: int) -> tuple[Labels, list[str]]:
    """(n_frames,) labels and the repairs that this took: the last is repeated, or some dropped."""
    if len(labels) == n_frames:
        return labels, []
    if len(labels) > n_frames:
        return labels[:n_frames], ["cut_surplus"]
    last = labels[-1] if len(labels) else 0
    rest = np.full(n_frames - len(labels), last, np.uint8)
    return np.concatenate([labels, rest]), ["repeat_last"]


def rule_of(n_labels: int, n_frames: int) -> str:
    """The name of the habit that turns `n_frames` into `n_labels`; empty where none does."""
    for tail in tails():
        if tail.n_labels(np.array(n_frames)) == n_labels:
            return tail.name
    return ""


def shorter(n_labels: int, n_frames: int) -> str:
    """For counts that no habit gives: `floor16 less 1`, whole segments but for the last ones."""
    n_less = n_frames // SEGMENT - n_labels // SEGMENT
    return f"floor{SEGMENT} less {n_less}"


def is_near(n_labels: int, n_frames: int) -> bool:
    """Close enough to be the same video counted or cut otherwise."""
    return abs(n_labels - n_frames) <= SEGMENT


def intervals_in(labels: Labels, label: str = "") -> Intervals:
    return tuple(
        Interval(start_frame=each.start_frame, end_frame=each.end_frame, label=label)
        for each in intervals_of(labels)
    )
