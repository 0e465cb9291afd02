"""Figures are dictionaries: what they hold, in which order, on which scale."""

import json

import numpy as np
import pytest

from webapp.results.figures.charts import (
    Point,
    interval_figure,
    line_of,
    roc_figure,
    score_figure,
    style_of,
)
from webapp.results.figures.curves import Curve

ROC = {"fpr": [0, 0.5, 1], "tpr": [0, 1, 1], "thresholds": [None, 0.7, 0.1]}
UNDEFINED = {"fpr": [], "tpr": [], "thresholds": []}


def curve(run_id="run_a", scores=(0.1, 0.2), **values):
    return Curve(
        run_id=run_id,
        name=run_id.upper(),
        positions=np.arange(len(scores)) + 0.5,
        scores=np.array(scores, dtype=np.float32),
        **{"is_stepped": False, "lowest": 0.0, "highest": 1.0} | values,
    )


def test_score_figure_gives_each_run_its_own_scale():
    figure = score_figure([curve(), curve("run_b", lowest=10.0, highest=20.0)], first=3, last=9)
    first, second = figure["data"]
    layout = figure["layout"]
    assert layout["xaxis"]["range"] == [3, 9]
    assert (first["yaxis"], second["yaxis"]) == ("y", "y2")
    assert layout["yaxis"]["range"] == pytest.approx([-0.04, 1.04])
    assert layout["yaxis2"]["range"] == pytest.approx([9.6, 20.4])
    assert layout["yaxis2"]["overlaying"] == "y"
    assert not layout["yaxis2"]["visible"]


def test_score_figure_has_the_ground_truth_of_its_window_behind_the_curves():
    figure = score_figure([curve()], first=3, last=9, events=[(0, 3), (2, 5), (8, 20), (9, 12)])

    assert [(shape["x0"], shape["x1"]) for shape in figure["layout"]["shapes"]] == [(2, 5), (8, 20)]
    assert {shape["layer"] for shape in figure["layout"]["shapes"]} == {"below"}


def test_score_figure_of_equal_scores_has_a_scale():
    figure = score_figure([curve(lowest=2.0, highest=2.0)], first=0, last=2)
    assert figure["layout"]["yaxis"]["range"] == pytest.approx([1.96, 2.04])


def test_score_figure_writes_scores_short_and_gaps_as_null():
    figure = score_figure([curve(scores=(0.1, np.nan, 1 / 3))], first=0, last=3)
    assert figure["data"][0]["y"] == [0.1, None, 0.333333]
    json.dumps(figure, allow_nan=False)


def test_score_figure_holds_the_scores_of_segments():
    figure = score_figure([curve(is_stepped=True), curve("run_b")], first=0, last=2)
    assert [trace["line"]["shape"] for trace in figure["data"]] == ["hv", "linear"]


def test_line_of_a_run_is_always_the_same():
    assert line_of("run_a") == line_of("run_a")
    styles = {style_of(f"run_{number}") for number in range(2_000)}
    assert styles == {(hue, dash) for hue in range(1, 9) for dash in range(1, 9)}


def test_roc_figure_draws_chance_then_protocols():
    figure = roc_figure("run_a", [("raw", ROC), ("normalised", ROC), ("other", UNDEFINED)])
    assert [trace["name"] for trace in figure["data"]] == ["chance", "raw", "normalised"]
    raw = figure["data"][1]
    assert (raw["x"], raw["y"], raw["customdata"]) == (ROC["fpr"], ROC["tpr"], ROC["thresholds"])
    assert raw["line"] == line_of("run_a")
    assert figure["layout"]["xaxis"]["title"] == {"text": "false positive rate"}


@pytest.mark.parametrize("ends", [None, [0.977, 0.977]])
def test_an_axis_does_not_end_far_from_a_single_value(ends):
    figure = interval_figure([Point("run_a", "A", 0.977, ends)], "AUC")

    assert figure["layout"]["xaxis"]["range"] == pytest.approx([0.927, 1.027])


def test_an_axis_with_several_values_finds_its_own_range():
    figure = interval_figure([Point("run_a", "A", 0.9, [0.8, 0.95])], "AUC")

    assert "range" not in figure["layout"]["xaxis"]
