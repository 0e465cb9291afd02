"""Splits over REST."""

from typing import Any

import pytest
from django.test import Client

from tests.factories.datasets import DatasetFactory, SplitFactory, VideoFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Dataset, Split

JSON = "application/json"


@pytest.fixture
def dataset(team: Team) -> Dataset:
    """Eight normal videos of four sources."""
    dataset = DatasetFactory.create(team=team)
    for number in range(8):
        VideoFactory.create(
            dataset=dataset, name=f"v{number}", label="normal", source=f"film {number // 2}"
        )
    return dataset


def post(client: Client, dataset: Dataset, **body: Any) -> Any:
    return client.post(f"/api/v1/datasets/{dataset.pk}/splits", body, JSON)


def lists(**texts: str) -> list[dict[str, str]]:
    return [{"name": f"{part}.txt", "part": part, "text": text} for part, text in texts.items()]


def test_split_from_lists(submitter: Client, dataset: Dataset) -> None:
    response = post(
        submitter, dataset, name="weak", files=lists(train="v0\nv2\n", test="v1\nnowhere\n")
    )

    assert response.status_code == 201
    [made] = response.json()["results"]
    assert (made["name"], made["version"], made["fold"]) == ("weak", 1, None)
    assert (made["n_train"], made["n_validation"], made["n_test"]) == (2, 0, 1)
    assert made["origin"] == "train.txt, test.txt"
    texts = [finding["text"] for finding in made["report"]]
    assert texts[0].startswith("train and test have videos with the same source recording")
    assert texts[1].startswith("1 of 2 names are no video of this dataset")


def test_split_of_one_with_its_videos(reader: Client, submitter: Client, dataset: Dataset) -> None:
    [made] = post(submitter, dataset, name="weak", files=lists(test="v3\nv1")).json()["results"]

    split = reader.get(made["url"]).json()

    assert split["dataset_id"] == dataset.pk
    assert [(video["name"], video["part"]) for video in split["videos"]] == [
        ("v1", "test"),
        ("v3", "test"),
    ]


def test_folds(submitter: Client, reader: Client, dataset: Dataset) -> None:
    body = {"name": "cv", "n_folds": 2, "held_out_by": "source", "seed": 3}

    folds = post(submitter, dataset, **body).json()["results"]

    assert [fold["fold"] for fold in folds] == [1, 2]
    assert [fold["n_test"] for fold in folds] == [4, 4]
    listed = reader.get(f"/api/v1/datasets/{dataset.pk}/splits").json()["results"]
    assert [each["id"] for each in listed] == [fold["id"] for fold in folds]


def test_validation_out_of_a_named_split(submitter: Client, dataset: Dataset) -> None:
    files = lists(train="\n".join(f"v{number}" for number in range(6)), test="v7")
    [base] = post(submitter, dataset, name="base", files=files).json()["results"]
    post(submitter, dataset, name="other", files=lists(test="v0"))
    body = {"validation_share": 0.3, "held_out_by": "source", "base": base["id"]}

    [made] = post(submitter, dataset, name="held out", **body).json()["results"]

    assert (made["n_train"], made["n_validation"], made["n_test"]) == (4, 2, 1)
    assert made["held_out_by"] == "source"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"n_folds": 2, "validation_share": 0.1}, ""),
        ({"n_folds": 1}, "/n_folds"),
        ({"n_folds": 9}, ""),
        ({"validation_share": 2}, ""),
        ({"validation_share": 0.1, "base": "split_0"}, "/base"),
        ({"n_folds": 2, "held_out_by": "weather"}, "/held_out_by"),
        ({"files": []}, "/files"),
        ({"files": [{"name": "x", "text": "v0"}]}, "/files"),
        ({"files": [{"name": "x", "part": "test", "text": "a; b"}]}, "/files"),
        ({"files": [{"name": "x", "part": "test", "text": "nowhere"}]}, "/files"),
        ({"files": [{"name": "x", "part": "test", "text": "v0", "more": 1}]}, "/files/0/more"),
        ({"colour": "red", "n_folds": 2}, "/colour"),
    ],
)
def test_split_that_cannot_be(
    submitter: Client, dataset: Dataset, body: dict[str, Any], pointer: str
) -> None:
    response = post(submitter, dataset, name="x", **body)

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    errors = response.json()["errors"] or [{"pointer": ""}]
    assert errors[0]["pointer"] == pointer
    assert not Split.objects.exists()


def test_base_of_another_dataset(submitter: Client, dataset: Dataset) -> None:
    foreign = SplitFactory.create()

    response = post(submitter, dataset, name="x", validation_share=0.1, base=foreign.pk)

    assert response.json()["errors"][0]["pointer"] == "/base"


def test_who_may(reader: Client, stranger: Client, dataset: Dataset) -> None:
    split = SplitFactory.create(dataset=dataset)

    assert post(reader, dataset, name="x", n_folds=2).status_code == 403
    assert post(stranger, dataset, name="x", n_folds=2).status_code == 404
    assert stranger.get(f"/api/v1/splits/{split.pk}").status_code == 404


def share(client: Client, dataset: Dataset, text: str) -> Any:
    body = {"file": "groups.csv", "text": text}
    return client.put(f"/api/v1/datasets/{dataset.pk}/groups", body, JSON)


def test_groups_that_splits_are_then_held_out_by(submitter: Client, dataset: Dataset) -> None:
    [mixed] = post(
        submitter, dataset, name="mixed", files=lists(train="v0\nv1", test="v2\nv3")
    ).json()["results"]

    response = share(submitter, dataset, "name,source\nv1,one film\nv2,one film\nv9,another\n")

    assert response.status_code == 200
    assert [line["text"] for line in response.json()["report"]] == [
        "1 of 3 names are no video of this dataset, or may be several, and are left out: "
        "v9 (there is no such clip)"
    ]
    [leak, *_others] = submitter.get(mixed["url"]).json()["report"]
    assert leak["text"].startswith("train and test have videos with the same source recording")
    folds = post(submitter, dataset, name="cv", n_folds=2, held_out_by="source").json()["results"]
    assert [fold["report"] for fold in folds] == [[], []]


def test_groups_that_are_none(submitter: Client, dataset: Dataset) -> None:
    response = share(submitter, dataset, "name,colour\nv1,red\n")

    assert response.status_code == 422
    assert "colour" in str(response.json())
