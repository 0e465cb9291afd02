"""Scores made of other scores."""

import numpy as np
import pytest

from ml.records import BadInput, Scores
from ml.scores.fusion import Ingredient, Member, Recipe, fuse


def ingredient(*values: float, first_frame: int = 0, frames_per_value: int = 1) -> Ingredient:
    scores = Scores(
        values=np.array(values, np.float32),
        first_frame=first_frame,
        frames_per_value=frames_per_value,
    )
    return Ingredient(scores=scores, lowest=0.0, highest=10.0)


def recipe(*members: Member, **values: object) -> Recipe:
    return Recipe.from_json({"members": [vars(member) for member in members], **values})


def test_a_mean_of_segments_stays_one_of_segments() -> None:
    mean = recipe(Member(run="a", weight=3), Member(run="b"))
    given = [ingredient(1, 2, frames_per_value=16), ingredient(5, 6, frames_per_value=16)]

    fused = fuse(mean, given, n_frames=30)

    assert fused.values.tolist() == [2, 3]
    assert fused.frames_per_value == 16


def test_frames_that_one_member_has_no_score_for_get_none() -> None:
    mean = recipe(Member(run="a"), Member(run="b"))
    given = [ingredient(1, 2, 3, 4), ingredient(5, 7, first_frame=1)]

    fused = fuse(mean, given, n_frames=4)

    assert fused.first_frame == 1
    assert fused.values.tolist() == [3.5, 5]


def test_frames_without_a_score_in_the_middle_get_none() -> None:
    mean = recipe(Member(run="a", calibration="per_video"), Member(run="b"))
    gaps = Ingredient(
        scores=Scores(values=np.float32([2, np.nan, 4, 3]), has_gaps=True), lowest=0, highest=9
    )

    fused = fuse(mean, [gaps, ingredient(5, 7, 9, 8)], n_frames=4)

    assert fused.has_gaps
    np.testing.assert_array_equal(fused.to_frames(4), [2.5, np.nan, 5, 4.25])
    fused.check(4)


def test_smoothing_goes_around_frames_without_a_score() -> None:
    smoothed = recipe(Member(run="a"), smoothing="mean", smoothing_frames=3)
    values = np.float32([np.nan, 1, 2, np.nan, 6])
    gaps = Ingredient(scores=Scores(values=values, has_gaps=True), lowest=1, highest=6)

    fused = fuse(smoothed, [gaps], n_frames=5)

    np.testing.assert_array_equal(fused.to_frames(5), [np.nan, 1.5, 1.5, np.nan, 6])


def test_scores_that_float32_would_tie_stay_apart() -> None:
    close = Ingredient(scores=Scores(values=np.array([1, 1 + 1e-12])), lowest=0, highest=2)

    assert fuse(recipe(Member(run="a")), [close], 2).values.tolist() == [1, 1 + 1e-12]
    narrow = Ingredient(scores=Scores(values=np.float32([1e-9, 2e-9])), lowest=-1, highest=1)
    fused = fuse(recipe(Member(run="a", calibration="test_set")), [narrow], 2).values
    assert fused[0] < fused[1]


def test_members_without_a_common_frame_give_no_score() -> None:
    mean = recipe(Member(run="a"), Member(run="b"))

    fused = fuse(mean, [ingredient(1), ingredient(1, first_frame=3)], n_frames=4)

    assert len(fused.values) == 0


@pytest.mark.parametrize(
    ("calibration", "expected"),
    [("none", [2.0, 4.0]), ("test_set", [0.2, 0.4]), ("per_video", [0.0, 1.0])],
)
def test_calibration_says_what_0_and_1_are(calibration: str, expected: list[float]) -> None:
    alone = recipe(Member(run="a", calibration=calibration))  # type: ignore[arg-type]

    assert fuse(alone, [ingredient(2, 4)], n_frames=2).values == pytest.approx(expected)


def test_scores_that_do_not_differ_are_calibrated_to_0() -> None:
    alone = recipe(Member(run="a", calibration="per_video"))

    assert fuse(alone, [ingredient(3, 3)], n_frames=2).values.tolist() == [0, 0]


def test_a_moving_mean_takes_what_there_is_of_its_window() -> None:
    smoothed = recipe(Member(run="a"), smoothing="mean", smoothing_frames=3)

    values = fuse(smoothed, [ingredient(0, 3, 6, 0)], n_frames=4).values

    assert values == pytest.approx([1.5, 3, 3, 3])


@pytest.mark.parametrize("smoothing", ["mean", "gaussian"])
def test_smoothing_leaves_a_constant_alone(smoothing: str) -> None:
    smoothed = recipe(Member(run="a"), smoothing=smoothing, smoothing_frames=50)

    assert fuse(smoothed, [ingredient(*[2.5] * 20)], n_frames=20).values == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"members": []}, "takes 1 to 20 runs"),
        ({"members": [{"run": "a"}, {"run": "a"}]}, "named twice"),
        ({"members": [{"run": "a", "weight": 0}]}, "not a positive number"),
        ({"members": [{"run": "a", "weight": 1e300}]}, "number from 1e-09 to 1e\\+09"),
        ({"members": [{"run": "a", "weight": float("nan")}]}, "not a positive number"),
        ({"members": [{"run": "a", "calibration": "softmax"}]}, "is none of"),
        ({"members": [{"run": "a"}], "smoothing": "mean"}, "more than 0"),
        ({"members": [{"run": "a"}], "colour": "red"}, "no recipe"),
        ({"members": [7]}, "no recipe"),
    ],
)
def test_what_is_no_recipe_is_refused(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Recipe.from_json(wrong)


def test_a_recipe_survives_json() -> None:
    given = recipe(Member(run="a", weight=2), smoothing="gaussian", smoothing_frames=4.5)

    assert Recipe.from_json(given.to_json()) == given
