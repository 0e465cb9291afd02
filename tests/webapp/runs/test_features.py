"""Runs of methods that read features instead of videos."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.datasets import FeatureSetFactory, features_of_all
from tests.factories.runs import MethodFactory, TrainableSplitFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.runs import services
from webapp.runs.models import Run
from webapp.runs.sweeps import submit_sweep
from workers.run_files import videos_to_score, videos_to_train_on


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


def answers(split: Split, by: User) -> dict[str, Any]:
    method = MethodFactory.create(name="bags", title="Bags", reads="features")
    return {
        "team": split.dataset.team, "dataset": split.dataset, "split": split, "method": method,
        "config": {}, "by": by,
    }  # fmt: skip


def refusal(split: Split, by: User, **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        services.create_run(**answers(split, by) | changes)
    assert not Run.objects.exists()
    assert caught.value.field == "feature_set"
    return caught.value


def test_a_run_keeps_the_features_that_it_reads(split: Split, bob: User) -> None:
    features = features_of_all(split.dataset)

    run = services.create_run(**answers(split, bob), feature_set=features)

    assert Run.objects.get(pk=run.pk).feature_set == features


def test_training_and_scoring_are_told_where_the_features_lie(split: Split, bob: User) -> None:
    features = features_of_all(split.dataset)

    run = services.create_run(**answers(split, bob), feature_set=features)

    for video in (*videos_to_train_on(run), *videos_to_score(run)):
        name = features.files.get(video=video["id"]).path
        assert video["features"] == {"path": f"/data/features/{name}", "frames_per_row": 16}


def test_features_are_enough_where_there_are_no_videos(split: Split, bob: User) -> None:
    split.dataset.folder = ""
    features = features_of_all(split.dataset)

    services.create_run(**answers(split, bob), feature_set=features)

    assert Run.objects.count() == 1


def test_features_are_needed(split: Split, bob: User) -> None:
    error = refusal(split, bob)

    assert error.code == "no_features"
    assert error.sentence == f"feature_set: Bags reads features: name a set of {split.dataset}"


def test_features_of_another_dataset(split: Split, bob: User) -> None:
    assert refusal(split, bob, feature_set=FeatureSetFactory.create()).code == "no_features"


def test_features_that_are_not_read_yet(split: Split, bob: User) -> None:
    features = FeatureSetFactory.create(dataset=split.dataset, content_hash="")

    assert refusal(split, bob, feature_set=features).code == "features_not_ready"


def test_features_that_a_video_has_not(split: Split, bob: User) -> None:
    """Trained or judged on fewer videos, its numbers would be others than they seem."""
    features = features_of_all(split.dataset)
    video = split.dataset.videos.get(part="test")
    features.files.get(video=video).delete()

    error = refusal(split, bob, feature_set=features)

    assert error.code == "features_missing"
    assert f"it has no features of 1 video of {split}: {video.name}" in error.sentence


def test_features_of_a_method_that_reads_videos(split: Split, bob: User) -> None:
    error = refusal(
        split, bob, method=MethodFactory.create(), feature_set=features_of_all(split.dataset)
    )

    assert "Conv-AE reads the videos themselves" in error.sentence


def test_all_runs_of_a_sweep_read_the_same_features(split: Split, bob: User) -> None:
    features = features_of_all(split.dataset)

    sweep = submit_sweep(
        **answers(split, bob), feature_set=features, grid={"epochs": [1, 2]}, seeds=[0]
    )

    assert sweep.feature_set == features
    assert [run.feature_set for run in sweep.runs.all()] == [features, features]
