"""The one way to read scores: stored arrays, or what a virtual run's recipe makes of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ml.fusion import Ingredient, Recipe, fuse
from ml.records import Scores
from webapp.datasets.models import Video
from webapp.results.models import ScoreSet, VideoScores
from webapp.runs.models import Run


def read_scores(score_set: ScoreSet, video_ids: Iterable[str] | None = None) -> dict[str, Scores]:
    """Scores by video id, of the wanted videos that have some, or of all.

    `score_set.run` should come joined.
    """
    wanted = None if video_ids is None else set(video_ids)
    if score_set.run.kind != Run.Kind.VIRTUAL:
        return _stored(score_set, wanted)
    return dict(fused_scores(Recipe.from_json(score_set.run.recipe), wanted))


def fused_scores(recipe: Recipe, wanted: set[str] | None = None) -> Iterator[tuple[str, Scores]]:
    """What `recipe` makes of the videos that all its members have scores for."""
    members = score_sets_of(recipe)
    stored = {pk: read_scores(members[pk], wanted) for pk in members}
    shared = set.intersection(*(set(scores) for scores in stored.values()))
    n_frames = dict(Video.objects.filter(pk__in=shared).values_list("pk", "n_frames"))
    for video_id in sorted(shared):
        ingredients = [
            _ingredient(members[member.run], stored[member.run][video_id])
            for member in recipe.members
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


def _ingredient(score_set: ScoreSet, scores: Scores) -> Ingredient:
    return Ingredient(
        scores=scores, lowest=score_set.lowest or 0.0, highest=score_set.highest or 0.0
    )
