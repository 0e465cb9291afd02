"""What the video page shows: the runs that scored the video, its events, its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.http import urlencode

from webapp.datasets.models import AnnotationSet, Interval, Video
from webapp.datasets.seconds import span_of
from webapp.results.figures.charts import style_of
from webapp.results.models import (
    ERRORS,
    PICTURES,
    SEGMENTS,
    Evaluation,
    Explanation,
    ScoreSet,
)
from webapp.results.protocols.presets import RAW
from webapp.results.scores.explaining import why_not
from webapp.results.scores.explanations import explanations_on, facts_of, sanity_of
from webapp.results.scores.reading import MAX_LISTED_RUNS, score_sets_on
from webapp.runs.models import Run

N_KEYS = 9  # the first runs of the list have a key each


@dataclass(frozen=True, kw_only=True)
class ListedRun:
    """A run in the list beside the player."""

    run: Run
    auroc: float | None  # on this video alone
    lowest: float | None  # of all its scores
    highest: float | None
    key: int | None
    is_shown: bool

    @property
    def hue(self) -> int:
        return style_of(self.run.pk)[0]

    @property
    def dash(self) -> int:
        return style_of(self.run.pk)[1]


@dataclass(frozen=True, kw_only=True)
class Event:
    """An interval of the ground truth, as numbers for people and as places on the strip."""

    label: str
    start_frame: int
    last_frame: int  # still abnormal
    n_frames: int
    start_seconds: float | None  # on the file's own clock; None where that is not known
    seconds: float | None
    left: str  # per cent of the video's length
    width: str


class VideoPage:
    """The video and scores of `runs`, those that the viewer may see. The first wanted leads."""

    def __init__(self, video: Video, runs: QuerySet[Run], wanted: Sequence[str]) -> None:
        self.video = video
        self._runs = runs
        self.wanted = wanted

    @cached_property
    def score_sets(self) -> list[ScoreSet]:
        """Newest run first, the wanted ones among them."""
        found = score_sets_on(self.video, self._runs)
        newest = list(found.order_by("-run_id")[:MAX_LISTED_RUNS])
        listed = {score_set.run_id for score_set in newest}
        older = [run_id for run_id in self.wanted if run_id not in listed]
        return newest + (list(found.filter(run__in=older)) if older else [])

    @cached_property
    def shown(self) -> list[str]:
        """Ids of the runs to draw: the wanted ones, else the newest."""
        listed = [score_set.run_id for score_set in self.score_sets]
        wanted = [run_id for run_id in dict.fromkeys(self.wanted) if run_id in listed]
        return wanted or listed[:1]

    @property
    def score_sets_shown(self) -> list[ScoreSet]:
        """The score sets of the shown runs, in their order."""
        by_run = {score_set.run_id: score_set for score_set in self.score_sets}
        return [by_run[run_id] for run_id in self.shown]

    @cached_property
    def runs(self) -> list[ListedRun]:
        aurocs = self._aurocs()
        return [
            ListedRun(
                run=score_set.run,
                auroc=aurocs.get(score_set.pk),
                lowest=score_set.lowest,
                highest=score_set.highest,
                key=number if number <= N_KEYS else None,
                is_shown=score_set.run_id in self.shown,
            )
            for number, score_set in enumerate(self.score_sets, start=1)
        ]

    @cached_property
    def explanations(self) -> list[Explanation]:
        """Of this video, all that its runs have."""
        return explanations_on(self.video, self.score_sets, kinds=[*PICTURES, SEGMENTS])

    @property
    def maps(self) -> dict[str, dict[str, Any]]:
        """What can be laid over the picture, by key, each with its run and what it is called."""
        names = {each.run_id: each.run.name for each in self.score_sets}
        return {
            each.key: facts_of(each)
            | {"run": each.run_id, "name": _name(each, names[each.run_id])}
            | {"sanity": sanity_of(each)}
            for each in self.explanations
            if each.kind in PICTURES
        }

    @property
    def may_be_explained(self) -> bool:
        """Whether one of its runs reads features or clips here."""
        return any(not why_not(each.run) for each in self.score_sets)

    @property
    def layers(self) -> list[str]:
        """Names of layers worth asking, of the methods of its runs."""
        methods = (each.run.method for each in self.score_sets)
        return sorted({layer for method in methods if method for layer in method.layers})

    @cached_property
    def annotation_set(self) -> AnnotationSet | None:
        """The version that the run in front was evaluated with, else the newest."""
        for score_set in self.score_sets:
            if score_set.run_id == self.shown[0]:
                return score_set.run.annotation_set
        return self.video.dataset.ground_truth

    @cached_property
    def events(self) -> list[Event]:
        return [
            _event(interval, self.video)
            for interval in intervals_on(self.video, self.annotation_set)
        ]

    @property
    def previous(self) -> Video | None:
        """By name, among the ready videos of the dataset."""
        return self._siblings().filter(name__lt=self.video.name).order_by("-name").first()

    @property
    def next(self) -> Video | None:
        return self._siblings().filter(name__gt=self.video.name).order_by("name").first()

    @property
    def query(self) -> str:
        """The runs that are shown, as they stand in an address."""
        return urlencode({"run": self.shown}, doseq=True)

    @property
    def unscored_run(self) -> Run | None:
        """The newest run on the dataset, when none has scored the video."""
        runs = self._runs.filter(dataset=self.video.dataset_id)
        return runs.select_related("current_job").order_by("-id").first()

    def _siblings(self) -> QuerySet[Video]:
        siblings: QuerySet[Video] = Video.objects.ready().filter(dataset=self.video.dataset_id)
        return siblings.only("id", "name")

    def _aurocs(self) -> dict[str, float | None]:
        """By score set, under the raw protocol."""
        evaluations = Evaluation.objects.filter(
            score_set__in=self.score_sets, protocol__slug=RAW.slug
        )
        return {
            evaluation.score_set_id: entry["auroc"]
            for evaluation in evaluations.only("score_set_id", "per_video").order_by("created_at")
            for entry in evaluation.per_video
            if entry["video_id"] == self.video.pk
        }


def _name(explanation: Explanation, run: str) -> str:
    """Of a run that has several maps each is told apart."""
    if explanation.kind == ERRORS:
        return run
    first, _dash, end = explanation.target.partition("-")
    frames = f" {first}–{int(end) - 1}" if end else ""
    layer = f" · {explanation.layer}" if explanation.layer else ""
    return f"{run} · Grad-CAM{frames}{layer}"


def intervals_on(video: Video, annotation_set: AnnotationSet | None) -> list[Interval]:
    return list(Interval.objects.filter(video=video, annotation_set=annotation_set))


def _event(interval: Interval, video: Video) -> Event:
    end_frame = min(interval.end_frame, video.n_frames)
    n_frames = end_frame - interval.start_frame
    return Event(
        label=interval.label,
        start_frame=interval.start_frame,
        last_frame=end_frame - 1,
        n_frames=n_frames,
        **span_of(video.clock, interval.start_frame, end_frame)._asdict(),
        left=f"{100 * interval.start_frame / video.n_frames:.4f}",
        width=f"{100 * n_frames / video.n_frames:.4f}",
    )
