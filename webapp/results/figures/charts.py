"""Figures of scores and evaluations: values in, Plotly dictionaries (plotly.js 4) out.

Colours and dashes are named by their tokens; `plot.js` looks them up in the page's theme.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from typing import Any, NamedTuple

import numpy as np
from django.utils.text import Truncator
from numpy.typing import NDArray

from webapp.results.figures.curves import Curve

N_STYLES = 8
# Of the score figure, in pixels: the page lays its own playhead and threshold over the plot.
SCORE_MARGIN = {"l": 0, "r": 0, "t": 8, "b": 24}
FRONT_WIDTH, BACK_WIDTH = 2, 1.25
# What a dash is to a line, in the order of the dashes: of bars and of points.
PATTERNS = ("", "/", ".", "x", "-", "|", "\\", "+")
SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "x", "triangle-down", "cross", "star",
)  # fmt: skip
MOST_DECIMALS = 300  # ten to the power of more is no float
HEADROOM = 0.04  # above and below the curves, as a share of their range
SECOND_LINE = {"color": "var(--muted)", "dash": "solid", "width": 1.25}
CHANCE = {
    "type": "scatter",
    "mode": "lines",
    "name": "chance",
    "x": [0, 1],
    "y": [0, 1],
    "line": {"color": "var(--line-strong)", "dash": "2px, 3px", "width": 1},
    "hoverinfo": "skip",
    "showlegend": False,
}
NARROWEST, ROOM_AROUND = 1e-6, 0.05  # of an axis whose numbers are all the same
Figure = dict[str, Any]


def style_of(run_id: str) -> tuple[int, int]:
    """Hue and dash of the run on every page, each 1…8, taken from its id alone.

    They vary independently, so that two runs of one hue still differ in their dash.
    """
    number = zlib.crc32(run_id.encode())
    return number % N_STYLES + 1, number // N_STYLES % N_STYLES + 1


def line_of(run_id: str) -> dict[str, Any]:
    hue, dash = style_of(run_id)
    return {"color": f"var(--run-{hue})", "dash": f"var(--run-{dash}-dash)", "width": 1.5}


def symbol_of(run_id: str) -> str:
    return SYMBOLS[style_of(run_id)[1] - 1]


def score_figure(
    curves: Sequence[Curve], *, first: int, last: int, events: Iterable[tuple[int, int]] = ()
) -> Figure:
    """Scores over frames. Each run has its own scale; the axis shows that of the first curve.

    Behind them lie `events` of the ground truth, frames from the first up to but not the second.

    Scores of different methods have no common unit: every scale goes from the run's lowest to
    its highest score over all its videos, so that a calm video looks calm.
    """
    layout: Figure = {
        "margin": SCORE_MARGIN,
        "showlegend": False,
        "hovermode": False,
        "dragmode": False,
        "xaxis": {
            "range": [first, last],
            "fixedrange": True,
            "automargin": False,
            "showgrid": False,
            "title": {"text": ""},
        },
        "shapes": [_block(start, end) for start, end in events if start < last and end > first],
    }
    for number, curve in enumerate(curves, start=1):
        layout["yaxis" if number == 1 else f"yaxis{number}"] = _score_axis(curve, number)
    traces = [_score_trace(curve, number) for number, curve in enumerate(curves, start=1)]
    return {"data": traces, "layout": layout}


def _block(start: int, end: int) -> Figure:
    """As high as the plot, so that files of the figure show the ground truth as well."""
    return {
        "type": "rect",
        "layer": "below",
        "xref": "x",
        "x0": start,
        "x1": end,
        "yref": "paper",
        "y0": 0,
        "y1": 1,
        "fillcolor": "var(--ink)",
        "opacity": 0.08,
        "line": {"width": 0},
    }


def roc_figure(run_id: str, curves: Iterable[tuple[str, dict[str, Any]]]) -> Figure:
    """ROC curves of one run by the name of their protocol, the default one first.

    A curve is {"fpr", "tpr", "thresholds"}; one that is undefined is left out.
    """
    lines = chain([line_of(run_id)], repeat(SECOND_LINE))
    traces = [_roc_trace(name, line, roc) for (name, roc), line in zip(curves, lines, strict=False)]
    return {
        "data": [CHANCE, *(trace for trace in traces if trace["x"])],
        "layout": {
            "xaxis": _rate_axis("false positive rate"),
            "yaxis": _rate_axis("true positive rate") | {"scaleanchor": "x"},
            "legend": {"x": 0.98, "xanchor": "right", "y": 0.04, "yanchor": "bottom"},
            "showlegend": True,
        },
    }


def overlay_figure(curves: Sequence[tuple[str, str, dict[str, Any]]], kind: str) -> Figure:
    """ROC (`roc`) or precision-recall (`pr`) curves of several runs: id, name and points."""
    x, y = ("fpr", "tpr") if kind == "roc" else ("recall", "precision")
    titles = {"fpr": "false positive rate", "tpr": "true positive rate"}
    traces = [
        {
            "type": "scatter",
            "mode": "lines",
            "name": name,
            "x": points[x],
            "y": points[y],
            "line": line_of(run_id),
            "hovertemplate": f"{x} %{{x:.3f}}<br>{y} %{{y:.3f}}",
        }
        for run_id, name, points in curves
        if points.get(x)
    ]
    return {
        "data": [CHANCE, *traces] if kind == "roc" else traces,
        "layout": {
            "xaxis": _rate_axis(titles.get(x, x)),
            "yaxis": _rate_axis(titles.get(y, y)) | {"scaleanchor": "x"},
            "showlegend": False,
        },
    }


def video_scatter(rows: Sequence[tuple[Any, list[float | None]]], columns: Sequence[Any]) -> Figure:
    """AUC of each video by the first run and by the second; above the line the second is better."""
    if len(columns) < 2:
        return {"data": [], "layout": {}}
    points = [(video.name, *values[:2]) for video, values in rows if None not in values[:2]]
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": [first for _name, first, _second in points],
        "y": [second for _name, _first, second in points],
        "text": [name for name, _first, _second in points],
        "marker": {"color": line_of(columns[1].run.pk)["color"], "size": 7, "opacity": 0.8},
        "hovertemplate": "%{text}<br>%{x:.3f} → %{y:.3f}<extra></extra>",
    }
    return {
        "data": [CHANCE, trace],
        "layout": {
            "xaxis": _rate_axis(columns[0].run.name),
            "yaxis": _rate_axis(columns[1].run.name) | {"scaleanchor": "x"},
            "showlegend": False,
        },
    }


def _score_axis(curve: Curve, number: int) -> dict[str, Any]:
    spread = (curve.highest - curve.lowest) or 1.0
    axis = {
        "range": [curve.lowest - HEADROOM * spread, curve.highest + HEADROOM * spread],
        "fixedrange": True,
        "automargin": False,
        "ticklabelposition": "inside top",
        "ticks": "",
        "showline": False,
        "nticks": 5,
        "tickfont": {"color": line_of(curve.run_id)["color"]},
        "title": {"text": ""},
    }
    return axis if number == 1 else axis | {"overlaying": "y", "visible": False}


def _score_trace(curve: Curve, number: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": curve.name,
        "x": curve.positions.tolist(),
        "y": _short(curve.scores),
        "yaxis": "y" if number == 1 else f"y{number}",
        "connectgaps": False,
        "line": line_of(curve.run_id)
        | {
            "shape": "hv" if curve.is_stepped else "linear",
            "width": FRONT_WIDTH if number == 1 else BACK_WIDTH,
        },
    }


def _roc_trace(name: str, line: dict[str, Any], roc: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": name,
        "x": roc["fpr"],
        "y": roc["tpr"],
        "customdata": roc["thresholds"],
        "line": line,
        "hovertemplate": "FPR %{x:.3f}<br>TPR %{y:.3f}<br>score ≥ %{customdata:.4g}",
    }


def _rate_axis(title: str) -> dict[str, Any]:
    return {"title": {"text": title}, "range": [-0.01, 1.01], "constrain": "domain", "dtick": 0.2}


def _short(values: NDArray[np.floating[Any]]) -> list[float | None]:
    """Six digits of the largest, which is more than a screen can show; a gap is null."""
    largest = float(np.nanmax(np.abs(values))) if (~np.isnan(values)).any() else 0.0
    decimals = min(MOST_DECIMALS, 5 - math.floor(math.log10(largest))) if largest else 0
    rounded = np.round(values.astype(np.float64), decimals).tolist()
    return [None if math.isnan(value) else value for value in rounded]


ON_TEST = " (selected on test)"
LONGEST_LABEL = 28  # of an axis, which would leave no room for the plot on a narrow screen


def label_of(name: str, is_selected_on_test: bool) -> str:
    """What a figure and its files call a run."""
    return name + ON_TEST * is_selected_on_test


class Point(NamedTuple):
    """A number of a run, or of a paper where `run_id` is empty; `ends` of its interval."""

    run_id: str
    label: str
    value: float
    ends: Sequence[float] | None


def interval_figure(points: Sequence[Point], title: str, claims: Sequence[Point] = ()) -> Figure:
    """A number of several runs with its interval, the first on top, and of papers below."""
    places = [*(point.label for point in points), *(_claimed(claim) for claim in claims)]
    if any(label.endswith(ON_TEST) for label in places):
        title += "<br>‡ selected on test"
    return {
        "data": [*map(_interval_trace, points), *_claims(claims)],
        "layout": {
            "xaxis": {"title": {"text": title}} | _around_a_single_value([*points, *claims]),
            "yaxis": {
                "autorange": "reversed",
                "type": "category",
                "showgrid": False,
                "tickvals": places,
                "ticktext": [_shortened(label) for label in places],
            },
            "showlegend": False,
        },
    }


def _around_a_single_value(points: Sequence[Point]) -> dict[str, Any]:
    """Plotly would draw from 1 below it to 1 above: an axis of shares that ends at 2."""
    values = [value for point in points for value in (point.value, *(point.ends or ()))]
    if not values or max(values) - min(values) > NARROWEST:
        return {}
    return {"range": [min(values) - ROOM_AROUND, max(values) + ROOM_AROUND]}


def _claimed(claim: Point) -> str:
    return f"{claim.label} (reported)"


def _shortened(label: str) -> str:
    """The names of runs on one dataset often end alike, so the beginning is kept."""
    text = label.removesuffix(ON_TEST)
    mark = " ‡" if text != label else ""
    return Truncator(text).chars(LONGEST_LABEL) + mark


def _interval_trace(point: Point) -> dict[str, Any]:
    low, high = point.ends or (point.value, point.value)
    colour = line_of(point.run_id)["color"]
    return {
        "type": "scatter",
        "mode": "markers",
        "name": point.label,
        "x": [point.value],
        "y": [point.label],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [high - point.value],
            "arrayminus": [point.value - low],
            "color": colour,
            "thickness": 2,
            "width": 5,
        },
        "marker": {"color": colour, "size": 9, "symbol": symbol_of(point.run_id)},
        "hovertemplate": f"%{{x:.4f}} [{low:.4f}, {high:.4f}]<extra>%{{y}}</extra>",
    }


def _claims(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Hollow and grey, so that nobody takes them for ours."""
    if not points:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "name": "reported",
            "x": [point.value for point in points],
            "y": [_claimed(point) for point in points],
            "marker": {"color": "var(--muted)", "size": 9, "symbol": "diamond-open"},
            "hovertemplate": "%{x:.4f}<extra>%{y}</extra>",
        }
    ]


