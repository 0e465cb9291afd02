"""Making features from the pages and over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories.datasets import DatasetFactory, FeatureSetFactory, VideoFactory
from tests.factories.jobs import WorkerNodeFactory
from webapp.accounts.models import Team
from webapp.datasets.extractors import publish_extractors
from webapp.datasets.models import Dataset, FeatureSet
from webapp.jobs.models import Job

pytestmark = pytest.mark.django_db
TITLE = "Flow and gradient histograms"
DESCRIBED: dict[str, Any] = {
    "name": "flow_gradients", "title": TITLE, "summary": "Motion and edges", "licence": "",
    "source": "ECCV 2006, simplified", "preprocessing": "grey", "version": 1, "lacks": "",
    "takes_weights": False, "weights_wanted": "", "weights_sha256": "", "dimension": 400,
    "n_crops": 1, "schema": {"type": "object", "properties": {}},
}  # fmt: skip
OPTIONS = {
    "type": "object",
    "properties": {
        "crops": {
            "enum": ["centre", "ten"],
            "default": "centre",
            "title": "Crops",
            "group": "Data",
        },
        "fold": {"type": "boolean", "default": True, "title": "Fold norms", "group": "Model"},
    },
}
NETWORK = DESCRIBED | {
    "name": "net", "title": "Net", "takes_weights": True, "weights_wanted": "a state dict",
    "schema": OPTIONS, "licence": "MIT", "n_crops": 10,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _extractors(db: None) -> None:
    publish_extractors([DESCRIBED, NETWORK])


@pytest.fixture
def dataset(team: Team) -> Dataset:
    dataset = DatasetFactory.create(team=team)
    for _ in range(2):
        VideoFactory.create(dataset=dataset)
    return dataset


def page(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def make(client: Client, dataset: Dataset, **changes: str) -> Any:
    answers = {"extractor": "flow_gradients", "name": "flow", "frames_per_row": "16",
               "remainder": "drop"}  # fmt: skip
    return client.post(f"/datasets/{dataset.pk}/features/make", answers | changes)


def ended(feature_set: FeatureSet, status: str) -> None:
    jobs = Job.objects.filter(subject_id=feature_set.pk)
    jobs.update(status=status, finished_at="2026-11-27T00:00Z", reason="Nobody knows why.")


def test_extractors_are_offered_with_what_they_are(as_bob: Client, dataset: Dataset) -> None:
    text = page(as_bob, f"/datasets/{dataset.pk}/features/make")

    assert TITLE in text
    assert "10 crops × 400 numbers" in text
    assert '<form class="form run-form"' not in text


def test_the_form_has_the_options_of_the_extractor(as_bob: Client, dataset: Dataset) -> None:
    text = page(as_bob, f"/datasets/{dataset.pk}/features/make?extractor=net")

    assert 'name="config.crops"' in text
    assert 'name="config.fold"' in text
    assert "a state dict" in text
    plain = page(as_bob, f"/datasets/{dataset.pk}/features/make?extractor=flow_gradients")
    assert 'name="weights"' not in plain


def test_without_extractors_the_page_says_who_brings_them(as_bob: Client, dataset: Dataset) -> None:
    from webapp.datasets.models import Extractor

    Extractor.objects.all().delete()

    assert "A worker brings what makes features." in page(
        as_bob, f"/datasets/{dataset.pk}/features/make"
    )


def test_features_are_made_from_the_page(as_bob: Client, dataset: Dataset) -> None:
    response = make(as_bob, dataset)

    feature_set = FeatureSet.objects.get()
    assert response["Location"] == f"/feature-sets/{feature_set.pk}"
    text = page(as_bob, response["Location"])
    assert "being made" in text
    assert "0 of 2" in text
    assert "Cancel" in text
    listed = page(as_bob, f"/datasets/{dataset.pk}?tab=features")
    assert "being made" in listed
    assert TITLE in listed
    assert "Make the features flow v1" in page(as_bob, "/queue")


def test_a_wrong_option_is_said_beside_its_field(
    as_bob: Client, dataset: Dataset, tmp_path: Any, settings: Any
) -> None:
    settings.DATA_ROOTS = [tmp_path]
    answers = {"extractor": "net", "weights": "gone.pth", "config.crops": "ten"}

    response = make(as_bob, dataset, **answers)
    wrong = make(as_bob, dataset, **answers | {"config.crops": "six"})

    assert response.status_code == wrong.status_code == 422
    assert "There is no file “gone.pth”" in response.context["form"].errors["weights"][0]
    assert "not one of centre, ten" in wrong.context["form"].problems["crops"]
    assert not FeatureSet.objects.exists()


def test_shards_are_shown_with_who_has_them(
    as_bob: Client, dataset: Dataset, settings: Any
) -> None:
    settings.SCORING_SHARDS, settings.SCORING_SHARD_FRAMES = 2, 1
    make(as_bob, dataset)
    feature_set = FeatureSet.objects.get()
    worker = WorkerNodeFactory.create(name="lab2:7")
    first = Job.objects.order_by("pk")[0]
    Job.objects.filter(pk=first.pk).update(status="running", worker=worker)

    text = page(as_bob, f"/feature-sets/{feature_set.pk}")

    assert "0 of 2 shards are done." in text
    assert "Make features 1/2" in text
    assert "lab2:7" in text
    told = as_bob.get(f"/api/v1/feature-sets/{feature_set.pk}").json()
    assert [each["status"] for each in told["stages"][0]["shards"]] == ["running", "created"]


def test_it_is_cancelled_and_resumed_from_its_page(as_bob: Client, dataset: Dataset) -> None:
    make(as_bob, dataset)
    feature_set = FeatureSet.objects.get()

    as_bob.post(f"/feature-sets/{feature_set.pk}/cancel")
    text = page(as_bob, f"/feature-sets/{feature_set.pk}")
    assert "cancelled" in text
    assert "Resume" in text
    as_bob.post(f"/feature-sets/{feature_set.pk}/resume")

    assert "being made" in page(as_bob, f"/feature-sets/{feature_set.pk}")


def test_one_that_failed_says_why(as_bob: Client, dataset: Dataset) -> None:
    make(as_bob, dataset)
    feature_set = FeatureSet.objects.get()
    ended(feature_set, "failed")

    text = page(as_bob, f"/feature-sets/{feature_set.pk}")

    assert "not all made" in text
    assert "Nobody knows why." in text
    assert "read-again" not in text


def test_viewers_are_offered_nothing_to_press(
    as_vera: Client, as_bob: Client, dataset: Dataset
) -> None:
    make(as_bob, dataset)
    feature_set = FeatureSet.objects.get()

    assert "/cancel" not in page(as_vera, f"/feature-sets/{feature_set.pk}")
    assert "features/make" not in page(as_vera, f"/datasets/{dataset.pk}?tab=features")


def extract(client: Client, dataset: Dataset, **body: Any) -> Any:
    address = f"/api/v1/datasets/{dataset.pk}/feature-sets/extract"
    answer = {"name": "flow", "extractor": "flow_gradients"} | body
    return client.post(address, answer, content_type="application/json")


def test_extractors_over_rest(as_vera: Client) -> None:
    [flow, net] = as_vera.get("/api/v1/extractors").json()["results"]

    assert (flow["name"], flow["dimension"], flow["takes_weights"]) == (
        "flow_gradients",
        400,
        False,
    )
    assert net["schema"]["properties"]["crops"]["enum"] == ["centre", "ten"]


def test_features_are_made_over_rest(as_bob: Client, dataset: Dataset) -> None:
    answer = extract(as_bob, dataset, frames_per_row=8, remainder="repeat")

    assert answer.status_code == 202
    told = as_bob.get(answer.json()["result_url"]).json()
    assert (told["state"], told["extractor"], told["frames_per_row"]) == ("reading", TITLE, 8)
    assert told["recipe"]["remainder"] == "repeat"
    assert told["made_with"] == []
    assert [stage["kind"] for stage in told["stages"]] == ["extract"]


def test_cancel_and_resume_over_rest(as_bob: Client, dataset: Dataset) -> None:
    address = extract(as_bob, dataset).json()["result_url"]

    assert as_bob.post(f"{address}/cancel").json()["status"] == "cancelled"
    assert as_bob.post(f"{address}/cancel").status_code == 409
    resumed = as_bob.post(f"{address}/resume")

    assert resumed.status_code == 202
    assert resumed.json()["retry_of_id"] == Job.objects.order_by("pk")[0].pk
    assert as_bob.post(f"{address}/resume").json()["code"] == "not_failed"
    assert as_bob.post(f"{address}/read-again").json()["code"] == "made_here"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"extractor": "nothing"}, "extractor"),
        ({"options": {"crops": 3}}, "/options/crops"),
        ({"options": [3]}, "options"),
        ({"remainder": "cut"}, "remainder"),
        ({"frames_per_row": 0}, "frames_per_row"),
        ({"colour": 1}, "colour"),
    ],
)
def test_what_is_wrong_is_said_over_rest(
    as_bob: Client, dataset: Dataset, body: dict[str, Any], field: str
) -> None:
    answer = extract(as_bob, dataset, **body)

    assert answer.status_code == 422
    assert field in answer.content.decode()
    assert not FeatureSet.objects.exists()


def test_features_from_elsewhere_have_nothing_to_resume(as_bob: Client, dataset: Dataset) -> None:
    feature_set = FeatureSetFactory.create(dataset=dataset, content_hash="")

    answer = as_bob.post(f"/api/v1/feature-sets/{feature_set.pk}/resume")

    assert answer.json()["code"] == "made_elsewhere"
