"""Regions of videos: from a table to rows, on the page and over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories.datasets import DatasetFactory, VideoFactory
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Dataset, RegionSet
from webapp.datasets.regions import import_regions
from webapp.datasets.splits import GivenList
from webapp.datasets.versions import next_version

TABLE = "video,start_frame,end_frame,x,y,width,height,label\na,2,5,1,2,30,40,person\nb,0,,,,,,\n"


@pytest.fixture
def dataset(team: Team) -> Dataset:
    """Videos of 100 frames, 320 × 240."""
    dataset = DatasetFactory.create(team=team)
    for name in ("test/a", "test/b"):
        VideoFactory.create(dataset=dataset, name=name)
    return dataset


def bring(dataset: Dataset, by: User, text: str = TABLE, name: str = "people") -> RegionSet:
    file = GivenList(name="regions.csv", data=text.encode())
    return import_regions(dataset=dataset, name=name, file=file, by=by)


def test_boxes_and_clips_are_stored(dataset: Dataset, bob: User) -> None:
    region_set = bring(dataset, bob)

    box, clip = region_set.regions.all()
    assert (box.video.name, box.start_frame, box.end_frame) == ("test/a", 2, 5)
    assert (box.left, box.top, box.width, box.height, box.label) == (1, 2, 30, 40, "person")
    assert (clip.video.name, clip.start_frame, clip.end_frame, clip.left) == (
        "test/b",
        0,
        100,
        None,
    )
    assert (region_set.origin, region_set.report) == ("regions.csv", [])
    assert AuditEvent.objects.get().details["n_regions"] == 2


def test_the_same_name_is_the_next_version(dataset: Dataset, bob: User) -> None:
    assert [str(bring(dataset, bob)) for _ in range(2)] == ["people v1", "people v2"]


def test_a_dataset_that_is_deleted_meanwhile(dataset: Dataset, bob: User) -> None:
    with pytest.raises(ConflictError, match="has been deleted meanwhile"):
        next_version(Dataset(pk="ds_gone", name="Gone", team=dataset.team), dataset.splits, "x")


def test_what_fits_no_video_is_told_and_left_out(dataset: Dataset, bob: User) -> None:
    more = "stranger,0,5,1,2,3,4,\na,90,101,1,2,3,4,\nb,0,5,300,2,30,4,\n"

    region_set = bring(dataset, bob, TABLE + more)

    assert region_set.regions.count() == 2
    assert [finding["text"] for finding in region_set.report] == [
        "left out 1 region of no video here: stranger (there is no such clip)",
        "left out 2 regions outside their video: a: frames [90, 101) of 100, "
        "b: a box up to (330, 6) of a picture of 320 × 240",
    ]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": " "}, "name", "The name needs"),
        ({"text": "video,label\na,b\n"}, "file", "has neither frames"),
        ({"text": "video,frame\nstranger,1\n"}, "file", "None of the 1 regions lies in a video"),
    ],
)
def test_what_is_refused(
    dataset: Dataset, bob: User, changes: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        bring(dataset, bob, **changes)

    assert caught.value.field == field
    assert sentence in caught.value.sentence
    assert not RegionSet.objects.exists()


def test_a_viewer_may_not(dataset: Dataset, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        bring(dataset, vera)


def test_on_the_page(as_bob: Client, as_vera: Client, dataset: Dataset) -> None:
    address = f"/datasets/{dataset.pk}/regions/new"
    bad = as_bob.post(address, {"name": "x", "file": SimpleUploadedFile("r.csv", b"a,b\n1,2\n")})
    assert bad.status_code == 422
    assert "has no column that names the video" in bad.context["form"].errors["file"][0]

    file = SimpleUploadedFile("regions.csv", TABLE.encode())
    response = as_bob.post(address, {"name": "people", "file": file})

    assert response["Location"] == f"/datasets/{dataset.pk}?tab=regions"
    text = as_vera.get(response["Location"]).content.decode()
    assert "people v1" in text
    assert "Add regions" not in text


def test_over_rest(as_bob: Client, dataset: Dataset) -> None:
    body = {"name": "people", "file": "regions.csv", "text": TABLE}
    address = f"/api/v1/datasets/{dataset.pk}/region-sets"

    made = as_bob.post(address, body, content_type="application/json")

    assert made.status_code == 201, made.content
    answer = made.json()
    assert (answer["n_regions"], answer["n_boxes"], answer["n_videos"]) == (2, 1, 2)
    assert [each["id"] for each in as_bob.get(address).json()["results"]] == [answer["id"]]
    detail = as_bob.get(answer["url"]).json()
    assert detail["regions"][0] == {
        "video_id": dataset.videos.get(name="test/a").pk, "video": "test/a",
        "start_frame": 2, "end_frame": 5, "left": 1, "top": 2, "width": 30, "height": 40,
        "label": "person", "track": None,
    }  # fmt: skip
