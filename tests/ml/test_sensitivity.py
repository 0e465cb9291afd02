"""The grid against the evaluator, one protocol at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.evaluation import ScoredVideo, Settings, evaluate_videos
from ml.evaluation.sensitivity import Variant, sensitivity_grid

NAN = float("nan")


@st.composite
def some_videos(draw: st.DrawFn) -> list[ScoredVideo]:
    lengths = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    score = st.sampled_from([NAN, 0.0, 0.5, 1.0, 7.0])
    return [
        ScoredVideo(
            video_id=str(i),
            scores=np.array(draw(st.lists(score, min_size=n, max_size=n)), np.float32),
            labels=np.array(draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)), np.uint8),
        )
        for i, n in enumerate(lengths)
    ]


def moved(video: ScoredVideo, labels: str) -> ScoredVideo:
    offset = {"as_they_are": 0, "start_earlier": -1, "end_later": 1}[labels]
    abnormal = np.flatnonzero(video.labels)
    found = np.zeros_like(video.labels)
    for frame in [*abnormal, *(abnormal + offset)]:
        if 0 <= frame < len(found):
            found[frame] = 1
    return replace(video, labels=found)


def by_the_evaluator(videos: list[ScoredVideo], variant: Variant) -> float | None:
    rules = Settings(
        normalisation=variant.normalisation,
        missing=variant.missing,
        drop_first=variant.drop_first,
    )
    outcome = evaluate_videos([moved(video, variant.labels) for video in videos], rules)
    name = "auroc" if variant.averaging == "pooled" else "macro_auroc"
    return outcome.metrics[name]


@given(some_videos())
@settings(max_examples=25)
def test_every_variant_is_what_the_evaluator_gives(videos: Any) -> None:
    for variant in sensitivity_grid(videos, drop_first=(0, 2)):
        expected = by_the_evaluator(videos, variant)
        assert (variant.auroc is None) == (expected is None), variant
        if expected is not None:
            assert variant.auroc == pytest.approx(expected), variant


def test_missing_scores_vary_only_where_there_are_some() -> None:
    whole = ScoredVideo(
        video_id="a", scores=np.array([1, 2, 3], np.float32), labels=np.array([0, 1, 0], np.uint8)
    )
    assert {each.missing for each in sensitivity_grid([whole])} == {"nearest"}
    assert len(sensitivity_grid([whole])) == 3 * 2 * 3
    gap = replace(whole, scores=np.array([NAN, 2, 3], np.float32))
    assert {each.missing for each in sensitivity_grid([gap])} == {"nearest", "drop"}


def test_no_scores_at_all() -> None:
    nothing = ScoredVideo(
        video_id="a", scores=np.array([NAN], np.float32), labels=np.array([1], np.uint8)
    )
    assert {each.auroc for each in sensitivity_grid([nothing])} == {None}
