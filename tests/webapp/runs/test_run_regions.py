"""Runs whose method looks at regions of videos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.factories.datasets import DatasetFactory
from tests.factories.runs import MethodFactory, TrainableSplitFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Region, RegionSet, Split, Video
from webapp.runs import services
from webapp.runs.models import Method, Run
from workers import kinds
from workers.run_files import videos_to_score


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team, dataset__normal_labels=["walking"])


@pytest.fixture
def method() -> Method:
    return MethodFactory.create(name="of_clips", title="Of clips", reads="clips")


@pytest.fixture
def regions(split: Split) -> RegionSet:
    """Two in the training video, one in the test video."""
    made = RegionSet.objects.create(dataset=split.dataset, name="people", origin="people.csv")
    train, test = (Video.objects.in_split(split, part).get() for part in ("train", "test"))
    box = {"left": 3, "top": 4, "width": 50, "height": 60}
    for video, start, label, more in (
        (train, 0, "walking", box), (train, 20, "punch", {}), (test, 5, "punch", box),
    ):  # fmt: skip
        Region.objects.create(
            region_set=made,
            video=video,
            start_frame=start,
            end_frame=start + 30,
            label=label,
            **more,
        )
    return made


def submit(split: Split, method: Method, by: User, **changes: Any) -> Run:
    answers = {
        "team": split.dataset.team, "dataset": split.dataset, "split": split, "method": method,
        "config": {}, "by": by,
    }  # fmt: skip
    return services.create_run(**answers | changes)


def test_a_training_is_told_of_regions_with_their_labels(
    split: Split, method: Method, regions: RegionSet, bob: User, tmp_path: Path
) -> None:
    run = submit(split, method, bob, region_set=regions)

    spec = kinds.find("train").kind.prepare(run.job, tmp_path)

    [video] = [each for each in spec["videos"] if each["part"] == "train"]
    assert video["regions"] == [
        {
            "start_frame": 0, "end_frame": 30, "label": "normal",
            "box": {"left": 3, "top": 4, "width": 50, "height": 60},
        },
        {"start_frame": 20, "end_frame": 50, "label": "punch", "box": None},
    ]  # fmt: skip


def test_scoring_is_told_where_but_not_what(
    split: Split, method: Method, regions: RegionSet, bob: User
) -> None:
    run = submit(split, method, bob, region_set=regions)

    [video] = videos_to_score(run)

    assert [(each["start_frame"], each["label"]) for each in video["regions"]] == [(5, "")]


def test_without_a_set_no_video_has_regions(
    split: Split, method: Method, regions: RegionSet, bob: User
) -> None:
    [video] = videos_to_score(submit(split, method, bob))

    assert "regions" not in video


def test_other_methods_take_none(split: Split, regions: RegionSet, bob: User) -> None:
    with pytest.raises(UserError, match="Conv-AE reads no clips and looks at whole pic") as caught:
        submit(split, MethodFactory.create(), bob, region_set=regions)

    assert caught.value.field == "region_set"


def test_regions_of_another_dataset(split: Split, method: Method, team: Team, bob: User) -> None:
    other = RegionSet.objects.create(
        dataset=DatasetFactory.create(team=team), name="others", origin="a.csv"
    )

    with pytest.raises(UserError, match="others v1 are not regions of") as caught:
        submit(split, method, bob, region_set=other)

    assert caught.value.field == "region_set"


def test_form_rest_and_page(
    split: Split, method: Method, regions: RegionSet, as_bob: Client
) -> None:
    form = as_bob.get("/runs/new?method=of_clips").context["form"]
    assert regions.pk in dict(form.fields["region_set"].choices)
    sent = {
        "method": "of_clips", "split": split.pk, "seed": "1", "selection": "last",
        "config.is_grey": "true",
    }  # fmt: skip

    first = as_bob.post("/runs/new", sent | {"region_set": regions.pk})
    body = {"dataset": split.dataset_id, "method": "of_clips", "region_set": regions.pk}
    second = as_bob.post("/api/v1/runs", body, content_type="application/json")

    assert (first.status_code, second.status_code) == (302, 202), second.content
    assert Run.objects.filter(region_set=regions).count() == 2
    page = as_bob.get(first["Location"]).content.decode()
    assert "people v1" in page
    assert f"region_set={regions.pk}" in page
    run = Run.objects.first()
    assert run is not None
    assert as_bob.get(f"/api/v1/runs/{run.pk}").json()["region_set_id"] == regions.pk


def test_the_form_of_other_methods_offers_none(
    split: Split, regions: RegionSet, as_bob: Client
) -> None:
    MethodFactory.create()

    assert "region_set" not in as_bob.get("/runs/new?method=conv_ae").context["form"].fields
