"""Which videos a job of several scores, and how many jobs there are."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.datasets import SplitMemberFactory, VideoFactory
from tests.factories.jobs import WorkerNodeFactory
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.jobs.sharding import balanced
from webapp.runs.models import Run
from webapp.runs.sharding import shards_of

LENGTHS = st.dictionaries(st.text(min_size=1, max_size=4), st.integers(1, 1000), min_size=1)


def largest(n_frames: dict[str, int], shards: list[list[str]]) -> int:
    return max(sum(n_frames[pk] for pk in shard) for shard in shards)


@given(LENGTHS, st.integers(1, 9))
def test_every_video_is_in_one_shard(n_frames: dict[str, int], n_shards: int) -> None:
    shards = balanced(n_frames, n_shards)

    assert sorted(pk for shard in shards for pk in shard) == sorted(n_frames)
    assert len(shards) == n_shards


@given(LENGTHS.filter(lambda lengths: len(lengths) <= 7), st.integers(1, 3))
def test_no_shard_is_much_larger_than_it_has_to_be(n_frames: dict[str, int], n_shards: int) -> None:
    names = list(n_frames)
    divisions = product(range(n_shards), repeat=len(names))
    best = min(
        max(
            sum(n_frames[name] for name, at in zip(names, places, strict=True) if at == shard)
            for shard in range(n_shards)
        )
        for places in divisions
    )

    assert largest(n_frames, balanced(n_frames, n_shards)) <= best * (4 / 3) + 1e-9


@given(LENGTHS, st.integers(1, 9))
def test_the_order_of_the_rows_decides_nothing(n_frames: dict[str, int], n_shards: int) -> None:
    other = dict(reversed(n_frames.items()))

    assert balanced(other, n_shards) == balanced(n_frames, n_shards)


def test_the_longest_video_comes_first() -> None:
    assert balanced({"a": 3, "b": 9, "c": 3, "d": 3}, 2) == [["b"], ["a", "c", "d"]]


@pytest.fixture
def run(team: Team) -> Run:
    """With four test videos and one of validation, of 100 frames each."""
    run = RunFactory.create(team=team)
    for number in range(5):
        part = "validation" if number == 4 else "test"
        video = VideoFactory.create(dataset=run.dataset, part=part)
        SplitMemberFactory.create(split=run.split, video=video, part=part)
    SplitMemberFactory.create(split=run.split, part="train")
    return run


@pytest.mark.parametrize(
    ("slots", "most", "least_frames", "sizes"),
    [
        ([], 0, 1, [None]),  # nobody can be heard
        ([1], 0, 1, [None]),
        ([1, 2], 0, 1, [2, 2, 1]),  # one for each slot
        ([1, 2], 2, 1, [3, 2]),  # no more than the site wants
        ([1], 3, 1, [2, 2, 1]),  # as many as the site wants, whoever is there
        ([9], 0, 1, [1, 1, 1, 1, 1]),  # no more than videos
        ([9], 0, 200, [3, 2]),  # none too small to be worth it
        ([9], 0, 5_000, [None]),
    ],
)
def test_as_many_shards_as_slots_where_each_is_worth_it(
    run: Run, settings: Any, slots: list[int], most: int, least_frames: int, sizes: list[Any]
) -> None:
    settings.SCORING_SHARDS, settings.SCORING_SHARD_FRAMES = most, least_frames
    for n in slots:
        WorkerNodeFactory.create(slots=n)
    WorkerNodeFactory.create(slots=5, queues=["gpu"])

    shards = shards_of(run, queue="cpu")

    assert [len(shard) or None for shard in shards] == sizes
