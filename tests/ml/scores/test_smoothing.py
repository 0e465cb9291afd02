"""Smoothing by hand and against its definition."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.scores.smoothing import smooth

NAN = np.nan
scores = st.lists(st.one_of(st.just(NAN), st.floats(-10, 10)), min_size=1, max_size=30)


@given(scores, st.sampled_from(["mean", "gaussian"]), st.integers(1, 9))
def test_each_score_is_the_weighted_mean_of_those_around_it(
    values: list[float], smoothing: Any, frames: int
) -> None:
    found = smooth(np.array(values), smoothing, frames)
    for i, own in enumerate(values):
        weights = {
            j: np.exp(-0.5 * ((i - j) / frames) ** 2)
            if smoothing == "gaussian"
            else float(-((frames - 1) // 2) <= j - i <= frames // 2)
            for j, each in enumerate(values)
            if not np.isnan(each) and abs(i - j) <= 4 * frames
        }
        if np.isnan(own):
            assert np.isnan(found[i])
            continue
        mean = sum(w * values[j] for j, w in weights.items()) / sum(weights.values())
        assert found[i] == pytest.approx(mean, abs=1e-9)


def test_gaps_stay_and_weigh_nothing() -> None:
    found = smooth(np.array([1.0, NAN, 3.0, 5.0], np.float32), "mean", 3)
    assert np.array_equal(found, [1, NAN, 4, 4], equal_nan=True)


def test_nothing_to_smooth() -> None:
    assert smooth(np.array([1.0, 2.0]), "none", 0).tolist() == [1, 2]
    assert np.isnan(smooth(np.array([NAN, NAN]), "mean", 5)).all()