def _whiskers(numbers: Sequence[tuple[float | None, list[float] | None]]) -> dict[str, Any]:
    """From the lower to the upper end of each interval; none where there is none."""
    known = [(value, pair) if value is not None else (0.0, None) for value, pair in numbers]
    return {
        "type": "data",
        "symmetric": False,
        "array": [pair[1] - value if pair else 0 for value, pair in known],
        "arrayminus": [value - pair[0] if pair else 0 for value, pair in known],
        "color": "var(--muted)",
        "thickness": 1,
        "width": 3,
    }


def class_figure(rows: Sequence[Any], columns: Sequence[Any]) -> Figure:
    """AUC of each kind of anomaly, runs beside each other; `rows` as `Comparison.classes`."""
    labels = [f"{row.label} ({row.n_videos})" for row in rows]
    traces = [
        {
            "type": "bar",
            "name": label_of(column.label, column.run.is_selected_on_test),
            "x": labels,
            "y": [row.values[place] for row in rows],
            "error_y": _whiskers([(row.values[place], row.intervals[place]) for row in rows]),
            "marker": {
                "color": line_of(column.run.pk)["color"],
                "pattern": {"shape": PATTERNS[style_of(column.run.pk)[1] - 1], "size": 6},
            },
            "hovertemplate": "%{x}<br>%{y:.3f}",
        }
        for place, column in enumerate(columns)
        if any(row.values[place] is not None for row in rows)
    ]
    return {
        "data": traces,
        "layout": {
            "barmode": "group",
            "bargap": 0.25,
            "xaxis": {"title": {"text": ""}, "type": "category"},
            "yaxis": {"title": {"text": "AUC"}, "range": [0, 1.01], "dtick": 0.25},
            "showlegend": False,
        },
    }
