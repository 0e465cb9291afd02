"""Downsampling keeps what an eye would look for."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from webapp.results.figures.downsample import min_max

FINITE = st.floats(-1e6, 1e6, width=32)


@given(hnp.arrays(np.float32, st.integers(1, 400), elements=FINITE), st.integers(5, 50))
def test_each_bucket_keeps_its_extremes(values, max_points):
    kept = min_max(values, max_points)
    assert len(kept) <= max(max_points, 1)
    assert np.all(np.diff(kept) > 0)
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    size = -(-len(values) // ((max_points - 2) // 2))
    for start in range(0, len(values), size):
        bucket = values[start : start + size]
        inside = values[kept[(kept >= start) & (kept < start + size)]]
        assert (inside.min(), inside.max()) == (bucket.min(), bucket.max())


def test_short_curves_stay_whole():
    assert min_max(np.array([3.0, 1.0, 2.0]), 5).tolist() == [0, 1, 2]
    assert min_max(np.array([]), 5).tolist() == []


def test_one_peak_in_ten_million_survives():
    values = np.zeros(10_000_000, dtype=np.float32)
    values[7_654_321] = 1
    kept = min_max(values, 2_000)
    assert 7_654_321 in kept
    assert len(kept) <= 2_000


def test_gaps_stay_gaps_and_extremes_beside_them_stay():
    values = np.sin(np.arange(10_000) / 50).astype(np.float32)
    values[2_000:3_000] = np.nan
    values[5_003] = np.nan
    kept = min_max(values, 200)
    assert len(kept) <= 200
    assert np.isnan(values[kept[(kept >= 2_100) & (kept < 2_900)]]).all()
    assert 5_003 in kept
    assert np.nanmax(values[kept]) == np.nanmax(values)
    assert np.nanmin(values[kept]) == np.nanmin(values)
