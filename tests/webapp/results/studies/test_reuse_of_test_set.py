"""Counting looks at a test part."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.datasets import SplitFactory, SplitMemberFactory
from tests.factories.results import labelled_run
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Split
from webapp.results.studies.reuse_of_test_set import n_looks
from webapp.runs.models import Run


@pytest.fixture
def run(team: Team) -> Run:
    return labelled_run({"a": [0, 1], "b": [0, 0]}, team=team, scored_at=timezone.now())


def another_run(run: Run, split: Split, *, is_scored: bool = True) -> Run:
    scored_at = timezone.now() if is_scored else None
    return RunFactory.create(team=run.team, dataset=run.dataset, split=split, scored_at=scored_at)


def split_like(split: Split, **parts: str) -> Split:
    other = SplitFactory.create(dataset=split.dataset, name="other")
    for video in split.dataset.videos.all():
        if video.name in parts:
            SplitMemberFactory.create(split=other, video=video, part=parts[video.name])
    return other


def test_scored_runs_count_once_each(run: Run) -> None:
    another_run(run, run.split)
    another_run(run, run.split, is_scored=False)

    assert n_looks(run.split) == 2


def test_another_split_with_the_same_test_part_counts(run: Run) -> None:
    another_run(run, split_like(run.split, a="test", b="test"))

    assert n_looks(run.split) == 2


def test_another_test_part_does_not_count(run: Run) -> None:
    smaller = split_like(run.split, a="test", b="train")
    another_run(run, smaller)

    assert (n_looks(run.split), n_looks(smaller)) == (1, 1)


def test_without_test_videos_there_is_nothing_to_look_at(run: Run) -> None:
    empty = split_like(run.split)
    another_run(run, empty)

    assert n_looks(empty) == 0


def test_run_page_tells_the_number(as_vera: Client, run: Run) -> None:
    another_run(run, run.split)

    response = as_vera.get(f"/runs/{run.pk}")

    assert response.context["n_looks"] == 2
    assert "Looks at its test part" in response.text
