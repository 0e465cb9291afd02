"""Rules by which papers combine the scores of several runs, to be taken as they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ml.scores.fusion import Recipe
from webapp.accounts.models import Team
from webapp.datasets.models import Split
from webapp.runs.models import Run


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Weight and calibration of every member; `source` says who combined so."""

    title: str | Promise
    source: str | Promise
    weight: float
    calibration: str

    def recipe(self, runs: Iterable[str]) -> dict[str, Any]:
        members = [
            {"run": run, "weight": self.weight, "calibration": self.calibration} for run in runs
        ]
        return {"members": members, "smoothing": "none", "smoothing_frames": 0}


RULES = {
    "mean": Rule(
        title=_("Mean of the scores as they are"),
        source=_(
            "Watanabe et al.: equation 3 for Video Classifier and Bi-LSTM+MIL, and with RTFM in "
            "their table 5"
        ),
        weight=1.0,
        calibration="none",
    ),
}


def plain_means(team: Team, splits: Collection[Split]) -> dict[frozenset[str], Run]:
    """Virtual runs on these splits by the rule “mean”, by the ids of their members."""
    found = Run.objects.filter(team=team, split__in=splits, kind=Run.Kind.VIRTUAL)
    scored = found.scored().select_related("split").order_by("pk")
    recipes = [(run, Recipe.from_json(run.recipe)) for run in scored]
    return {
        frozenset(member.run for member in recipe.members): run
        for run, recipe in recipes
        if is_plain_mean(recipe)
    }


def is_plain_mean(recipe: Recipe) -> bool:
    """Of scores as they are, all of the same weight."""
    weights = {member.weight for member in recipe.members}
    calibrations = {member.calibration for member in recipe.members}
    is_plain = calibrations == {"none"} and recipe.smoothing == "none"
    return is_plain and len(weights) == 1 and len(recipe.members) > 1
