"""The folds of one cross-validation, whose scores may be pooled.

That is done by the job that evaluates the last of them, never while a page is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from django.utils.translation import gettext as _

from ml.evaluation import EVALUATOR_VERSION
from ml.records import hash_of
from webapp.datasets.models import Part, Split, SplitMember, Video
from webapp.results.models import ScoreSet
from webapp.runs.models import Run, RunQuerySet

MAX_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold and the newest scored run on it; None where there is no such run."""

    number: int
    split: Split
    run: Run | None


class CrossValidation:
    """The folds of the split that `run` is on, each with its run of the same configuration."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def of(cls, run: Run) -> Self | None:
        """None without folds. A virtual run is a recipe of its own on each."""
        is_fold = run.split.fold is not None and run.kind != Run.Kind.VIRTUAL
        return cls(run) if is_fold else None

    @cached_property
    def folds(self) -> list[Fold]:
        """By number. The newest of several runs on one fold counts."""
        split = self.run.split
        alike = Split.objects.filter(
            dataset=split.dataset_id, name=split.name, version=split.version, fold__isnull=False
        )
        of_fold: dict[str, Run] = {}
        scored = same_configuration(self.run).filter(seed=self.run.seed, split__in=alike).scored()
        for run in scored.order_by("pk").select_related("score_set"):
            of_fold[run.split_id] = run
        return [
            Fold(number=each.fold or 0, split=each, run=of_fold.get(each.pk))
            for each in alike.order_by("fold")
        ]

    @property
    def runs(self) -> list[Run]:
        return [fold.run for fold in self.folds if fold.run]

    @property
    def missing(self) -> list[int]:
        """Numbers of the folds that nobody has scored."""
        return [fold.number for fold in self.folds if fold.run is None]

    @property
    def is_replaced(self) -> bool:
        """A newer run on its fold counts in its place."""
        return self.run.scored_at is not None and self.run not in self.runs

    @cached_property
    def refusal(self) -> str:
        """Why the scores of the folds cannot be pooled, in a sentence; empty where they can."""
        if self.missing:
            numbers = ", ".join(map(str, self.missing))
            return _("Not pooled: without a scored run are folds %s.") % numbers
        if len({run.annotation_set_id for run in self.runs}) > 1:
            return _("Not pooled: the folds were scored against other ground truth.")
        if twice := self._tested_twice():
            return _("Not pooled: several folds test on %s.") % twice
        return ""

    def _tested_twice(self) -> str:
        tested = SplitMember.objects.filter(
            split__in=[fold.split.pk for fold in self.folds], part=Part.TEST
        )
        counts = Counter(tested.values_list("video_id", flat=True))
        repeated = [pk for pk, n in counts.items() if n > 1]
        names = Video.objects.filter(pk__in=repeated).values_list("name", flat=True)
        shown = ", ".join(names[:MAX_SHOWN])
        return shown + (f" … +{len(repeated) - MAX_SHOWN}" if len(repeated) > MAX_SHOWN else "")

    @property
    def pool_hash(self) -> str:
        return pool_hash(run.score_set.pk for run in self.runs)


def pool_hash(score_sets: Iterable[str]) -> str:
    """Of the ids of the score sets of all folds."""
    return hash_of(sorted(score_sets))


def pooled_key(score_sets: Sequence[ScoreSet]) -> dict[str, Any]:
    """By which the evaluations that this evaluator makes of all folds together are found."""
    return {
        "pool_hash": pool_hash(each.pk for each in score_sets),
        "annotation_set": score_sets[0].run.annotation_set,
        "evaluator_version": EVALUATOR_VERSION,
    }


def same_configuration(run: Run) -> RunQuerySet:
    """Runs of the team that differ at most in their seed, data and name."""
    return Run.objects.filter(
        team=run.team_id,
        kind=run.kind,
        method=run.method_id,
        method_title=run.method_title,
        config=run.config,
        features=run.features,
        selection=run.selection,
        weights=run.weights_id,
        recipe=run.recipe,
    )
