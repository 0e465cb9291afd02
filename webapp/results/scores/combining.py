"""Rules by which papers combine the scores of several runs, to be taken as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


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
