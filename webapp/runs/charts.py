"""Figures of the run pages, as Plotly dictionaries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from webapp.runs.models import TrainingPoint

# In this order; losses that a method adds follow under their own names.
STYLES = {
    "train_loss": {"name": "training", "line": {"color": "var(--accent)", "width": 2}},
    "validation_loss": {
        "name": "validation",
        "line": {"color": "var(--muted)", "width": 2, "dash": "6px, 3px"},
    },
}
SHARE = "accuracy"  # what is named so lies in 0…1 and is no loss
SHARE_STYLE = {"yaxis": "y2", "line": {"width": 1, "dash": "dot"}}
SHARE_AXIS = {
    "title": {"text": "accuracy"},
    "overlaying": "y",
    "side": "right",
    "range": [0, 1],
    "showgrid": False,
}
FEW_POINTS = 30  # with more, markers would hide the line


def learning_curve(points: Iterable[TrainingPoint]) -> dict[str, Any]:
    """Every reported value over epochs, one line each."""
    points = list(points)
    names = dict.fromkeys([*STYLES, *(name for point in points for name in point.values)])
    lines = [line for name in names if (line := _line(name, points))["y"]]
    layout: dict[str, Any] = {
        "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "loss"}, "exponentformat": "power"},
        "hovermode": "x unified",
        "showlegend": True,
    }
    if any("yaxis" in line for line in lines):
        layout["yaxis2"] = SHARE_AXIS
    return {"data": lines, "layout": layout}


def _line(name: str, points: list[TrainingPoint]) -> dict[str, Any]:
    reported = [point for point in points if name in point.values]
    mode = "lines+markers" if len(reported) <= FEW_POINTS else "lines"
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "x": [point.epoch for point in reported],
        "y": [point.values[name] for point in reported],
    } | (SHARE_STYLE if name.endswith(SHARE) else STYLES.get(name, {}))
