"""What numbers are made of, as it is stored, and how scores come to lie beside ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ml.clock import Clock
from ml.evaluation.frames import Floats, ScoredVideo, scored_video
from ml.normal import NORMAL, kind_of
from ml.records import Interval, Scores
from ml.scores.sources import Source, Sources


@dataclass(frozen=True, kw_only=True)
class VideoTruth:
    """Ground truth of one video.

    `times` (n_frames,) float64 are the seconds of its frames, empty where they are not known;
    `fps` is 0 where no rate is.
    """

    video_id: str
    n_frames: int
    label: str = ""
    intervals: tuple[Interval, ...] = ()
    fps: float = 0.0
    times: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def is_known(self) -> bool:
        """Not where its label says that something is abnormal, and nobody has marked where."""
        return bool(self.intervals) or self.label in ("", NORMAL)

    def beside(self, scores: Scores) -> ScoredVideo:
        """Events without a name are of the kind that the video's label names."""
        kind = kind_of(self.label)
        intervals = [
            Interval(
                start_frame=each.start_frame, end_frame=each.end_frame, label=each.label or kind
            )
            for each in self.intervals
        ]
        clock = Clock.known(self.times, self.n_frames, self.fps)
        return scored_video(self.video_id, scores, intervals, self.n_frames, clock)


@dataclass(frozen=True, kw_only=True)
class Material:
    """The scores of `runs`, which are judged together, and the truth of all their videos.

    `sources` by run id hold those that recipes name, too. `truths` come in the order in which
    videos are told. Without `has_validation` no validation videos decide anything.
    """

    runs: tuple[str, ...]
    sources: Mapping[str, Source]
    truths: Sequence[VideoTruth]
    has_validation: bool = False
    is_pooled: bool = False

    def scored(self) -> tuple[list[ScoredVideo], list[ScoredVideo]]:
        """All test videos with scores, and the validation videos whose frames are known to be
        normal or abnormal. Folds that are pooled come by id of the videos.
        """
        lengths = {truth.video_id: truth.n_frames for truth in self.truths}
        sources = Sources(self.sources, lengths)
        tested = [video for run in self.runs for video in _beside(self.truths, sources.scores(run))]
        if self.is_pooled:
            tested.sort(key=lambda video: video.video_id)
        return tested, self._held_out(sources) if self.has_validation else []

    def _held_out(self, sources: Sources) -> list[ScoredVideo]:
        known = [truth for truth in self.truths if truth.is_known]
        return [
            video
            for run in self.runs
            for video in _beside(known, sources.scores(run, "validation"))
        ]


def _beside(truths: Sequence[VideoTruth], scores: Mapping[str, Scores]) -> list[ScoredVideo]:
    return [truth.beside(scores[truth.video_id]) for truth in truths if truth.video_id in scores]
