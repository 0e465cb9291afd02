"""The same scores under every protocol and under a grid of conventions: what a rule is worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ml.evaluation import METRICS, Metric, Settings
from ml.evaluation.sensitivity import Variant
from webapp.results.models import Evaluation, Protocol, ScoreOverview, ScoreSet
from webapp.results.protocols.choice import offered_protocols
from webapp.results.scores.evaluation_keys import evaluations_key

Source = Literal["preset", "team", "grid"]
# Numbers that answer the question of the headline, how well frames are told apart, on its scale.
FRAME_AUROCS = ("auroc", "macro_auroc", "abnormal_auroc")
# Who prints the leading number of a preset; the others name nobody.
PAPERS = {
    "frame-raw": "UCF-Crime, ShanghaiTech: Sultani 2018, RTFM 2021, UR-DMU 2023",
    "frame-per-video": "Ped2, Avenue: MNAD 2020 and others after Liu 2018",
    "frame-macro": "AED-SSMTL 2021, beside the pooled number",
    "frame-macro-padded": "Avenue: SSPCAB 2022",
    "frame-scored-only": "ano_pred 2018, MemAE 2019: first frames have no score",
    "clip-level": "TS-3DCNN, over the folds of a cross-validation",
}
ALONGSIDE = {
    "abnormal_auroc": "AR-Net 2020",
    "average_precision": "average precision as scikit-learn defines it",
    "pr_auc": "XD-Violence: HL-Net 2020 and RTFM 2021 print it as AP",
}
LIU_2018 = "Ped2, Avenue: Liu 2018 (ano_pred)"


@dataclass(frozen=True, kw_only=True)
class Row:
    """A number and its rule. `difference` is to the headline, where both are of one kind."""

    source: Source
    title: str
    metric_name: str
    value: float | None
    interval: list[float] | None
    difference: float | None
    papers: str
    protocol: str = ""
    version: int | None = None

    @property
    def metric(self) -> Metric:
        return METRICS[self.metric_name]

    @property
    def is_of_frames(self) -> bool:
        return self.metric_name in FRAME_AUROCS


class Sensitivity:
    """Numbers that are there; those that are not are made by a job, once somebody asks for it."""

    def __init__(self, score_set: ScoreSet) -> None:
        """`score_set.run` comes joined with its team."""
        self.score_set = score_set
        self.protocols = offered_protocols(score_set.run.team)

    @cached_property
    def evaluations(self) -> list[Evaluation]:
        """Under what is offered, in that order, where there are any."""
        key = evaluations_key(self.score_set)
        rows = Evaluation.objects.filter(**key, protocol__in=self.protocols)
        found = {each.protocol_id: each for each in rows.select_related("protocol")}
        return [found[each.pk] for each in self.protocols if each.pk in found]

    @cached_property
    def grid(self) -> list[Variant] | None:
        overview = ScoreOverview.objects.filter(**evaluations_key(self.score_set)).first()
        return [Variant(**each) for each in overview.grid] if overview else None

    @property
    def missing(self) -> list[Protocol]:
        """Protocols without numbers."""
        found = {each.protocol_id for each in self.evaluations}
        return [protocol for protocol in self.protocols if protocol.pk not in found]

    @property
    def default(self) -> Evaluation | None:
        """Under the default protocol, which is offered first."""
        first = self.evaluations[:1]
        return first[0] if first and first[0].protocol_id == self.protocols[0].pk else None

    @property
    def headline(self) -> float | None:
        """Of the default protocol."""
        value: float | None = self.default.metrics["auroc"] if self.default else None
        return value

    @cached_property
    def rows(self) -> list[Row]:
        """The best first; numbers on another scale, and undefined ones, come last."""
        found = [*self._of_protocols(), *self._of_grid()]
        return sorted(found, key=_place)

    @property
    def frame_rows(self) -> list[Row]:
        return [row for row in self.rows if row.is_of_frames]

    @property
    def other_rows(self) -> list[Row]:
        return [row for row in self.rows if not row.is_of_frames]

    @property
    def span(self) -> tuple[float, float] | None:
        """Lowest and highest AUC of frames."""
        return span_of(row.value for row in self.frame_rows)

    def _of_protocols(self) -> Iterator[Row]:
        for evaluation in self.evaluations:
            leading = Settings.from_json(evaluation.protocol.settings).metric
            yield self._row(evaluation, leading, PAPERS.get(evaluation.protocol.slug, ""))
        if self.default:
            for name, papers in ALONGSIDE.items():
                yield self._row(self.default, name, papers)

    def _row(self, evaluation: Evaluation, name: str, papers: str) -> Row:
        protocol, value = evaluation.protocol, evaluation.metrics.get(name)
        return Row(
            source="team" if protocol.team_id else "preset",
            title=protocol.title,
            metric_name=name,
            value=value,
            interval=evaluation.intervals.get(name),
            difference=self._difference(name, value),
            papers=papers if protocol.team_id is None else "",
            protocol=protocol.slug,
            version=protocol.version,
        )

    def _of_grid(self) -> Iterator[Row]:
        for variant in self.grid or ():
            name = "auroc" if variant.averaging == "pooled" else "macro_auroc"
            yield Row(
                source="grid",
                title=described(variant),
                metric_name=name,
                value=variant.auroc,
                interval=None,
                difference=self._difference(name, variant.auroc),
                papers=LIU_2018 if _is_liu_2018(variant) else "",
            )

    def _difference(self, name: str, value: float | None) -> float | None:
        if name not in FRAME_AUROCS or value is None or self.headline is None:
            return None
        return value - self.headline

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.score_set.run_id,
            "selected_on_test": self.score_set.run.is_selected_on_test,
            "headline": self.headline,
            "missing": [protocol.slug for protocol in self.missing],
            "has_grid": self.grid is not None,
            "results": [_row_json(row) for row in self.rows],
        }


def span_of(values: Iterable[float | None]) -> tuple[float, float] | None:
    """Lowest and highest of those that are defined."""
    known = [value for value in values if value is not None]
    return (min(known), max(known)) if known else None


def frame_values(evaluations: Iterable[Evaluation]) -> list[float | None]:
    """The leading numbers of protocols that lead with an AUC of frames."""
    leading = ((each, Settings.from_json(each.protocol.settings).metric) for each in evaluations)
    return [each.metrics.get(name) for each, name in leading if name in FRAME_AUROCS]


def described(variant: Variant) -> str:
    parts = [
        _("pooled") if variant.averaging == "pooled" else _("mean of videos"),
        *([_("0…1 in each video")] if variant.normalisation == "per_video" else []),
        *([_("frames without a score left out")] if variant.missing == "drop" else []),
        *([_first_frames(variant.drop_first)] if variant.drop_first else []),
    ]
    labels = {
        "as_they_are": "",
        "start_earlier": _("events one frame longer at the start, [s−1, e)"),
        "end_later": _("events one frame longer at the end, [s, e+1)"),
    }[variant.labels]
    return ", ".join([*parts, *([labels] if labels else [])])


def _first_frames(n: int) -> str:
    sentence = ngettext("first frame left out", "first %(n)d frames left out", n)
    return sentence % {"n": n}


def _is_liu_2018(variant: Variant) -> bool:
    return (
        (variant.normalisation, variant.averaging, variant.drop_first) == ("per_video", "pooled", 4)
        and variant.labels == "as_they_are"
        and variant.missing == "nearest"
    )


def _place(row: Row) -> tuple[bool, bool, float]:
    return not row.is_of_frames, row.value is None, -(row.value or 0.0)


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "source": row.source,
        "title": row.title,
        "protocol": row.protocol or None,
        "version": row.version,
        "metric": row.metric_name,
        "value": row.value,
        "interval": row.interval,
        "difference": row.difference,
        "papers": row.papers,
    }
