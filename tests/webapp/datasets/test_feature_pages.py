"""The pages on which features are registered and looked at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.datasets import (
    DatasetFactory,
    FeatureFileFactory,
    FeatureSetFactory,
    VideoFactory,
)
from tests.factories.jobs import JobFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, FeatureSet


@pytest.fixture
def dataset(team: Team) -> Dataset:
    dataset = DatasetFactory.create(team=team)
    VideoFactory.create(dataset=dataset)
    return dataset


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture
def root(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_ROOTS = [str(tmp_path)]
    (tmp_path / "i3d").mkdir()
    return tmp_path


def answers(**changes: str) -> dict[str, str]:
    facts = {"name": "i3d", "folder": "i3d", "extractor": "I3D-ResNet50", "frames_per_row": "16"}
    return facts | changes


def test_a_folder_is_registered_from_the_page(as_bob: Client, dataset: Dataset, root: Path) -> None:
    response = as_bob.post(
        f"/datasets/{dataset.pk}/features/new", answers(preprocessing="centre crop of 224")
    )

    feature_set = FeatureSet.objects.get()
    assert response["Location"] == f"/feature-sets/{feature_set.pk}"
    text = page(as_bob, response["Location"])
    assert "being read" in text
    assert "centre crop of 224" in text


def test_a_folder_that_is_not_there_is_said_beside_its_field(
    as_bob: Client, dataset: Dataset, root: Path
) -> None:
    response = as_bob.post(f"/datasets/{dataset.pk}/features/new", answers(folder="nowhere"))

    assert response.status_code == 422
    assert "There is no folder “nowhere”" in response.context["form"].errors["folder"][0]
    assert not FeatureSet.objects.exists()


def test_a_fact_that_cannot_be_is_said_beside_its_field(
    as_bob: Client, dataset: Dataset, root: Path
) -> None:
    response = as_bob.post(f"/datasets/{dataset.pk}/features/new", answers(frame_rate="0"))

    assert response.status_code == 422
    assert "0.0 is no rate" in response.context["form"].errors["frame_rate"][0]
    assert "<details open>" in response.content.decode()


def test_the_page_of_a_set_says_what_is_known_of_it(as_vera: Client, dataset: Dataset) -> None:
    health = {
        "mean_norm": 0.256, "lowest_norm": 0.172, "highest_norm": 0.336,
        "n_rows": 300, "n_zero_rows": 3, "n_dead_dimensions": 7,
    }  # fmt: skip
    finding = {"level": "error", "subject": "test/001", "text": "9 rows where 3 are expected"}
    feature_set = FeatureSetFactory.create(dataset=dataset, health=health, report=[finding])
    FeatureFileFactory.create(feature_set=feature_set, video=dataset.videos.get())

    text = page(as_vera, feature_set.get_absolute_url())

    for fact in ("I3D-ResNet50", "10 × 2048", "0.256 (0.172 – 0.336)", "1 of 1"):
        assert fact in text
    assert "9 rows where 3 are expected" in text
    assert "Read again" not in text
    [marked] = re.findall(r'href="([^"]*)"\s+title="[^"]*"\s+aria-current="page"', text)
    assert marked == "/datasets"


def test_the_page_says_how_features_were_made_and_how_files_lie(
    as_bob: Client, dataset: Dataset, root: Path
) -> None:
    facts = {"frame_rate": "25", "crop_order": "wu", "snippet_rule": "whole", "resize": "340 × 256"}
    response = as_bob.post(
        f"/datasets/{dataset.pk}/features/new", answers(**facts, layout="crops_in_files")
    )

    feature_set = FeatureSet.objects.get()
    assert feature_set.provenance == {
        "frame_rate": 25.0, "crop_order": "wu", "snippet_rule": "whole", "resize": "340 × 256",
    }  # fmt: skip
    text = page(as_bob, response["Location"])
    for fact in ("340 × 256", "centre, four corners, then mirrored", "whole rows alone",
                 "a file for each crop"):  # fmt: skip
        assert fact in text


def test_the_page_says_which_rule_explains_rows_and_what_a_comparison_found(
    as_vera: Client, dataset: Dataset
) -> None:
    health = {
        "mean_norm": 9.5, "lowest_norm": 8.0, "highest_norm": 11.0, "n_rows": 300,
        "n_zero_rows": 0, "n_dead_dimensions": 0, "negative_share": 0.25,
        "batch_normalised_share": 0.0, "rules": {"whole": 11, "padded": 2},
        "compared": {"with": "old v1", "mean_cosine": 0.981, "lowest_cosine": 0.644,
                     "n_videos": 13},
    }  # fmt: skip
    feature_set = FeatureSetFactory.create(dataset=dataset, health=health)

    text = " ".join(page(as_vera, feature_set.get_absolute_url()).split())

    for fact in ("whole rows alone (11)", "the last row is padded (2)", "0.250",
                 "Mean cosine with old v1", "0.981 (0.644)"):  # fmt: skip
        assert fact in text


def test_only_sets_that_are_read_can_be_compared_with(as_bob: Client, dataset: Dataset) -> None:
    FeatureSetFactory.create(dataset=dataset, name="ready", version=1)
    FeatureSetFactory.create(dataset=dataset, name="waiting", version=1, content_hash="")
    FeatureSetFactory.create(name="foreign", version=1)

    text = page(as_bob, f"/datasets/{dataset.pk}/features/new")

    assert "ready v1" in text
    assert "waiting v1" not in text
    assert "foreign v1" not in text


def test_a_set_that_could_not_be_read_says_why_and_can_be_read_again(
    as_bob: Client, as_vera: Client, dataset: Dataset
) -> None:
    job = JobFactory.create(
        team=dataset.team, kind="features", status="failed", finished_at=timezone.now(),
        reason="There is no file .npy in i3d",
    )  # fmt: skip
    feature_set = FeatureSetFactory.create(dataset=dataset, content_hash="", job=job)

    text = page(as_bob, feature_set.get_absolute_url())
    assert "There is no file .npy in i3d" in text
    assert "Read again" in text
    assert "Read again" not in page(as_vera, feature_set.get_absolute_url())

    as_bob.post(f"/feature-sets/{feature_set.pk}/read-again")
    feature_set = FeatureSet.objects.get()
    assert feature_set.state == "reading"
    assert feature_set.job != job


def test_the_dataset_lists_its_sets(as_vera: Client, as_bob: Client, dataset: Dataset) -> None:
    FeatureSetFactory.create(dataset=dataset, name="r3d", version=4)

    text = page(as_vera, f"/datasets/{dataset.pk}?tab=features")

    assert "r3d v4" in text
    assert "Register a folder of features" not in text
    assert "Register a folder of features" in page(as_bob, f"/datasets/{dataset.pk}?tab=features")


def test_on_features_a_dataset_without_videos_can_be_trained(as_bob: Client, team: Team) -> None:
    listed = DatasetFactory.create(team=team, folder="")
    assert "New run" not in page(as_bob, f"/datasets/{listed.pk}")

    FeatureSetFactory.create(dataset=listed)

    assert "New run" in page(as_bob, f"/datasets/{listed.pk}")
