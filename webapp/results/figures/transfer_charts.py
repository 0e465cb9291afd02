"""Accuracy and loss per epoch of many trainings in one plot, as figure 3 of the paper has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from webapp.results.figures.charts import Figure, line_of

LOSS_OPACITY = 0.55  # thinner and paler than the accuracy, which has the same colour


def transfer_figure(
    trainings: Iterable[tuple[str, str, Mapping[float, float], Mapping[float, float]]],
) -> Figure:
    """Of each: id of its run, name, accuracy and loss by epoch."""
    lines = []
    for run_id, name, accuracy, loss in trainings:
        lines += _lines(run_id, name, accuracy, loss)
    return {
        "data": lines,
        "layout": {
            "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero", "anchor": "y2"},
            "yaxis": {"title": {"text": "accuracy"}, "range": [0, 1.01], "domain": [0.46, 1]},
            "yaxis2": {"title": {"text": "loss"}, "rangemode": "tozero", "domain": [0, 0.38]},
            "showlegend": True,
            "hovermode": "closest",
        },
    }


def _lines(
    run_id: str, name: str, accuracy: Mapping[float, float], loss: Mapping[float, float]
) -> list[dict[str, Any]]:
    shared: dict[str, Any] = {
        "type": "scatter",
        "mode": "lines",
        "line": line_of(run_id),
        "legendgroup": run_id,
    }
    found: list[dict[str, Any]] = []
    if accuracy:
        found.append(
            shared
            | {"name": name, "x": list(accuracy), "y": list(accuracy.values())}
            | {"hovertemplate": "epoch %{x}<br>accuracy %{y:.3f}"}
        )
    if loss:
        found.append(
            shared
            | {"name": f"{name}, loss", "x": list(loss), "y": list(loss.values()), "yaxis": "y2"}
            | {"showlegend": not accuracy, "opacity": LOSS_OPACITY}
            | {"hovertemplate": "epoch %{x}<br>loss %{y:.3f}"}
        )
    return found
