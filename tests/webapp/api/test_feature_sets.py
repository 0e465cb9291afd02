"""Feature sets over REST: how files lie and how features were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.factories.datasets import DatasetFactory, FeatureSetFactory, VideoFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, FeatureSet

FACTS = {"frame_rate": 25.0, "stack": 64, "snippet_rule": "whole", "crop_order": "wu"}


@pytest.fixture
def dataset(team: Team, tmp_path: Path, settings: Any) -> Dataset:
    settings.DATA_ROOTS = [str(tmp_path)]
    (tmp_path / "i3d").mkdir()
    dataset = DatasetFactory.create(team=team)
    VideoFactory.create(dataset=dataset)
    return dataset


def post(client: Client, dataset: Dataset, **more: Any) -> Any:
    facts = {"name": "i3d", "folder": "i3d", "extractor": "I3D"}
    address = f"/api/v1/datasets/{dataset.pk}/feature-sets"
    return client.post(address, facts | more, content_type="application/json")


def test_facts_are_taken_and_told(as_bob: Client, dataset: Dataset) -> None:
    assert post(as_bob, dataset, provenance=FACTS, layout="crops_in_files").status_code == 202

    told = as_bob.get(f"/api/v1/feature-sets/{FeatureSet.objects.get().pk}").json()
    assert told["provenance"] == FACTS
    assert told["layout"] == "crops_in_files"


def test_another_set_to_compare_with_goes_to_the_job(as_bob: Client, dataset: Dataset) -> None:
    other = FeatureSetFactory.create(dataset=dataset)

    post(as_bob, dataset, compare_with=other.pk)

    job = FeatureSet.objects.exclude(pk=other.pk).get().job
    assert job is not None
    assert job.spec == {"compare_with": other.pk}


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"layout": "nonsense"}, "layout"),
        ({"provenance": {"colour": "blue"}}, "colour"),
        ({"provenance": {"stack": 0}}, "provenance"),
        ({"provenance": {"snippet_rule": "floor"}}, "provenance"),
        ({"provenance": 3}, "provenance"),
        ({"compare_with": "feat_of_nobody"}, "compare_with"),
    ],
)
def test_what_is_refused(
    as_bob: Client, dataset: Dataset, more: dict[str, Any], field: str
) -> None:
    response = post(as_bob, dataset, **more)

    assert response.status_code == 422
    assert field in response.content.decode()
    assert not FeatureSet.objects.exists()
