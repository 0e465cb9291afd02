"""Figures of scores and evaluations: values in, Plotly dictionaries (plotly.js 4) out.

Colours and dashes are named by their tokens; `plot.js` looks them up in the page's theme.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from webapp.results.curves import Curve

N_HUES = 8
# Of the score figure, in pixels: the page lays its own playhead and threshold over the plot.
SCORE_MARGIN = {"l": 0, "r": 0, "t": 8, "b": 24}
HEADROOM = 0.04  # above and below the curves, as a share of their range

Figure = dict[str, Any]


def hue_of(run_id: str) -> int:
    """1…8: the run's colour and dash on every page, taken from its id alone."""
    return zlib.crc32(run_id.encode()) % N_HUES + 1


def line_of(run_id: str) -> dict[str, Any]:
    hue = hue_of(run_id)
    return {"color": f"var(--run-{hue})", "dash": f"var(--run-{hue}-dash)", "width": 1.5}


def score_figure(curves: Sequence[Curve], *, first: int, last: int) -> Figure:
    """Scores over frames. Each run has its own scale; the axis shows that of the first curve.

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
    }
    for number, curve in enumerate(curves, start=1):
        layout["yaxis" if number == 1 else f"yaxis{number}"] = _score_axis(curve, number)
    traces = [_score_trace(curve, number) for number, curve in enumerate(curves, start=1)]
    return {"data": traces, "layout": layout}


def roc_figure(series: Iterable[tuple[str, dict[str, Any], dict[str, Any]]]) -> Figure:
    """ROC curves of (name, line, {"fpr", "tpr", "thresholds"}) over the diagonal of chance."""
    chance = {
        "type": "scatter",
        "mode": "lines",
        "name": "chance",
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": "var(--line-strong)", "dash": "2px, 3px", "width": 1},
        "hoverinfo": "skip",
        "showlegend": False,
    }
    return {
        "data": [chance, *(_roc_trace(name, line, roc) for name, line, roc in series)],
        "layout": {
            "xaxis": _rate_axis("false positive rate"),
            "yaxis": _rate_axis("true positive rate") | {"scaleanchor": "x"},
            "legend": {"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
            "showlegend": True,
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
        "line": line_of(curve.run_id) | {"shape": "hv" if curve.is_stepped else "linear"},
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


def _short(values: NDArray[np.float32]) -> list[float | None]:
    """As many digits as a float32 has, for a payload of half the size; a gap is null."""
    return [None if np.isnan(value) else float(f"{value:.7g}") for value in values.tolist()]
