"""A sweep as a study of transfer: counts, paired tests, steady trainings, printed numbers."""

from __future__ import annotations

from statistics import stdev
from typing import Any

import pytest
from django.test import Client

from ml.metrics import mcnemar, wilson
from tests.evaluating import evaluate_under_each
from tests.factories.datasets import IntervalFactory, SplitMemberFactory, VideoFactory
from tests.factories.results import float32
from tests.factories.runs import MethodFactory, TrainableSplitFactory
from webapp.accounts.models import Team, User
from webapp.datasets.models import Split
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.scores.storing import save_scores
from webapp.results.studies.sweep_table import SweepTable
from webapp.results.studies.transfer import Transfer, steadiness_of
from webapp.results.studies.transfer_printed import PERCENT, N, Printed, printed_for
from webapp.runs.models import Run, Sweep, TrainingPoint
from webapp.runs.sweeps import submit_sweep

pytestmark = pytest.mark.django_db
N_CLIPS = 8
# By row: the clips that it calls wrong.
WRONG = [{0, 1, 2}, {0, 1}, {3, 4, 5, 6, 7}, {3}]
ACCURACIES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.6, 0.9, 0.7, 0.9)


@pytest.fixture
def split(team: Team) -> Split:
    """Eight clips to be judged by, every second one abnormal."""
    split: Split = TrainableSplitFactory.create(dataset__team=team)
    split.members.filter(part="test").delete()
    for number in range(N_CLIPS):
        video = VideoFactory.create(dataset=split.dataset, name=f"c{number}", n_frames=2)
        SplitMemberFactory.create(split=split, video=video, part="test")
        if number % 2:
            IntervalFactory.create(
                annotation_set=split.dataset.ground_truth, video=video, start_frame=0, end_frame=2
            )
    return split


@pytest.fixture
def sweep(split: Split, bob: User) -> Sweep:
    """Two variants × two normalisations, scored by `WRONG`."""
    MethodFactory.create()
    sweep = submit_sweep(
        team=split.dataset.team, dataset=split.dataset, split=split,
        method=MethodFactory.create(), config={}, grid={"norm": ["batch", "none"]},
        variants=[{"title": "K700", "config": {}}, {"title": "MiT", "config": {"epochs": 3}}],
        by=bob,
    )  # fmt: skip
    for run in sweep.runs.all():
        _score(run, WRONG[run.sweep_row or 0])
    return sweep


def _score(run: Run, wrong: set[int]) -> None:
    scores = {}
    for member in run.split.members.filter(part="test").select_related("video"):
        number = int(member.video.name[1:])
        is_called = (number % 2 == 1) != (number in wrong)
        scores[member.video_id] = float32(0.1, 0.5 if is_called else 0.49)
    score_set = save_scores(run=run, job=None, scores=scores, rule="all")
    evaluate_under_each(score_set, ensure_protocols()[:1])
    for epoch, accuracy in enumerate(ACCURACIES, start=1):
        values = {"validation_accuracy": accuracy, "validation_loss": 1 - accuracy}
        TrainingPoint.objects.create(run=run, step=epoch, epoch=epoch, values=values)


def study(sweep: Sweep) -> Transfer:
    return Transfer(SweepTable(sweep, ensure_protocols()[0]))


def test_counts_with_wilsons_interval_and_mcnemars_test(sweep: Sweep) -> None:
    first, second, third, _fourth = study(sweep).rows

    assert first.counts is not None
    assert (first.counts.n_right, first.counts.n) == (5, 8)
    assert first.counts.interval == wilson(5, 8)
    assert first.paired is None
    assert second.paired is not None
    assert third.paired is not None
    assert (second.paired.n_own, second.paired.n_first) == (1, 0)
    assert (third.paired.n_own, third.paired.n_first) == (3, 5)
    assert third.paired.p_value == mcnemar(3, 5)


def test_rows_a_clip_or_two_apart_are_marked(sweep: Sweep) -> None:
    """3, 5, 6 and 7 of 8 are called right."""
    assert [row.is_close for row in study(sweep).rows] == [True] * 4


def test_the_last_third_of_epochs_says_how_steady_a_training_is(sweep: Sweep) -> None:
    steadiness = study(sweep).rows[0].steadiness

    assert steadiness is not None
    assert steadiness.deviation == pytest.approx(stdev(ACCURACIES[-3:]))
    assert steadiness.largest_fall == pytest.approx(0.2)
    assert steadiness.is_validated


def test_too_few_epochs_say_nothing() -> None:
    points = [TrainingPoint(epoch=i, values={"train_accuracy": 0.5}) for i in range(1, 7)]
    assert steadiness_of(points) is None
    points += [TrainingPoint(epoch=i, values={"train_accuracy": 0.7}) for i in range(7, 10)]
    found = steadiness_of(points)
    assert found is not None
    assert (found.deviation, found.largest_fall, found.is_validated) == (0, 0, False)


def test_as_a_grid(sweep: Sweep) -> None:
    grid = study(sweep).grid

    assert grid is not None
    assert (grid.label, grid.columns) == ("Normalisation", ["K700", "MiT"])
    rights = [
        (value, [cell.counts.n_right if cell and cell.counts else None for cell in cells])
        for value, cells in grid.lines
    ]
    assert rights == [("batch", [5, 3]), ("none", [6, 7])]


def test_printed_numbers_are_whole_counts_of_125() -> None:
    for row in PERCENT.values():
        for percent in row.values():
            assert round(100 * Printed(percent=percent).n_right / N, 1) == percent
    fifty = {"architecture": "r3d", "depth": 50}
    assert printed_for("resnet3d", fifty, "K700 + MiT") == Printed(percent=98.4)
    assert printed_for("resnet3d", fifty, "random") is None
    assert printed_for("conv_ae", fifty, "K700") is None


def test_the_page(sweep: Sweep, as_vera: Client) -> None:
    page = as_vera.get(f"/runs/sweeps/{sweep.pk}/transfer")

    assert page.status_code == 200
    data: list[dict[str, Any]] = page.context["figure"]["data"]
    assert len(data) == 8  # accuracy and loss of each
    assert data[0]["y"] == list(ACCURACIES)
    text = page.content.decode()
    assert "5 / 8" in " ".join(text.split())
    assert "nothing tells these apart" in text
    assert "As a grid" in text
    assert (
        f"/runs/sweeps/{sweep.pk}/transfer"
        in as_vera.get(sweep.get_absolute_url()).content.decode()
    )


def test_a_sweep_that_waits(split: Split, bob: User, as_vera: Client) -> None:
    waiting = submit_sweep(
        team=split.dataset.team, dataset=split.dataset, split=split,
        method=MethodFactory.create(name="resnet3d"), config={}, grid={"epochs": [3, 5]}, by=bob,
    )  # fmt: skip
    text = as_vera.get(f"/runs/sweeps/{waiting.pk}/transfer").content.decode()
    assert "No epoch was finished yet" in text
    assert "98.4" in text  # what the paper prints


def test_strangers_find_nothing(sweep: Sweep, as_charlie: Client) -> None:
    assert as_charlie.get(f"/runs/sweeps/{sweep.pk}/transfer").status_code == 404
