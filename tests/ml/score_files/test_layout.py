"""What one score stands for."""

from typing import Any

import numpy as np
import pytest

from ml.records import BadInput
from ml.score_files import Layout, spread


def frames(values: list[float], n_frames: int, **layout: Any) -> list[float]:
    given = np.array(values, np.float64)
    return spread(given, Layout(**layout), n_frames).to_frames(n_frames).tolist()


NONE = pytest.approx(np.nan, nan_ok=True)


@pytest.mark.parametrize(
    ("values", "n_frames", "layout", "expected"),
    [
        ([1, 2, 3], 3, {}, [1, 2, 3]),
        ([2, 3], 3, {"first_frame": 1}, [NONE, 2, 3]),
        ([1, 2], 3, {"unit": "segment", "frames_per_value": 2}, [1, 1, 2]),
        ([1, 2], 5, {"unit": "segment", "frames_per_value": 2, "tail": "last"}, [1, 1, 2, 2, 2]),
        ([1, 2], 5, {"unit": "segment", "frames_per_value": 2, "tail": "none"}, [1, 1, 2, 2, NONE]),
        ([1, 2], 5, {"unit": "equal_segments"}, [1, 1, 1, 2, 2]),
        ([7], 3, {"unit": "clip"}, [7, 7, 7]),
    ],
)
def test_scores_reach_their_frames(
    values: list[float], n_frames: int, layout: dict[str, Any], expected: list[Any]
) -> None:
    assert frames(values, n_frames, **layout) == expected


@pytest.mark.parametrize(
    ("n_values", "n_frames", "layout", "sentence"),
    [
        (6, 10, {}, "6 scores where 10 are expected.*first_frame=4"),
        (11, 10, {}, "Nothing is cut off"),
        (1, 5, {"unit": "segment", "frames_per_value": 2}, "1 score where 3 are expected.*or 2"),
        (2, 5, {"unit": "segment", "frames_per_value": 2}, "say tail=last"),
        (0, 5, {"unit": "equal_segments"}, "cannot be cut into 0 parts"),
        (6, 5, {"unit": "equal_segments"}, "cannot be cut into 6 parts"),
        (2, 5, {"unit": "clip"}, "one for the whole video"),
        (5, 5, {"unit": "minute"}, "none of frame, segment"),
        (5, 5, {"tail": "cut"}, "none of last, none"),
        (5, 5, {"frames_per_value": 0}, "1 or more"),
    ],
)
def test_scores_that_do_not_fit_are_refused_with_what_would(
    n_values: int, n_frames: int, layout: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        frames([0.5] * n_values, n_frames, **layout)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_scores_that_are_no_float32_are_refused(bad: float) -> None:
    with pytest.raises(BadInput, match="NaN or infinite, the first at index 1"):
        frames([1, bad], 2)


@pytest.mark.parametrize("unit", ["frame", "segment", "equal_segments", "clip"])
def test_every_rule_is_a_sentence(unit: Any) -> None:
    assert Layout(unit=unit, frames_per_value=16).rule.endswith(".")
