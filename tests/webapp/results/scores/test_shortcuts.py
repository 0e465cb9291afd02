"""The shortcut baseline: made by the job of an evaluation, beside what learnt from labels."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.evaluating import evaluate_run
from tests.factories.datasets import (
    AnnotationSetFactory,
    DatasetFactory,
    IntervalFactory,
    SplitMemberFactory,
    VideoFactory,
)
from tests.factories.results import float32
from tests.factories.runs import MethodFactory, RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Split
from webapp.results.models import ShortcutBaseline
from webapp.results.scores.shortcuts import needs_shortcut, shortcut_of
from webapp.results.scores.storing import save_scores
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def folds(team: Team) -> list[Split]:
    """Two folds of eight clips; the abnormal ones have twice the frame rate."""
    dataset: Dataset = DatasetFactory.create(team=team)
    truth = AnnotationSetFactory.create(dataset=dataset)
    folds = [Split.objects.create(dataset=dataset, name="cv", fold=fold) for fold in (1, 2)]
    for number in range(16):
        is_abnormal = number % 2
        video = VideoFactory.create(
            dataset=dataset, name=f"v{number}", n_frames=2, fps=25 * (1 + is_abnormal),
            label="Fight" if is_abnormal else "normal",
        )  # fmt: skip
        if is_abnormal:
            IntervalFactory.create(annotation_set=truth, video=video, start_frame=0, end_frame=2)
        for fold in folds:
            part = "test" if (number % 4 < 2) == (fold.fold == 1) else "train"
            SplitMemberFactory.create(split=fold, video=video, part=part)
    return folds


def scored(fold: Split, supervision: str) -> Run:
    run: Run = RunFactory.create(
        team=fold.dataset.team, dataset=fold.dataset, split=fold,
        annotation_set=fold.dataset.ground_truth, current_job__ended=True,
        method=MethodFactory.create(name=supervision, supervision=supervision),
    )  # fmt: skip
    members = fold.members.filter(part="test").order_by("pk")
    scores = {each.video_id: float32(0.1 * i, 0.2) for i, each in enumerate(members)}
    save_scores(run=run, job=run.current_job, scores=scores, rule="all")
    evaluate_run(run)
    return run


@pytest.mark.parametrize("supervision", ["full", "weak"])
def test_it_stands_beside_what_learnt_from_labels(folds: list[Split], supervision: str) -> None:
    run = scored(folds[0], supervision)

    found = shortcut_of(run)

    assert found is not None
    assert found.pooled is not None
    assert (found.judged["auroc"], found.pooled["auroc"], found.by_fold) == (1.0, 1.0, [1.0, 1.0])
    assert found.pooled["shares"]["frame_rate"] == pytest.approx(1)
    assert (found.pooled["n_normal"], found.pooled["n_abnormal"]) == (8, 8)


def test_one_job_makes_it_for_all_folds(folds: list[Split]) -> None:
    scored(folds[0], "full")
    assert ShortcutBaseline.objects.count() == 2
    scored(folds[1], "full")
    assert ShortcutBaseline.objects.count() == 2


def test_methods_of_normal_videos_have_none(folds: list[Split]) -> None:
    run = scored(folds[0], "one-class")
    assert (shortcut_of(run), needs_shortcut(run)) == (None, False)
    assert not ShortcutBaseline.objects.exists()


def test_other_ground_truth_has_its_own(folds: list[Split]) -> None:
    run = scored(folds[0], "full")
    run.annotation_set = AnnotationSetFactory.create(dataset=run.dataset, version=2)
    assert needs_shortcut(run)


def test_pages_and_rest_show_it(folds: list[Split], as_vera: Client) -> None:
    run = scored(folds[0], "full")

    for page in (f"/runs/{run.pk}", f"/runs/{run.pk}/folds"):
        assert "Shortcut baseline" in as_vera.get(page).content.decode()
    for answer in (f"/api/v1/runs/{run.pk}/evaluation", f"/api/v1/runs/{run.pk}/folds"):
        shortcut = as_vera.get(answer).json()["shortcut"]
        assert (shortcut["auroc"], shortcut["pooled_auroc"]) == (1.0, 1.0)
        assert shortcut["by_fold"] == [1.0, 1.0]


def test_of_a_run_without_it(folds: list[Split], as_vera: Client) -> None:
    run = scored(folds[0], "one-class")
    assert "Shortcut baseline" not in as_vera.get(f"/runs/{run.pk}").content.decode()
    assert as_vera.get(f"/api/v1/runs/{run.pk}/evaluation").json()["shortcut"] is None
