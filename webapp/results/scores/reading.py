"""The one way to read scores: stored arrays, or what a virtual run's recipe makes of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import QuerySet
from django.db.models.functions import Length

from ml.records import Layout, Scores
from ml.scores.fusion import Place, Recipe, keeps_layout
from ml.scores.sources import ScoredPart, Source, Sources
from webapp.datasets.models import Video
from webapp.results.models import ScoreSet, ValidationScores, VideoScores
from webapp.runs.models import Run

TABLES: dict[ScoredPart, type[VideoScores | ValidationScores]] = {
    "test": VideoScores,
    "validation": ValidationScores,
}
MAX_LISTED_RUNS = 50


def read_scores(score_set: ScoreSet, video_ids: Iterable[str] | None = None) -> dict[str, Scores]:
    """Scores by video id, of the wanted videos that have some, or of all.

    `score_set.run` should come joined.
    """
    return _read(score_set, "test", video_ids)


def read_validation(
    score_set: ScoreSet, video_ids: Iterable[str] | None = None
) -> dict[str, Scores]:
    """Scores by id of the validation videos that are wanted, or of all; empty where there are none.

    Those of a virtual run follow its recipe, each member calibrated as its test scores are, as
    long as every member has some. `score_set.run` should come joined.
    """
    return _read(score_set, "validation", video_ids)


def read_sources(
    score_sets: Iterable[ScoreSet],
    parts: Iterable[ScoredPart] = ("test",),
    wanted: set[str] | None = None,
) -> dict[str, Source]:
    """By run id, what is stored of these scores and of all that their recipes name.

    Of the `wanted` videos or of all; a calibration by validation goes by all in any case. The
    runs of `score_sets` should come joined.
    """
    needed = _Needed(wanted)
    for score_set in score_sets:
        for part in parts:
            needed.add(score_set, part, is_whole=wanted is None)
    return needed.read()


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


def scored_videos(score_set: ScoreSet, part: ScoredPart = "test") -> list[VideoScored]:
    """All videos with scores, by name. `score_set.run` should come joined."""
    if score_set.run.kind == Run.Kind.VIRTUAL:
        return _describe(score_set, _places(score_set, part))
    rows = TABLES[part].objects.filter(score_set=score_set)
    found = rows.values_list("video", "first_frame", "frames_per_value")
    return _describe(score_set, {pk: (first_frame, width) for pk, first_frame, width in found})


def _places(score_set: ScoreSet, part: ScoredPart) -> dict[str, Place]:
    """Of what a recipe makes. Values are read of those videos alone where they decide it."""
    recipe = Recipe.from_json(score_set.run.recipe)
    members = score_sets_of(recipe).values()
    if any(member.run.kind == Run.Kind.VIRTUAL for member in members):
        return _sources(score_set, part, None).places(score_set.run_id, part)
    layouts = _layouts(members, part)
    shared = {pk: found for pk, found in layouts.items() if len(found) == len(members)}
    kept = {pk: found[0][:2] for pk, found in shared.items() if keeps_layout(recipe, found)}
    others = shared.keys() - kept.keys()
    if not others:
        return kept
    return kept | _sources(score_set, part, others).places(score_set.run_id, part)


def _layouts(score_sets: Iterable[ScoreSet], part: ScoredPart) -> dict[str, list[Layout]]:
    """By video id, those of all these sets that hold scores of it."""
    rows = TABLES[part].objects.filter(score_set__in=[each.pk for each in score_sets])
    found: dict[str, list[Layout]] = {}
    for pk, first_frame, width, n_bytes, is_double in rows.annotate(
        n_bytes=Length("values")
    ).values_list("video", "first_frame", "frames_per_value", "n_bytes", "is_double"):
        layout = (first_frame, width, n_bytes // (8 if is_double else 4))
        found.setdefault(pk, []).append(layout)
    return found


def _describe(score_set: ScoreSet, places: Mapping[str, Place]) -> list[VideoScored]:
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


def score_sets_of(recipe: Recipe) -> Mapping[str, ScoreSet]:
    """By run id, those of the recipe's members that are scored."""
    runs = [member.run for member in recipe.members]
    found = ScoreSet.objects.filter(run__in=runs).select_related("run")
    return {score_set.run_id: score_set for score_set in found}


def _read(
    score_set: ScoreSet, part: ScoredPart, video_ids: Iterable[str] | None
) -> dict[str, Scores]:
    wanted = None if video_ids is None else set(video_ids)
    if score_set.run.kind != Run.Kind.VIRTUAL:
        return _stored(score_set, part, wanted)
    found = _sources(score_set, part, wanted).scores(score_set.run_id, part)
    return {pk: each for pk, each in found.items() if wanted is None or pk in wanted}


def _sources(score_set: ScoreSet, part: ScoredPart, wanted: set[str] | None) -> Sources:
    by_run = read_sources([score_set], [part], wanted)
    videos = Video.objects.filter(pk__in=videos_of(by_run.values()))
    return Sources(by_run, dict(videos.values_list("pk", "n_frames")))


def videos_of(sources: Iterable[Source]) -> set[str]:
    """Ids of all videos that any of them holds scores of."""
    return {pk for each in sources for pk in (*each.test, *each.validation)}


class _Needed:
    """What is to be read for some scores: followed down all recipes, each run once."""

    def __init__(self, wanted: set[str] | None) -> None:
        self._wanted = wanted
        self._score_sets: dict[str, ScoreSet] = {}
        self._recipes: dict[str, Recipe] = {}
        self._parts: dict[tuple[str, ScoredPart], bool] = {}  # whether of all videos

    def add(self, score_set: ScoreSet, part: ScoredPart, *, is_whole: bool) -> None:
        run = score_set.run
        if self._parts.get((run.pk, part)) in (True, is_whole):
            return
        self._parts[run.pk, part] = is_whole
        self._score_sets[run.pk] = score_set
        if run.kind == Run.Kind.VIRTUAL:
            self._recipes[run.pk] = Recipe.from_json(run.recipe)
            self._add_members(self._recipes[run.pk], part, is_whole=is_whole)

    def _add_members(self, recipe: Recipe, part: ScoredPart, *, is_whole: bool) -> None:
        score_sets = score_sets_of(recipe)
        for member in recipe.members:
            self.add(score_sets[member.run], part, is_whole=is_whole)
            if member.calibration == "validation":
                self.add(score_sets[member.run], "validation", is_whole=True)

    def read(self) -> dict[str, Source]:
        return {
            run: Source(
                test=self._stored(run, "test"),
                validation=self._stored(run, "validation"),
                recipe=self._recipes.get(run),
                lowest=score_set.lowest,
                highest=score_set.highest,
            )
            for run, score_set in self._score_sets.items()
        }

    def _stored(self, run: str, part: ScoredPart) -> dict[str, Scores]:
        is_whole = self._parts.get((run, part))
        if is_whole is None or run in self._recipes:
            return {}
        return _stored(self._score_sets[run], part, None if is_whole else self._wanted)


def _stored(score_set: ScoreSet, part: ScoredPart, wanted: set[str] | None) -> dict[str, Scores]:
    rows = TABLES[part].objects.filter(score_set=score_set)
    if wanted is not None:
        rows = rows.filter(video__in=wanted)
    return {row.video_id: row.scores for row in rows}


def score_sets_on(video: Video, runs: QuerySet[Run]) -> QuerySet[ScoreSet]:
    """Those of `runs` that have scores of the video."""
    found: QuerySet[ScoreSet] = ScoreSet.objects.on_video(video).filter(run__in=runs)
    return found.select_related("run__method", "run__annotation_set")
