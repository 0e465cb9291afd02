"""The gallery by outcome: what a run finds, misses, takes for abnormal and leaves alone.

At an operating point of the explorer. A positive is an event of the ground truth, found or missed;
a false positive is an alarm that touches none; a true negative is a stretch between events that no
alarm touches. Of each kind the surest are shown: those that score highest where there is an alarm,
and lowest where there is none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from django.db import models
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation import ScoredVideo
from ml.normal import ABNORMAL, NORMAL
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.datasets.models import Video
from webapp.jobs.models import Job
from webapp.results.models import ERRORS, PICTURES, Explanation
from webapp.results.scores import explaining
from webapp.results.scores.explanations import explanations_on
from webapp.results.studies.operating_points import Explorer

N_FRAMES = 4  # of each that are shown
MOST_FRAMES = 128  # around the highest score, that these are taken from
N_SHOWN = 6  # of each outcome, unless told
MOST_SHOWN = 24
Frames = tuple[int, int]  # the first, and the one after the last


class Outcome(models.TextChoices):
    TRUE_POSITIVE = "true_positive", _("True positives: events that were found")
    FALSE_NEGATIVE = "false_negative", _("False negatives: events that were missed")
    FALSE_POSITIVE = "false_positive", _("False positives: alarms where there is no event")
    TRUE_NEGATIVE = "true_negative", _("True negatives: nothing there, and no alarm")


ALARMED = (Outcome.TRUE_POSITIVE, Outcome.FALSE_POSITIVE)


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """Frames of a video that came out so; `peak` is the one that scores highest, None if none does.

    `labels` are the classes of an event, or `normal`.
    """

    outcome: Outcome
    video: Video
    start_frame: int
    end_frame: int
    labels: tuple[str, ...]
    peak: int | None
    score: float | None

    @property
    def last_frame(self) -> int:
        return self.end_frame - 1

    @property
    def middle(self) -> int:
        """The frame to look at."""
        return (self.start_frame + self.last_frame) // 2 if self.peak is None else self.peak

    @property
    def window(self) -> Frames:
        """Around that frame, as much as is shown and explained."""
        latest = max(self.start_frame, self.end_frame - MOST_FRAMES)
        first = min(max(self.middle - MOST_FRAMES // 2, self.start_frame), latest)
        return first, min(first + MOST_FRAMES, self.end_frame)

    @property
    def frames(self) -> list[int]:
        """Evenly over the window, the nearest of them exchanged for the one to look at."""
        first, end = self.window
        chosen = np.unique(np.linspace(first, end - 1, N_FRAMES).round().astype(int))
        chosen[np.abs(chosen - self.middle).argmin()] = self.middle
        return [int(frame) for frame in chosen]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A stretch, with what explains its frame, if anything does."""

    stretch: Stretch
    explanation: Explanation | None


@dataclass(frozen=True, kw_only=True)
class Group:
    """The first of the `n` of an outcome."""

    outcome: Outcome
    n: int
    shown: list[Shown]


