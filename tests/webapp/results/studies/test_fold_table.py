"""Folds of one cross-validation: pooled once all are scored, averaged with what there is."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml import metrics
from tests.evaluating import end_evaluations, evaluate_run
from tests.factories.datasets import (
    AnnotationSetFactory,
    IntervalFactory,
    SplitFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.results import float32
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Split
from webapp.results.models import PooledEvaluation, Protocol
from webapp.results.protocols.presets import PRESETS, RAW
from webapp.results.scores import evaluation_jobs
from webapp.results.scores.storing import save_scores
from webapp.results.studies.fold_table import FoldTable
from webapp.results.studies.spreads import seed_spreads, seeds_of, spread_of
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

# Two clips a fold, the first with something abnormal; scores of the folds lie on other scales.
LABELS: Sequence[Sequence[int]] = [[0, 1, 1], [0, 0]]
SCORES: Sequence[Sequence[Sequence[float]]] = [
    [[0.1, 0.9, 0.8], [0.2, 0.3]],
    [[0.3, 0.4, 0.1], [0.2, 0.35]],
    [[0.6, 0.7, 0.9], [0.5, 0.65]],
]


@pytest.fixture
def first(team: Team) -> Run:
    """A run on fold 1 of 3, not scored yet."""
    run: Run = RunFactory.create(team=team, current_job__ended=True)
    folds = [run.split]
    Split.objects.filter(pk=run.split.pk).update(name="cv", version=1, fold=1)
    folds += [
        SplitFactory.create(dataset=run.dataset, name="cv", version=1, fold=fold) for fold in (2, 3)
    ]
    for fold in folds:
        for labels in LABELS:
            video = VideoFactory.create(dataset=run.dataset, n_frames=len(labels))
            SplitMemberFactory.create(split=fold, video=video, part="test")
            if any(labels):
                IntervalFactory.create(
                    annotation_set=run.annotation_set, video=video, start_frame=1, end_frame=3
                )
    run.refresh_from_db()
    return run


def on_fold(run: Run, fold: int, **values: Any) -> Run:
    split = Split.objects.get(dataset=run.dataset_id, name="cv", fold=fold)
    same = {"team": run.team, "dataset": run.dataset, "annotation_set": run.annotation_set}
    return RunFactory.create(**same | {"split": split, "current_job__ended": True} | values)


def score(run: Run, scores: Sequence[Sequence[float]] | None = None) -> Run:
    members = run.split.members.filter(part="test").order_by("pk")
    wanted = scores or SCORES[(run.split.fold or 1) - 1]
    arrays = {member.video_id: float32(*each) for member, each in zip(members, wanted, strict=True)}
    save_scores(run=run, job=run.current_job, scores=arrays, rule="all")
    evaluate_run(run)
    return run


def raw() -> Protocol:
    return Protocol.objects.get(slug=RAW.slug, version=RAW.version, team=None)


def folds_of(run: Run) -> FoldTable:
    found = FoldTable.of(Run.objects.get(pk=run.pk))
    assert found is not None
    return found


def numbers(run: Run) -> dict[str, Any]:
    return {row.name: row for row in folds_of(run).rows(raw())}


def all_scored(first: Run) -> list[Run]:
    return [score(first), score(on_fold(first, 2)), score(on_fold(first, 3))]


def test_pooled_is_one_evaluation_of_all_scores(first: Run) -> None:
    all_scored(first)

    row = numbers(first)["auroc"]

    labels = [label for _fold in SCORES for clip in LABELS for label in clip]
    scores = [value for fold in SCORES for clip in fold for value in clip]
    assert row.pooled == pytest.approx(metrics.auroc(labels, scores))
    assert row.interval[0] <= row.pooled <= row.interval[1]
    assert numbers(first)["clip_auroc"].pooled == pytest.approx(
        metrics.auroc([1, 0] * 3, [0.9, 0.3, 0.4, 0.35, 0.9, 0.65])
    )
    assert PooledEvaluation.objects.count() == len(PRESETS)


def test_averaged_is_the_mean_of_the_folds_with_deviation_and_n(first: Run) -> None:
    all_scored(first)
    row = numbers(first)["auroc"]
    by_hand = [metrics.auroc([*LABELS[0], *LABELS[1]], [*fold[0], *fold[1]]) for fold in SCORES]
    assert row.by_fold == pytest.approx(by_hand)
    assert (row.averaged.n, row.averaged.mean) == (3, pytest.approx(mean(by_hand)))
    assert row.averaged.deviation == pytest.approx(stdev(by_hand))


def test_every_fold_tells_the_same(first: Run) -> None:
    runs = all_scored(first)
    assert len({numbers(run)["auroc"].pooled for run in runs}) == 1


def test_a_missing_fold_is_said_and_nothing_is_pooled(first: Run) -> None:
    score(first)
    score(on_fold(first, 3))

    folds = folds_of(first)

    assert folds.missing == [2]
    assert "without a scored run are folds 2" in folds.refusal
    row = numbers(first)["auroc"]
    assert (row.pooled, row.averaged.n) == (None, 2)
    assert not PooledEvaluation.objects.exists()


def test_one_fold_alone_has_no_deviation(first: Run) -> None:
    score(first)
    assert numbers(first)["auroc"].averaged.deviation is None


def test_other_ground_truth_is_not_pooled(first: Run) -> None:
    newer = AnnotationSetFactory.create(dataset=first.dataset)
    score(first)
    score(on_fold(first, 2))
    score(on_fold(first, 3, annotation_set=newer))

    assert "other ground truth" in folds_of(first).refusal
    assert not PooledEvaluation.objects.exists()


def test_a_video_in_two_test_folds_is_not_pooled(first: Run) -> None:
    shared = first.split.members.filter(part="test").order_by("pk")[0].video
    third = Split.objects.get(dataset=first.dataset, fold=3)
    SplitMemberFactory.create(split=third, video=shared, part="test")
    score(first)
    score(on_fold(first, 2))
    score(on_fold(first, 3), [*SCORES[2], [0.1, 0.1, 0.1]])

    assert folds_of(first).refusal == f"Not pooled: several folds test on {shared.name}."
    assert not PooledEvaluation.objects.exists()


@pytest.mark.parametrize(
    "other", [{"config": {"epochs": 3}}, {"seed": 5}, {"selection": "validation"}]
)
def test_another_configuration_is_another_cross_validation(
    first: Run, other: dict[str, Any]
) -> None:
    score(first)
    score(on_fold(first, 2, **other))
    assert folds_of(first).missing == [2, 3]


def test_the_newest_run_of_a_fold_counts(first: Run) -> None:
    runs = all_scored(first)
    again = score(on_fold(first, 2), SCORES[0])

    assert [fold.run for fold in folds_of(first).folds] == [runs[0], again, runs[2]]
    assert folds_of(runs[1]).is_replaced
    assert not folds_of(again).is_replaced
    assert PooledEvaluation.objects.filter(protocol=raw()).count() == 2


def test_a_split_without_folds_has_none(team: Team) -> None:
    assert FoldTable.of(RunFactory.create(team=team)) is None


def test_what_an_older_evaluator_left_is_pooled_again(first: Run) -> None:
    all_scored(first)
    PooledEvaluation.objects.all().delete()
    assert evaluation_jobs.submit_missing() == 1
    end_evaluations()
    assert numbers(first)["auroc"].pooled is not None


def test_seeds_of_one_configuration(first: Run) -> None:
    score(first)
    score(on_fold(first, 1, seed=1), SCORES[1])
    score(on_fold(first, 1, seed=2, config={"epochs": 3}), SCORES[1])

    runs = seeds_of(first)

    assert [run.seed for run in runs] == [0, 1]
    spread = seed_spreads(runs, raw())["auroc"]
    assert spread.n == 2
    assert spread.deviation is not None


def test_spread_of_nothing() -> None:
    assert spread_of([None]) is None


def test_the_page_has_every_curve(first: Run, as_vera: Client) -> None:
    all_scored(first)

    page = as_vera.get(f"/runs/{first.pk}/folds")

    assert page.status_code == 200
    names = [trace["name"] for trace in page.context["figure"]["data"]]
    assert names == ["chance", "fold 1", "fold 2", "fold 3", "mean of the folds", "pooled"]
    pooled = page.context["figure"]["data"][-1]
    labels = [label for _fold in SCORES for clip in LABELS for label in clip]
    scores = [value for fold in SCORES for clip in fold for value in clip]
    area = float(np.trapezoid(pooled["y"], pooled["x"]))
    assert area == pytest.approx(metrics.auroc(labels, scores))
    assert [size.test for size in page.context["sizes"]] == [(2, 0)] * 3
    assert f"/runs/{first.pk}/folds" in as_vera.get(f"/runs/{first.pk}").content.decode()


def test_the_page_before_anything_is_scored(first: Run, as_vera: Client) -> None:
    page = as_vera.get(f"/runs/{first.pk}/folds")
    assert page.status_code == 200
    assert "No fold has a curve yet" in page.content.decode()


def test_a_run_without_folds_has_no_such_page(team: Team, as_vera: Client) -> None:
    run = RunFactory.create(team=team)
    assert as_vera.get(f"/runs/{run.pk}/folds").status_code == 404


def test_curves_over_rest(first: Run, as_vera: Client) -> None:
    all_scored(first)

    answer = as_vera.get(f"/api/v1/runs/{first.pk}/folds").json()

    result = next(each for each in answer["results"] if each["protocol"]["slug"] == RAW.slug)
    assert float(np.trapezoid(result["roc"]["pooled"]["tpr"], result["roc"]["pooled"]["fpr"])) == (
        pytest.approx(result["pooled"]["auroc"])
    )
    assert len(result["roc"]["mean"]["fpr"]) == 102
