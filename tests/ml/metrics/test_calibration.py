import json

import numpy as np
import pytest

from ml.metrics.calibration import Calibration, calibrate
from ml.records import BadInput


def test_the_highest_normal_score_becomes_one() -> None:
    found = calibrate([np.array([0.5, np.nan]), np.array([2.0, 1.0])])

    assert (found.offset, found.highest, found.n_videos, found.n_frames) == (0, 2, 2, 3)
    assert [found.apply(score) for score in (0, 1, 2, 5)] == [0, 0.5, 1, 2.5]


def test_by_quantile_a_single_outlier_does_not_set_the_scale() -> None:
    found = calibrate([np.append(np.linspace(0, 1, 1000), 50.0)])

    assert found.apply(1.0, "quantile") == pytest.approx(1, abs=0.02)
    assert found.apply(1.0) == pytest.approx(1 / 50)


def test_decibels_below_zero_start_at_their_lowest() -> None:
    found = calibrate([np.array([-40.0, -30.0, -20.0])])

    assert [found.apply(score) for score in (-40, -30, -20)] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ([], "nothing to calibrate on"),
        ([np.array([np.nan])], "nothing to calibrate on"),
        ([np.zeros(5)], "that is no scale"),
        ([np.full(5, -3.0)], "that is no scale"),
    ],
)
def test_scores_without_a_scale_are_refused(scores: list[np.ndarray], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        calibrate(scores)


def test_a_calibration_is_read_as_it_was_written() -> None:
    found = calibrate([np.array([0.5, 2.0])], weights_sha256="ab")

    assert Calibration.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    "changes", [{"format": 2}, {"highest": -1}, {"highest": "x"}, {"more": 1}, {"offset": 9}]
)
def test_something_else_is_no_calibration(changes: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="not a calibration"):
        Calibration.from_json(calibrate([np.array([0.5, 2.0])]).to_json() | changes)
    with pytest.raises(BadInput, match="not a calibration"):
        Calibration.from_json([])
