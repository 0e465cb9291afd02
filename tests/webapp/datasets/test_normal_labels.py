"""Labels that are normal in one dataset alone: on the form, over REST, changed later, used."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.factories.jobs import JobFactory
from tests.webapp.datasets.surveyed import ready_video
from webapp.accounts import services as accounts
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets import services
from webapp.datasets.models import Dataset
from webapp.datasets.splits import GivenList, import_split

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset(team: Team) -> Dataset:
    return DatasetFactory.create(team=team, normal_labels=["walking"])


@pytest.fixture
def folder(settings: LazySettings) -> Path:
    folder = Path(settings.DATA_ROOTS[0]) / "corridor"
    folder.mkdir(parents=True)
    return folder


def test_on_the_forms(as_bob: Client, folder: Path, settings: LazySettings) -> None:
    here = {"name": "Here", "root": str(settings.DATA_ROOTS[0]), "folder": "corridor"}
    as_bob.post("/datasets/new", here | {"normal_labels": " walking, 巡回 ,walking,"})
    file = SimpleUploadedFile("l.csv", b"name,n_frames\nx,90\n")
    far = {"name": "Far", "file": file, "fps": "30", "normal_labels": "standing"}
    as_bob.post("/datasets/new/listed", far)

    kept = dict(Dataset.objects.values_list("name", "normal_labels"))
    assert kept == {"Here": ["walking", "巡回"], "Far": ["standing"]}


def test_over_rest(team: Team, bob: User, folder: Path) -> None:
    _token, secret = accounts.create_token(team=team, name="t", scope="submit", by=bob)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    body = {"name": "Here", "folder": str(folder), "normal_labels": ["walking", "巡回"]}

    assert client.post("/api/v1/datasets", body, "application/json").status_code == 202
    address = "/api/v1/listed-datasets?name=Far&fps=25&normal_labels=walking,standing"
    assert client.post(address, b"name,n_frames\nx,90\n", "text/csv").status_code == 202

    here, far = Dataset.objects.order_by("-name")
    assert client.get(f"/api/v1/datasets/{here.pk}").json()["normal_labels"] == ["walking", "巡回"]
    assert far.normal_labels == ["walking", "standing"]


def test_changed_later_over_rest(team: Team, bob: User, dataset: Dataset) -> None:
    _token, secret = accounts.create_token(team=team, name="t", scope="submit", by=bob)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    address = f"/api/v1/datasets/{dataset.pk}/normal-labels"

    answer = client.put(address, {"normal_labels": ["standing", " 巡回"]}, "application/json")

    assert (answer.status_code, answer.json()) == (200, {"normal_labels": ["standing", "巡回"]})
    dataset.refresh_from_db()
    assert dataset.normal_labels == ["standing", "巡回"]
    refused = client.put(address, {"normal_labels": ["a, b"]}, "application/json")
    assert refused.status_code == 422
    assert "“a, b” holds a comma" in refused.json()["detail"]


def test_over_rest_only_by_whoever_may_import(team: Team, vera: User, dataset: Dataset) -> None:
    _token, secret = accounts.create_token(team=team, name="t", scope="read", by=vera)
    client = Client(headers={"Authorization": f"Bearer {secret}"})

    answer = client.put(
        f"/api/v1/datasets/{dataset.pk}/normal-labels", {"normal_labels": []}, "application/json"
    )

    assert answer.status_code == 403
    dataset.refresh_from_db()
    assert dataset.normal_labels == ["walking"]


def test_changed_later_by_whoever_may_import(
    as_bob: Client, as_vera: Client, dataset: Dataset
) -> None:
    address = f"/datasets/{dataset.pk}/normal-labels"

    answer = as_bob.post(address, {"normal_labels": "walking, standing"})

    assert answer.status_code == 302
    dataset.refresh_from_db()
    assert dataset.normal_labels == ["walking", "standing"]
    assert 'value="walking, standing"' in as_bob.get(answer["Location"]).text
    assert "walking, standing" in as_vera.get(answer["Location"]).text
    assert as_vera.post(address, {"normal_labels": ""}).status_code == 403


@pytest.mark.parametrize("labels", [["x" * 81], [str(n) for n in range(51)]])
def test_too_many_or_too_long(dataset: Dataset, bob: User, labels: list[str]) -> None:
    with pytest.raises(UserError, match="Up to 50 normal labels with up to 80 characters"):
        services.set_normal_labels(dataset=dataset, labels=labels, by=bob)

    dataset.refresh_from_db()
    assert dataset.normal_labels == ["walking"]


@pytest.mark.parametrize("label", ["a, b", "a\nb", "a\r\nb"])
def test_one_that_a_page_would_show_as_two(dataset: Dataset, bob: User, label: str) -> None:
    with pytest.raises(UserError, match="holds a comma or the end of a line"):
        services.set_normal_labels(dataset=dataset, labels=["walking", label], by=bob)


def test_a_viewer_may_not_set_them(dataset: Dataset, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        services.set_normal_labels(dataset=dataset, labels=[], by=vera)


@pytest.mark.parametrize(
    ("label", "stored"),
    [("Walking", "normal"), ("Normal_Videos_event", "normal"), ("running", "running"), ("", "")],
)
def test_labels_of_videos_are_stored_in_one_way(
    dataset: Dataset, tmp_path: Path, label: str, stored: str
) -> None:
    services.begin_import(dataset, job=JobFactory.create(team=dataset.team, kind="import"))
    event = ready_video(tmp_path, "train/a", label=label)

    video = services.record_video(dataset, event=event, folder=tmp_path)

    assert video is not None
    assert video.label == stored


def test_lists_of_a_split_are_read_by_them(dataset: Dataset, bob: User) -> None:
    VideoFactory.create(dataset=dataset, name="a", label="normal")
    data = b"video_name,class,subset\na,Walking,training\n"

    [split] = import_split(
        dataset=dataset, name="s", files=[GivenList(name="l.csv", data=data)], by=bob
    )

    assert not [each for each in split.report if "abnormal here" in each["text"]]
