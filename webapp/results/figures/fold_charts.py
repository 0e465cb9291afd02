"""The ROC curves of a cross-validation: each fold's, their mean, and that of all scores pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml.metrics import averaged_roc
from webapp.results.figures.charts import Figure, overlay_figure

Roc = Mapping[str, Any]  # {"fpr", "tpr"}, empty where it is undefined
MEAN_LINE = {"color": "var(--muted)", "dash": "6px, 3px", "width": 2}
POOLED_LINE = {"color": "var(--accent)", "dash": "solid", "width": 2.5}
FOLD_WIDTH = 1


def mean_roc(curves: Sequence[Roc]) -> dict[str, list[float]]:
    """Of those that are defined."""
    fpr, tpr = averaged_roc([(each["fpr"], each["tpr"]) for each in curves if each.get("fpr")])
    return {"fpr": fpr.tolist(), "tpr": tpr.tolist()}


def fold_figure(folds: Sequence[tuple[str, str, dict[str, Any]]], pooled: Roc) -> Figure:
    """`folds` are id of the run, name and curve of each; the thick lines are of all of them."""
    figure = overlay_figure(folds, "roc")
    for trace in figure["data"][1:]:
        trace["line"] = trace["line"] | {"width": FOLD_WIDTH}
    mean = mean_roc([roc for _run, _name, roc in folds])
    figure["data"] += [
        *_line("mean of the folds", mean, MEAN_LINE),
        *_line("pooled", pooled, POOLED_LINE),
    ]
    legend = {"x": 0.98, "xanchor": "right", "y": 0.04, "yanchor": "bottom"}
    figure["layout"] |= {"showlegend": True, "legend": legend}
    return figure


def _line(name: str, roc: Roc, line: dict[str, Any]) -> list[dict[str, Any]]:
    if not roc.get("fpr"):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": roc["fpr"],
            "y": roc["tpr"],
            "line": line,
            "hovertemplate": "FPR %{x:.3f}<br>TPR %{y:.3f}",
        }
    ]
