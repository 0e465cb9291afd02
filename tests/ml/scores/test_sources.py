"""Stored scores of several runs, and what recipes over them make."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.records import Scores
from ml.scores import sources
from ml.scores.fusion import Recipe
from ml.scores.sources import Source, Sources

N_FRAMES = 12


def scores(*values: float, first_frame: int = 0, frames_per_value: int = 1) -> Scores:
    array = np.array(values, np.float32)
    return Scores(
        values=array,
        first_frame=first_frame,
        frames_per_value=frames_per_value,
        has_gaps=bool(np.isnan(array).any()),
    )


def mix(*runs: str, calibration: str = "none", **values: Any) -> Source:
    members = [{"run": run, "calibration": calibration} for run in runs]
    return Source(recipe=Recipe.from_json({"members": members, **values}))


def of(**by_run: Source) -> Sources:
    return Sources(by_run, {"v": N_FRAMES, "w": N_FRAMES})


def test_a_mix_has_the_videos_that_all_members_have() -> None:
    found = of(
        a=Source(test={"w": scores(1), "v": scores(2)}), b=Source(test={"v": scores(4)}),
        mixed=mix("a", "b"),
    )  # fmt: skip

    assert [(pk, each.values.tolist()) for pk, each in found.scores("mixed").items()] == [
        ("v", [3])
    ]
    assert found.scores("mixed", "validation") == {}


@pytest.mark.parametrize(
    ("calibration", "expected"),
    [("none", [2, 4]), ("test_set", [0.2, 0.4]), ("validation", [0.5, 1.5]), ("per_video", [0, 1])],
)
def test_each_calibration_goes_by_its_own_range(calibration: str, expected: list[float]) -> None:
    stored = Source(
        test={"v": scores(2, 4)}, validation={"w": scores(3, 1), "v": scores(2)},
        lowest=0.0, highest=10.0,
    )  # fmt: skip
    found = of(a=stored, mixed=mix("a", calibration=calibration))

    assert found.scores("mixed")["v"].values.tolist() == expected


def test_what_several_recipes_build_on_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Recipe] = []

    def noting(recipe: Recipe, *rest: Any) -> Scores:
        made.append(recipe)
        return fuse(recipe, *rest)

    fuse = sources.fuse
    monkeypatch.setattr(sources, "fuse", noting)
    inner = mix("a")
    found = of(
        a=Source(test={"v": scores(1)}), inner=inner, b=mix("inner"), c=mix("inner", "b"),
        outer=mix("b", "c", "inner"),
    )  # fmt: skip

    assert found.scores("outer")["v"].values.tolist() == [1]
    assert made.count(inner.recipe) == 1  # type: ignore[arg-type]
    assert len(made) == 4


@st.composite
def some_scores(draw: st.DrawFn) -> Scores:
    first_frame = draw(st.integers(0, 3))
    width = draw(st.sampled_from([1, 2, 4]))
    size = draw(st.integers(1, (N_FRAMES - first_frame) // width))
    values = draw(st.lists(st.sampled_from([1.0, 2.0, np.nan]), min_size=size, max_size=size))
    return scores(*values, first_frame=first_frame, frames_per_value=width)


@given(
    st.lists(some_scores(), min_size=1, max_size=3),
    st.sampled_from([{}, {"smoothing": "mean", "smoothing_frames": 3}]),
    st.sampled_from(["none", "per_video", "test_set"]),
)
def test_places_are_those_of_what_would_be_made(
    members: list[Scores], smoothing: dict[str, Any], calibration: str
) -> None:
    stored = {str(place): Source(test={"v": each}) for place, each in enumerate(members)}
    found = of(**stored, mixed=mix(*stored, calibration=calibration, **smoothing))

    made = found.scores("mixed")["v"]

    assert found.places("mixed") == {"v": (made.first_frame, made.frames_per_value)}
    assert found.places("0") == {"v": (members[0].first_frame, members[0].frames_per_value)}