class Gallery:
    """Of one run at one operating point; of events of one class, or of `normal`, if told."""

    def __init__(self, explorer: Explorer, *, label: str = "", most: int = N_SHOWN) -> None:
        self.explorer = explorer
        self.run = explorer.run
        self.label = label
        self._most = most

    @cached_property
    def _stretches(self) -> list[Stretch]:
        return [*self._events(), *self._false_alarms(), *self._quiet()]

    @cached_property
    def labels(self) -> list[str]:
        """That can be chosen."""
        found = {label for each in self._stretches for label in each.labels}
        return sorted(found, key=lambda label: (label == NORMAL, label))

    @cached_property
    def groups(self) -> list[Group]:
        chosen = {
            outcome: sorted(
                (each for each in self._stretches if each.outcome == outcome and self._fits(each)),
                key=_surest_first,
            )
            for outcome in Outcome
        }
        shown = [each for group in chosen.values() for each in group[: self._most]]
        maps = self._maps({each.video.pk: each.video for each in shown})
        return [
            Group(
                outcome=outcome,
                n=len(group),
                shown=[
                    Shown(stretch=each, explanation=_best(maps.get(each.video.pk, ()), each))
                    for each in group[: self._most]
                ],
            )
            for outcome, group in chosen.items()
        ]

    @cached_property
    def missing(self) -> list[explaining.Part]:
        """What can be explained of what is shown without a map, as much as one job takes."""
        if self.why_not:
            return []
        parts = {
            (each.stretch.video.pk, each.stretch.window): explaining.Part(
                video=each.stretch.video, frames=each.stretch.window
            )
            for group in self.groups
            for each in group.shown
            if each.explanation is None
        }
        return explaining.new_parts(self.run, list(parts.values()))[: explaining.MOST_PARTS]

    @cached_property
    def why_not(self) -> str:
        """Why no maps can be made on demand; empty where they can."""
        return explaining.why_not(self.run)

    def explain_missing(self, *, by: User) -> Job:
        """Submit one job for the maps that are missing. Raise UserError where none can be made."""
        require(by, Permission.RUN_SUBMIT, team=self.run.team)
        if not self.missing and not self.why_not:
            sentence = _("All that is shown is explained, or about to be.")
            raise UserError(str(sentence), code="nothing_missing")
        return explaining.explain_parts(run=self.run, parts=self.missing, by=by)

    def _fits(self, stretch: Stretch) -> bool:
        return not self.label or self.label in stretch.labels

    def _maps(self, videos: dict[str, Video]) -> dict[str, list[Explanation]]:
        return {
            pk: explanations_on(video, [self.explorer.score_set], kinds=PICTURES)
            for pk, video in videos.items()
        }

    def _events(self) -> Iterator[Stretch]:
        scored = {each.video_id: each for each in self.explorer.scored}
        for event in self.explorer.events:
            outcome = Outcome.TRUE_POSITIVE if event.is_found else Outcome.FALSE_NEGATIVE
            span, labels = (event.start_frame, event.end_frame), event.labels or [ABNORMAL]
            yield _stretch(outcome, event.video, scored[event.video.pk], span, labels)

    def _false_alarms(self) -> Iterator[Stretch]:
        for video, scored, alarms, is_false in self._alarms():
            for (start, end), is_one in zip(alarms.tolist(), is_false, strict=True):
                if is_one:
                    span = (start, end)
                    yield _stretch(Outcome.FALSE_POSITIVE, video, scored, span, [NORMAL])

    def _quiet(self) -> Iterator[Stretch]:
        for video, scored, alarms, _is_false in self._alarms():
            for start, end in _runs(scored.labels == 0):
                if not ((alarms[:, 0] < end) & (alarms[:, 1] > start)).any():
                    found = _stretch(Outcome.TRUE_NEGATIVE, video, scored, (start, end), [NORMAL])
                    if found.score is not None:
                        yield found

    def _alarms(
        self,
    ) -> Iterator[tuple[Video, ScoredVideo, NDArray[np.int64], NDArray[np.bool_]]]:
        """Of each video its alarms (A, 2), from the first frame to the one after the last, and
        which of them are false."""
        found, videos = self.explorer.found, self.explorer.videos
        starts, ends = found.alarms.starts, found.alarms.ends
        for number, (video, scored) in enumerate(zip(videos, self.explorer.scored, strict=True)):
            own = found.alarm_videos == number
            spans = np.stack([starts[own], ends[own]], axis=1) - number * metrics.SPACE
            yield video, scored, spans, found.is_false[own]

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run.pk,
            "threshold": self.explorer.threshold,
            "selected_on_test": self.explorer.is_selected_on_test,
            "labels": self.labels,
            "n_missing": len(self.missing),
            "why_not": self.why_not,
            "groups": [
                {
                    "outcome": group.outcome.value,
                    "n": group.n,
                    "shown": [_as_json(each) for each in group.shown],
                }
                for group in self.groups
            ],
        }


def _stretch(
    outcome: Outcome, video: Video, scored: ScoredVideo, span: Frames, labels: Sequence[str]
) -> Stretch:
    scores = scored.scores[span[0] : span[1]]
    is_scored = bool(np.isfinite(scores).any())
    place = int(np.nanargmax(scores)) if is_scored else 0
    return Stretch(
        outcome=outcome, video=video, start_frame=span[0], end_frame=span[1],
        labels=tuple(labels), peak=span[0] + place if is_scored else None,
        score=float(scores[place]) if is_scored else None,
    )  # fmt: skip


def _surest_first(stretch: Stretch) -> tuple[float, str, int]:
    score = -np.inf if stretch.score is None else stretch.score
    is_alarmed = stretch.outcome in ALARMED
    return (-score if is_alarmed else score, stretch.video.name, stretch.start_frame)


def _runs(mask: NDArray[np.bool_]) -> list[Frames]:
    """Where it holds, from the first to the one after the last."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _best(maps: Sequence[Explanation], stretch: Stretch) -> Explanation | None:
    """Of those that have a map of its frame one that explains it; by the layer unless told."""
    fitting = [
        each
        for each in maps
        if 0 <= stretch.middle - each.first_frame < each.n_maps * each.frames_per_map
    ]
    return min(fitting, key=lambda each: (each.kind == ERRORS, each.layer != ""), default=None)


def _as_json(shown: Shown) -> dict[str, Any]:
    stretch, explanation = shown.stretch, shown.explanation
    return {
        "video_id": stretch.video.pk,
        "video_name": stretch.video.name,
        "start_frame": stretch.start_frame,
        "end_frame": stretch.end_frame,
        "labels": list(stretch.labels),
        "peak_frame": stretch.peak,
        "score": stretch.score,
        "frames": stretch.frames,
        "explanation": explanation
        and {name: getattr(explanation, name) for name in ("kind", "target", "layer")},
    }
