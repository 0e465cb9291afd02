"""Where the points of a curve lie on the axis of frames."""

import numpy as np
import pytest

from ml.records import Scores
from webapp.results.figures.curves import points


def drawn(values, *, first=0, last=100, n_frames=100, max_points=2_000, **rule):
    scores = Scores(values=np.array(values, dtype=np.float32), **rule)
    positions, kept = points(
        scores, first=first, last=last, n_frames=n_frames, max_points=max_points
    )
    return list(zip(positions.tolist(), kept.tolist(), strict=True))


def test_a_score_of_one_frame_sits_in_its_middle():
    assert drawn([7, 8], first_frame=3) == [(3.5, 7), (4.5, 8)]


def test_a_score_of_many_frames_holds_to_its_end():
    assert drawn([7, 8], first_frame=2, frames_per_value=10) == [(2, 7), (12, 8), (22, 8)]


def test_the_last_segment_ends_with_the_video():
    assert drawn([7, 8], frames_per_value=10, n_frames=15, last=15)[-1] == (15, 8)


def test_a_window_has_one_more_value_on_either_side():
    assert [position for position, _ in drawn(range(100), first=40, last=43)] == [
        39.5, 40.5, 41.5, 42.5, 43.5,
    ]  # fmt: skip
    inside = drawn(range(10), frames_per_value=10, first=42, last=45)
    assert inside == [(30, 3), (40, 4), (50, 5), (60, 5)]


@pytest.mark.parametrize("window", [(0, 5), (60, 70)])
def test_a_window_without_scores_is_empty_or_only_leads_out(window):
    assert len(drawn([1, 2], first_frame=20, first=window[0], last=window[1])) <= 1


def test_no_scores_make_no_points():
    assert drawn([]) == []
    assert drawn([], frames_per_value=16) == []


@pytest.mark.parametrize("frames_per_value", [1, 4])
def test_long_curves_keep_their_peak_in_few_points(frames_per_value):
    values = np.zeros(50_000)
    values[31_234] = 9
    curve = drawn(
        values, frames_per_value=frames_per_value, last=200_000, n_frames=200_000, max_points=500
    )
    assert len(curve) <= 500
    assert max(score for _, score in curve) == 9
