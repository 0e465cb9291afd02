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
FEW_POINTS = 30  # with more, markers would hide the line


def learning_curve(points: Iterable[TrainingPoint]) -> dict[str, Any]:
    """Every reported value over epochs, one line each."""
    points = list(points)
    names = dict.fromkeys([*STYLES, *(name for point in points for name in point.values)])
    lines = [_line(name, points) for name in names]
    return {
        "data": [line for line in lines if line["y"]],
        "layout": {
            "xaxis": {"title": {"text": "epoch"}, "rangemode": "tozero"},
            "yaxis": {"title": {"text": "loss"}, "exponentformat": "power"},
            "hovermode": "x unified",
            "showlegend": True,
        },
    }


def _line(name: str, points: list[TrainingPoint]) -> dict[str, Any]:
    reported = [point for point in points if name in point.values]
    mode = "lines+markers" if len(reported) <= FEW_POINTS else "lines"
    return {
        "type": "scatter",
        "mode": mode,
        "name": name,
        "x": [point.epoch for point in reported],
        "y": [point.values[name] for point in reported],
    } | STYLES.get(name, {})
