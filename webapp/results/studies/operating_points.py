"""The operating-point explorer: what thresholds, hold times and merging do to a run's alarms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation import ScoredVideo
from ml.evaluation.events import EXPLORED, number, raw_timeline, summary_of, sweep_of
from webapp.datasets.models import Video
from webapp.datasets.seconds import span_of
from webapp.results.models import ScoreOverview, ScoreSet
from webapp.results.protocols.current_evaluations import headline_evaluations
from webapp.results.scores.evaluation_keys import evaluations_key
from webapp.results.scores.with_ground_truth import labelled_scores

# Half of the thresholds that are tried at most where nobody has swept before: so few that a page
# with a million frames comes in 0.3 s.
N_COARSE = 20


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the address asks for; without a threshold, the run's leading one."""

    threshold: float | None = None
    hold_seconds: float = float(EXPLORED.hold)
    merge_seconds: float = float(EXPLORED.merge_gap)
    iou: float = EXPLORED.iou


@dataclass(frozen=True, kw_only=True)
class FoundEvent:
    """A run of abnormal frames; delays are None where it was missed, seconds without a clock."""

    video: Video
    start_frame: int
    end_frame: int
    start_seconds: float | None
    seconds: float | None
    labels: list[str]
    delay_frames: int | None
    delay_seconds: float | None

    @property
    def is_found(self) -> bool:
        return self.delay_frames is not None


@dataclass(frozen=True, kw_only=True)
class FalseAlarms:
    """Those of one video; `first_frame` is where the first starts."""

    video: Video
    n: int
    per_hour: float | None
    first_frame: int


class Explorer:
    """All numbers of one run under one wish; scores are read once and nothing is stored.

    One threshold is drawn at each request. What all others would do was found by the job that
    evaluated the run where the rule is the usual one, and is found again, coarser, for others.
    """

    def __init__(self, score_set: ScoreSet, wish: Wish) -> None:
        """`score_set.run` comes joined."""
        self.score_set = score_set
        self.run = score_set.run
        self.wish = wish
        self.choice = self._choice()
        self.threshold = float(self.choice["threshold"])

    @cached_property
    def known_thresholds(self) -> list[dict[str, Any]]:
        """Those of the default protocol, the leading one first."""
        evaluation = headline_evaluations([self.run]).get(self.run.pk)
        return evaluation.thresholds if evaluation else []

    def _choice(self) -> dict[str, Any]:
        """The threshold with the rule and the data by which it was chosen.

        One that somebody types is chosen while looking at the test data.
        """
        wanted = self.wish.threshold
        if wanted is None and self.known_thresholds:
            return self.known_thresholds[0]
        if wanted is None:
            tried = self.curve["thresholds"]
            middle = tried[len(tried) // 2] if tried else 0.0
            return {"threshold": middle, "rule": "middle", "selected_on": "test"}
        for each in self.known_thresholds:
            if each["threshold"] == wanted:
                return each
        return {"threshold": wanted, "rule": "chosen_here", "selected_on": "test"}

    @property
    def is_threshold_of_test(self) -> bool:
        return bool(self.choice["selected_on"] == "test")

    @property
    def is_selected_on_test(self) -> bool:
        """The threshold, or the checkpoint that was scored."""
        return self.is_threshold_of_test or self.run.is_selected_on_test

    @cached_property
    def scored(self) -> list[ScoredVideo]:
        return labelled_scores(self.score_set, self.run.annotation_set)

    @cached_property
    def line(self) -> metrics.Timeline:
        return raw_timeline(self.scored)

    @cached_property
    def rule(self) -> metrics.AlarmRule:
        return metrics.AlarmRule(
            merge_gap=self.wish.merge_seconds,
            hold=self.wish.hold_seconds,
            iou=self.wish.iou,
            in_seconds=True,
        )

    @cached_property
    def found(self) -> metrics.Detection:
        return metrics.detect(self.line, self.threshold, self.rule)

    @cached_property
    def summary(self) -> dict[str, Any]:
        return summary_of(self.found)

    @cached_property
    def curve(self) -> dict[str, list[float | None]]:
        """Numbers over thresholds, which rise; null where undefined."""
        overview = self._overview if self.rule == EXPLORED else None
        return overview.sweep if overview else sweep_of(self.line, self.rule, N_COARSE)

    @property
    def _overview(self) -> ScoreOverview | None:
        return ScoreOverview.objects.filter(**evaluations_key(self.score_set)).first()

    @cached_property
    def videos(self) -> list[Video]:
        """Those of `scored`, in their order."""
        found = Video.objects.without_times().in_bulk([each.video_id for each in self.scored])
        return [found[each.video_id] for each in self.scored]

    @cached_property
    def events(self) -> list[FoundEvent]:
        """In the order of videos and frames."""
        return list(self._events())

    def _events(self) -> Iterator[FoundEvent]:
        frames, seconds = self.found.delays()
        spans = zip(self.line.event_starts, self.line.event_ends, frames, seconds, strict=True)
        for start, end, delay, delay_seconds in spans:
            index, first = divmod(int(start), metrics.SPACE)
            last = int(end) - index * metrics.SPACE
            missed = bool(np.isnan(delay))
            yield FoundEvent(
                video=self.videos[index],
                start_frame=first,
                end_frame=last,
                **span_of(self.scored[index].clock, first, last)._asdict(),
                labels=_labels(self.scored[index], first, last),
                delay_frames=None if missed else int(delay),
                delay_seconds=number(delay_seconds),
            )

    @cached_property
    def false_alarms(self) -> list[FalseAlarms]:
        """Of the videos that have any, the worst first."""
        starts = self.found.alarms.starts[self.found.is_false]
        indices, first, counts = np.unique(
            starts // metrics.SPACE, return_index=True, return_counts=True
        )
        worst = np.argsort(-counts, kind="stable")
        return [self._false_alarms(int(indices[i]), starts[first[i]], counts[i]) for i in worst]

    def _false_alarms(self, index: int, start: np.int64, n: np.int64) -> FalseAlarms:
        hours = self.line.hours[index]
        return FalseAlarms(
            video=self.videos[index],
            n=int(n),
            per_hour=number(n / hours),
            first_frame=int(start % metrics.SPACE),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run.pk,
            "threshold": self.threshold,
            "rule": self.choice["rule"],
            "selected_on": self.choice["selected_on"],
            "selected_on_test": self.is_selected_on_test,
            **{name: value for name, value in asdict(self.wish).items() if name != "threshold"},
            "summary": self.summary,
            "curve": self.curve,
            "events": [_event_json(each) for each in self.events],
            "false_alarms": [_false_json(each) for each in self.false_alarms],
        }


def _labels(video: ScoredVideo, start: int, end: int) -> list[str]:
    named: Sequence[tuple[str, NDArray[np.bool_]]] = list(video.classes.items())
    return [name for name, mask in named if mask[start:end].any()]


def _event_json(event: FoundEvent) -> dict[str, Any]:
    return {
        "video_id": event.video.pk,
        "video_name": event.video.name,
        "start_frame": event.start_frame,
        "end_frame": event.end_frame,
        "start_seconds": event.start_seconds,
        "seconds": event.seconds,
        "labels": event.labels,
        "is_found": event.is_found,
        "delay_frames": event.delay_frames,
        "delay_seconds": event.delay_seconds,
    }


def _false_json(alarms: FalseAlarms) -> dict[str, Any]:
    return {
        "video_id": alarms.video.pk,
        "video_name": alarms.video.name,
        "n_false_alarms": alarms.n,
        "false_alarms_per_hour": alarms.per_hour,
        "first_frame": alarms.first_frame,
    }
