"""The one way to read scores: stored arrays, or what a virtual run's recipe makes of others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from ml.records import Scores
from ml.scores.fusion import Ingredient, Member, Recipe, fuse
from webapp.datasets.models import Video
from webapp.results.models import ScoreSet, ValidationScores, VideoScores
from webapp.runs.models import Run

Reader = Callable[[ScoreSet, set[str] | None], dict[str, Scores]]
Range = tuple[float, float]


def read_scores(score_set: ScoreSet, video_ids: Iterable[str] | None = None) -> dict[str, Scores]:
    """Scores by video id, of the wanted videos that have some, or of all.

    `score_set.run` should come joined.
    """
    wanted = None if video_ids is None else set(video_ids)
    if score_set.run.kind != Run.Kind.VIRTUAL:
        return _stored(score_set, wanted)
    return dict(fused_scores(Recipe.from_json(score_set.run.recipe), wanted))


def read_validation(
    score_set: ScoreSet, video_ids: Iterable[str] | None = None
) -> dict[str, Scores]:
    """Scores by id of the validation videos that are wanted, or of all; empty where there are none.

    Those of a virtual run follow its recipe, each member calibrated as its test scores are, as
    long as every member has some. `score_set.run` should come joined.
    """
    wanted = None if video_ids is None else set(video_ids)
    if score_set.run.kind == Run.Kind.VIRTUAL:
        recipe = Recipe.from_json(score_set.run.recipe)
        return dict(fused_scores(recipe, wanted, read_validation))
    rows = ValidationScores.objects.filter(score_set=score_set)
    if wanted is not None:
        rows = rows.filter(video__in=wanted)
    return {row.video_id: row.scores for row in rows}


def read_scores_on(video: Video, score_sets: Iterable[ScoreSet]) -> dict[str, Scores]:
    """Scores of one video by run id; `score_sets` with their runs joined."""
    by_pk = {score_set.pk: score_set for score_set in score_sets}
    rows = VideoScores.objects.filter(score_set__in=list(by_pk), video=video)
    found = {by_pk[row.score_set_id].run_id: row.scores for row in rows}
    for score_set in by_pk.values():
        if score_set.run.kind == Run.Kind.VIRTUAL:
            for scores in read_scores(score_set, [video.pk]).values():
                found[score_set.run_id] = scores
    return found


@dataclass(frozen=True, kw_only=True)
class VideoScored:
    """Which frames of a video have scores, without the scores."""

    run_id: str
    video: Video
    first_frame: int
    frames_per_value: int


def scored_videos(score_set: ScoreSet) -> list[VideoScored]:
    """All videos with scores, by name. Those of a recipe are computed for it."""
    if score_set.run.kind == Run.Kind.VIRTUAL:
        return describe(score_set, places_of(read_scores(score_set)))
    rows = score_set.videos.values_list("video", "first_frame", "frames_per_value")
    return describe(score_set, {pk: (first_frame, width) for pk, first_frame, width in rows})


def places_of(scores: Mapping[str, Scores]) -> dict[str, tuple[int, int]]:
    """First frame and frames per value, by video id."""
    return {pk: (each.first_frame, each.frames_per_value) for pk, each in scores.items()}


def describe(score_set: ScoreSet, places: Mapping[str, tuple[int, int]]) -> list[VideoScored]:
    """By name of the videos."""
    return [
        VideoScored(
            run_id=score_set.run_id,
            video=video,
            first_frame=places[video.pk][0],
            frames_per_value=places[video.pk][1],
        )
        for video in Video.objects.filter(pk__in=list(places)).without_times()
    ]


def fused_scores(
    recipe: Recipe, wanted: set[str] | None = None, read: Reader = read_scores
) -> Iterator[tuple[str, Scores]]:
    """What `recipe` makes of the videos that all its members have scores for."""
    members = score_sets_of(recipe)
    stored = {pk: read(members[pk], wanted) for pk in members}
    shared = set.intersection(*(set(scores) for scores in stored.values()))
    n_frames = dict(Video.objects.filter(pk__in=shared).values_list("pk", "n_frames"))
    ranges = [_range(members[member.run], member) for member in recipe.members]
    for video_id in sorted(shared):
        ingredients = [
            Ingredient(scores=stored[member.run][video_id], lowest=lowest, highest=highest)
            for member, (lowest, highest) in zip(recipe.members, ranges, strict=True)
        ]
        yield video_id, fuse(recipe, ingredients, n_frames[video_id])


def score_sets_of(recipe: Recipe) -> Mapping[str, ScoreSet]:
    """By run id, those of the recipe's members that are scored."""
    runs = [member.run for member in recipe.members]
    found = ScoreSet.objects.filter(run__in=runs).select_related("run")
    return {score_set.run_id: score_set for score_set in found}


def _stored(score_set: ScoreSet, wanted: set[str] | None) -> dict[str, Scores]:
    rows = VideoScores.objects.filter(score_set=score_set)
    if wanted is not None:
        rows = rows.filter(video__in=wanted)
    return {row.video_id: row.scores for row in rows}


def _range(score_set: ScoreSet, member: Member) -> Range:
    """The lowest and highest score that the member's calibration goes by."""
    if member.calibration == "validation":
        known = [each.extremes for each in read_validation(score_set).values()]
        lows, highs = zip(*filter(None, known), strict=True) if any(known) else ((0.0,), (0.0,))
        return min(lows), max(highs)
    return score_set.lowest or 0.0, score_set.highest or 0.0


MAX_LISTED_RUNS = 50


def score_sets_on(video: Video, runs: QuerySet[Run]) -> QuerySet[ScoreSet]:
    """Those of `runs` that have scores of the video."""
    found: QuerySet[ScoreSet] = ScoreSet.objects.on_video(video).filter(run__in=runs)
    return found.select_related("run__method", "run__annotation_set")
