"""Figures of alarms and events: values in, Plotly dictionaries out."""

from __future__ import annotations

from typing import Any

from webapp.results.figures.charts import Figure, line_of

NAMES = {"recall": "events found", "f1": "event F1"}
# False alarms do not only rise as the threshold falls, since alarms grow together: a line
# through all points of F1 would run back and forth.
MODES = {"recall": "lines+markers", "f1": "markers"}


def operating_figure(
    run_id: str, curve: dict[str, list[float | None]], summary: dict[str, Any]
) -> Figure:
    """Recall and F1 over false alarms per hour, and the chosen point on both.

    The axis is logarithmic; no false alarm at all stands at its left end, half as many as one
    in all videos together.
    """
    if not summary["hours"]:
        return {"data": [], "layout": {}}
    fewest = 0.5 / summary["hours"]
    line = line_of(run_id)
    styles = {"recall": line, "f1": line | {"color": "var(--muted)", "dash": "solid"}}
    traces = [_trace(name, styles[name], curve, fewest) for name in NAMES]
    return {
        "data": [*traces, *(_chosen(name, styles[name], summary, fewest) for name in NAMES)],
        "layout": {
            "xaxis": {"type": "log", "title": {"text": "false alarms per hour"}},
            "yaxis": {"range": [-0.02, 1.02], "title": {"text": "share"}},
            "showlegend": True,
        },
    }


def _trace(
    name: str, line: dict[str, Any], curve: dict[str, list[float | None]], fewest: float
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": MODES[name],
        "marker": {"size": 4, "color": line["color"]},
        "name": NAMES[name],
        "x": [max(each or 0.0, fewest) for each in curve["false_alarms_per_hour"]],
        "y": curve[name],
        "customdata": curve["thresholds"],
        "line": line,
        "hovertemplate": f"{NAMES[name]} %{{y:.3f}}<br>%{{x:.3g}} false alarms per hour"
        "<br>score ≥ %{customdata:.6g}<extra></extra>",
    }


def _chosen(
    name: str, line: dict[str, Any], summary: dict[str, Any], fewest: float
) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": f"{NAMES[name]}, chosen",
        "showlegend": False,
        "x": [max(summary["false_alarms_per_hour"] or 0.0, fewest)],
        "y": [summary[name]],
        "marker": {"size": 13, "symbol": "circle-open", "line": {"width": 2.5}}
        | {"color": line["color"]},
        "hoverinfo": "skip",
    }
