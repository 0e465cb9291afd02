"""Scores beside the ground truth that they are judged by: what the evaluator takes."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import F

from ml.evaluation import ScoredVideo, scored_video
from ml.normal import ABNORMAL
from ml.records import Interval as IntervalRecord
from ml.records import Scores
from webapp.datasets.models import AnnotationSet, Interval, Video, clock_of
from webapp.datasets.models.videos import NOT_ABNORMAL
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import read_scores
from webapp.results.scores.validation import validation_to_judge


def labelled_scores(score_set: ScoreSet, annotation_set: AnnotationSet) -> list[ScoredVideo]:
    """All test videos with scores, by name. `score_set.run` should come joined."""
    return _labelled(read_scores(score_set), annotation_set)


def labelled_validation(score_set: ScoreSet, annotation_set: AnnotationSet) -> list[ScoredVideo]:
    """The validation videos with scores whose frames are known to be normal or abnormal."""
    return _labelled(validation_to_judge(score_set, annotation_set), annotation_set)


def kind_of(label: str) -> str:
    """The kind of anomaly that a video's label names; empty where it only says normal or not."""
    return "" if label in (*NOT_ABNORMAL, ABNORMAL) else label


def _labelled(scores: Mapping[str, Scores], annotation_set: AnnotationSet) -> list[ScoredVideo]:
    intervals: dict[str, list[IntervalRecord]] = {}
    found = Interval.objects.filter(annotation_set=annotation_set, video__in=list(scores))
    for interval in found.annotate(of_video=F("video__label")):
        record = IntervalRecord(
            start_frame=interval.start_frame,
            end_frame=interval.end_frame,
            label=interval.label or kind_of(interval.of_video),
        )
        intervals.setdefault(interval.video_id, []).append(record)
    videos = Video.objects.filter(pk__in=list(scores)).order_by("name")
    return [
        scored_video(pk, scores[pk], intervals.get(pk, []), n_frames, clock_of(pts, n_frames, fps))
        for pk, n_frames, fps, pts in videos.values_list("pk", "n_frames", "fps", "pts_seconds")
    ]
