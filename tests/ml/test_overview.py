"""What is made of scores beside the numbers of protocols."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from ml import metrics
from ml.clock import Clock
from ml.evaluation import ScoredVideo
from ml.evaluation.events import EXPLORED, SWEPT, raw_timeline, sweep_of
from ml.evaluation.overview import overview_of
from ml.evaluation.sensitivity import Variant, sensitivity_grid

NAN = float("nan")


def video(name: str, scores: list[float], labels: list[int]) -> ScoredVideo:
    return ScoredVideo(
        video_id=name,
        scores=np.array(scores, np.float32),
        labels=np.array(labels, np.uint8),
        clock=Clock.constant(len(scores), 1.0),
    )


VIDEOS = [
    video("a", [NAN, 1, 5, -2], [0, 0, 1, 1]),
    video("b", [3, 4, 0], [0, 0, 0]),
    video("c", [NAN, NAN], [0, 1]),
]


def test_it_holds_range_grid_and_sweep_as_json() -> None:
    found = json.loads(json.dumps(overview_of(VIDEOS).to_json(), allow_nan=False))

    assert (found["lowest"], found["highest"]) == (-2, 5)
    assert [Variant(**each) for each in found["grid"]] == sensitivity_grid(VIDEOS)
    assert found["sweep"] == sweep_of(raw_timeline(VIDEOS), EXPLORED)


def test_scores_that_are_not_there_have_no_range() -> None:
    found = overview_of([video("a", [NAN, NAN], [0, 1])])

    assert (found.lowest, found.highest) == (None, None)
    assert found.sweep["thresholds"] == []
    assert {each["auroc"] for each in found.grid} == {None}


def test_a_sweep_tells_what_each_threshold_does() -> None:
    line = raw_timeline(VIDEOS)
    found = sweep_of(line, EXPLORED)

    assert found["thresholds"] == [-2, 0, 1, 3, 4, 5]
    for place, threshold in enumerate(found["thresholds"]):
        assert threshold is not None
        counts = metrics.detect(line, threshold, EXPLORED).counts()
        for name in SWEPT:
            expected = float(getattr(counts, name))
            value = found[name][place]
            assert value == pytest.approx(expected) if value is not None else np.isnan(expected)


@pytest.mark.parametrize("n", [2, 20])
def test_a_coarser_sweep_tries_fewer_thresholds(n: int) -> None:
    scores = np.random.default_rng(1).normal(size=500).tolist()
    line = raw_timeline([video("a", scores, [0, 1] * 250)])

    fine, coarse = sweep_of(line, EXPLORED), sweep_of(line, EXPLORED, n)

    assert 2 <= len(coarse["thresholds"]) <= 2 * n < len(fine["thresholds"])


def test_the_usual_rule_merges_alarms_a_second_apart() -> None:
    assert asdict(EXPLORED) == {"merge_gap": 1.0, "hold": 0, "iou": 0.0, "in_seconds": True}
