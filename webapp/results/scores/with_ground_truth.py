"""Scores beside the ground truth that they are judged by: what the evaluator takes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ml.evaluation import ScoredVideo
from ml.evaluation.material import Material, VideoTruth
from ml.records import Interval as IntervalRecord
from webapp.datasets.models import AnnotationSet, Interval, Video
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import read_sources, videos_of


def labelled_scores(score_set: ScoreSet, annotation_set: AnnotationSet) -> list[ScoredVideo]:
    """All test videos with scores, by name. `score_set.run` should come joined."""
    return material_of([score_set], annotation_set).scored()[0]


def material_of(
    score_sets: Sequence[ScoreSet],
    annotation_set: AnnotationSet,
    *,
    has_validation: bool = False,
    is_pooled: bool = False,
) -> Material:
    """All that is stored and decides the numbers of these scores. Their runs should come joined."""
    sources = read_sources(score_sets, ("test", "validation") if has_validation else ("test",))
    return Material(
        runs=tuple(each.run_id for each in score_sets),
        sources=sources,
        truths=_truths(annotation_set, videos_of(sources.values())),
        has_validation=has_validation,
        is_pooled=is_pooled,
    )


def _truths(annotation_set: AnnotationSet, video_ids: Collection[str]) -> list[VideoTruth]:
    """By name of the videos."""
    intervals = _intervals(annotation_set, video_ids)
    videos = Video.objects.filter(pk__in=video_ids).order_by("name")
    rows: Any = videos.values_list("pk", "n_frames", "label", "fps", "pts_seconds")
    return [
        VideoTruth(
            video_id=pk,
            n_frames=n_frames,
            label=label,
            intervals=tuple(intervals.get(pk, ())),
            fps=fps,
            times=np.frombuffer(pts_seconds, "<f8"),
        )
        for pk, n_frames, label, fps, pts_seconds in rows
    ]


def _intervals(
    annotation_set: AnnotationSet, video_ids: Collection[str]
) -> dict[str, list[IntervalRecord]]:
    found = Interval.objects.filter(annotation_set=annotation_set, video__in=video_ids)
    by_video: dict[str, list[IntervalRecord]] = {}
    for pk, start, end, label in found.values_list("video", "start_frame", "end_frame", "label"):
        record = IntervalRecord(start_frame=start, end_frame=end, label=label)
        by_video.setdefault(pk, []).append(record)
    return by_video
