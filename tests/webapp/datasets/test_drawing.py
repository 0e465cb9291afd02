"""Regions that are drawn on a video: the next version of a set, never a change of one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.factories.datasets import DatasetFactory, VideoFactory
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.drawing import newest_sets, save_drawn
from webapp.datasets.models import Dataset, Region, RegionSet, Video
from webapp.datasets.regions import import_regions
from webapp.datasets.splits import GivenList

WHOLE = {"left": None, "top": None, "width": None, "height": None}


def region(**changes: Any) -> dict[str, Any]:
    """Frames 2 to 5, a box of 30 × 40 pixels."""
    box = {"left": 1, "top": 2, "width": 30, "height": 40}
    return {"start_frame": 2, "end_frame": 5, "label": "person", **box} | changes


@pytest.fixture
def dataset(team: Team) -> Dataset:
    return DatasetFactory.create(team=team)


@pytest.fixture
def video(dataset: Dataset) -> Video:
    """100 frames, 320 × 240."""
    return VideoFactory.create(dataset=dataset, name="test/a")


@pytest.fixture
def brought(dataset: Dataset, video: Video, bob: User) -> RegionSet:
    """One region of each of two videos."""
    VideoFactory.create(dataset=dataset, name="test/b")
    table = b"video,start_frame,end_frame,label\na,0,9,walk\nb,3,7,run\n"
    file = GivenList(name="regions.csv", data=table)
    return import_regions(dataset=dataset, name="people", file=file, by=bob)


def save(video: Video, by: User, *regions: dict[str, Any], **changes: Any) -> RegionSet:
    given: dict[str, Any] = {"name": "people", "base": None}
    return save_drawn(video=video, regions=regions, by=by, **(given | changes))


def test_a_first_set(video: Video, bob: User) -> None:
    made = save(video, bob, region(), region(**WHOLE, label=""))

    box, clip = made.regions.order_by("pk")
    assert (box.left, box.top, box.width, box.height, box.label) == (1, 2, 30, 40, "person")
    assert (clip.start_frame, clip.end_frame, clip.left) == (2, 5, None)
    assert (str(made), made.origin, made.created_by) == ("people v1", "drawn on test/a", bob)
    event = AuditEvent.objects.get()
    assert (event.act, event.details["n_regions"]) == ("regions.drawn", 2)


def test_other_videos_keep_theirs_and_the_old_version_stays(
    video: Video, brought: RegionSet, bob: User
) -> None:
    made = save(video, bob, region(), base=brought)

    assert str(made) == "people v2"
    found = made.regions.order_by("video__name").values_list("video__name", "label")
    assert list(found) == [("test/a", "person"), ("test/b", "run")]
    assert sorted(brought.regions.values_list("label", flat=True)) == ["run", "walk"]
    assert [str(each) for each in newest_sets(video.dataset)] == ["people v2"]


def test_all_of_a_video_may_be_taken_away_but_not_all_of_a_set(
    video: Video, brought: RegionSet, bob: User
) -> None:
    made = save(video, bob, base=brought)
    assert [each.label for each in made.regions.all()] == ["run"]

    with pytest.raises(UserError, match="A set needs a region"):
        save(video, bob, name="other")


def test_another_name_begins_a_set_of_its_own(video: Video, brought: RegionSet, bob: User) -> None:
    made = save(video, bob, region(), base=brought, name="mine")

    assert (str(made), made.regions.count()) == ("mine v1", 2)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"left": 300}, "a box up to (330, 42) of a picture of 320 × 240"),
        ({"top": 220}, "a box up to (31, 260) of a picture of 320 × 240"),
        ({"left": -1}, "its box begins outside the picture, at (-1, 2)"),
        ({"width": 0}, "its box of 0 × 40 pixels is empty"),
        ({"height": -5}, "its box of 30 × -5 pixels is empty"),
        ({"width": None}, "a box needs left, top, width, height"),
        ({"end_frame": 2}, "[2, 2) is no range of frames"),
        ({"start_frame": -1}, "[-1, 5) is no range of frames"),
        ({"end_frame": 101}, "frames [2, 101) of 100"),
        ({"end_frame": 10**12}, "is no range of frames"),
    ],
)
def test_what_does_not_lie_in_the_video_is_refused(
    video: Video, bob: User, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        save(video, bob, region(), region(**changes))

    assert caught.value.sentence.startswith("Region 2 does not lie in the video: ")
    assert sentence in caught.value.sentence
    assert not Region.objects.exists()


def test_two_people_do_not_overwrite_each_other(
    video: Video, brought: RegionSet, bob: User
) -> None:
    save(video, bob, region(), base=brought)

    with pytest.raises(ConflictError, match="people v2 has been saved since people v1 was opened"):
        save(video, bob, region(), base=brought)
    with pytest.raises(ConflictError, match="There is a set people already"):
        save(video, bob, region())


def test_a_set_of_another_dataset_is_no_base(video: Video, bob: User, team: Team) -> None:
    foreign = DatasetFactory.create(team=team).region_sets.create(name="x", origin="y")

    with pytest.raises(UserError, match="is a set of another dataset"):
        save(video, bob, region(), base=foreign)


def test_a_viewer_may_not(video: Video, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        save(video, vera, region())


def test_on_the_page(as_bob: Client, video: Video, brought: RegionSet) -> None:
    address = f"/videos/{video.pk}/regions"
    assert as_bob.get(address).json() == {"regions": []}
    [there] = as_bob.get(f"{address}?set={brought.pk}").json()["regions"]
    assert there == {**WHOLE, "start_frame": 0, "end_frame": 9, "label": "walk"}

    body = {"name": "people", "base": brought.pk, "regions": json.dumps([there, region()])}
    made = as_bob.post(address, body)

    assert made.status_code == 201, made.content
    assert made.json()["title"] == "people v2"
    again = as_bob.post(address, body)
    assert again.status_code == 409
    assert "has been saved since" in again.json()["sentence"]


@pytest.mark.parametrize(
    "given", ["", "{}", "[1]", '[{"start_frame": 1}]', json.dumps([region(start_frame=True)])]
)
def test_no_list_of_regions(as_bob: Client, video: Video, given: str) -> None:
    answer = as_bob.post(f"/videos/{video.pk}/regions", {"name": "x", "regions": given})

    assert answer.status_code == 422
    assert answer.json()["sentence"]


def test_over_rest(as_bob: Client, video: Video) -> None:
    address = f"/api/v1/videos/{video.pk}/regions"
    body = {"name": "people", "regions": [region(), {"start_frame": 1, "end_frame": 9}]}

    made = as_bob.post(address, body, content_type="application/json")

    assert made.status_code == 201, made.content
    assert (made.json()["n_regions"], made.json()["n_boxes"]) == (2, 1)
    body = {"name": "people", "base": made.json()["id"], "regions": [region(width=0)]}
    refused = as_bob.post(address, body, content_type="application/json")
    assert refused.status_code == 422
    assert "pixels is empty" in refused.json()["detail"]
