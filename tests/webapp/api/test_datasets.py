"""Importing and reading datasets over REST."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from django.utils import timezone

from tests.factories.datasets import IntervalFactory, VideoFactory
from webapp.accounts.models import Team, User
from webapp.datasets.models import Dataset, Split, Video
from webapp.jobs.models import Job

DATASETS = "/api/v1/datasets"
JSON = "application/json"


@pytest.fixture
def folder(settings: LazySettings) -> Path:
    folder = Path(settings.DATA_ROOTS[0]) / "corridor"
    folder.mkdir(parents=True)
    return folder


def test_import_answers_with_the_job(submitter: Client, folder: Path, team: Team) -> None:
    response = submitter.post(DATASETS, {"name": "Corridor", "folder": str(folder)}, JSON)

    assert response.status_code == 202
    dataset = Dataset.objects.get()
    assert dataset.team == team
    assert response.headers["Location"] == f"/api/v1/jobs/{dataset.import_job_id}"
    assert response.json()["kind"] == "import"
    assert response.json()["result_url"] == f"{DATASETS}/{dataset.pk}"


def test_import_twice_under_one_name(submitter: Client, folder: Path) -> None:
    body = {"name": "Corridor", "folder": str(folder)}
    submitter.post(DATASETS, body, JSON)

    response = submitter.post(DATASETS, body, JSON)

    assert response.status_code == 409
    assert response.json()["errors"][0]["pointer"] == "/name"


@pytest.mark.parametrize("path", ["/etc", "../..", "nowhere", "", "a" * 1001])
def test_import_from_elsewhere(submitter: Client, folder: Path, path: str) -> None:
    response = submitter.post(DATASETS, {"name": "x", "folder": path}, JSON)

    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/folder"
    assert not Dataset.objects.exists()


def test_import_again(submitter: Client, folder: Path) -> None:
    submitter.post(DATASETS, {"name": "Corridor", "folder": str(folder)}, JSON)
    dataset = Dataset.objects.get()
    first = dataset.import_job_id
    address = f"{DATASETS}/{dataset.pk}/import"
    assert submitter.post(address).status_code == 409  # the first one goes on
    Job.objects.update(status=Job.Status.SUCCEEDED, finished_at=timezone.now())

    response = submitter.post(address)

    assert response.status_code == 202
    assert response.json()["result_url"] == f"{DATASETS}/{dataset.pk}"
    dataset.refresh_from_db()
    assert dataset.import_job_id != first
    assert response.headers["Location"] == f"/api/v1/jobs/{dataset.import_job_id}"


def test_import_again_decides_about_frame_numbers(submitter: Client, folder: Path) -> None:
    submitter.post(DATASETS, {"name": "Corridor", "folder": str(folder)}, JSON)
    dataset = Dataset.objects.get()
    Job.objects.update(status=Job.Status.SUCCEEDED, finished_at=timezone.now())
    address = f"{DATASETS}/{dataset.pk}/import"

    refused = submitter.post(f"{address}?frame_numbers=guess")
    taken = submitter.post(f"{address}?frame_numbers=order")

    assert (refused.status_code, taken.status_code) == (422, 202)
    shown = submitter.get(f"{DATASETS}/{dataset.pk}").json()
    assert shown["frame_numbers"] == "order"


def test_import_again_is_for_members_of_the_team(
    with_token, vera: User, stranger: Client, split: Split
) -> None:
    address = f"{DATASETS}/{split.dataset_id}/import"

    assert with_token(vera, "manage").post(address).status_code == 403
    assert stranger.post(address).status_code == 404


def test_dataset_detail(reader: Client, split: Split) -> None:
    dataset = reader.get(f"{DATASETS}/{split.dataset_id}").json()

    assert dataset["n_videos"] == 2
    assert not dataset["is_importing"]
    assert dataset["ground_truth"]["source"] == "labels.csv"
    [shown] = dataset["splits"]
    assert (shown["n_train"], shown["n_validation"], shown["n_test"]) == (1, 0, 1)


def test_dataset_list_shows_the_teams_own(reader: Client, stranger: Client, split: Split) -> None:
    [listed] = reader.get(DATASETS).json()["results"]

    assert listed["id"] == split.dataset_id
    assert stranger.get(DATASETS).json()["results"] == []


def test_videos_in_order_with_ground_truth(reader: Client, split: Split, video: Video) -> None:
    dataset = split.dataset
    IntervalFactory.create(annotation_set=dataset.ground_truth, video=video, label="running")
    VideoFactory.create(dataset=dataset, name="old", status=Video.Status.RETIRED)

    videos = reader.get(f"{DATASETS}/{dataset.pk}/videos").json()["results"]

    names = [each["name"] for each in videos]
    assert names == sorted(names)
    assert "old" not in names
    [shown] = [each for each in videos if each["name"] == "walk/01"]
    assert shown["intervals"] == [
        {
            "start_frame": 20, "end_frame": 60, "label": "running",
            "start_seconds": 0.8, "seconds": pytest.approx(1.6),
        }
    ]  # fmt: skip
    assert reader.get(f"/api/v1/videos/{video.pk}").json() == shown


def test_videos_paged_by_name(reader: Client, split: Split) -> None:
    VideoFactory.create_batch(3, dataset=split.dataset)
    seen, address = [], f"{DATASETS}/{split.dataset_id}/videos?limit=2"

    while address:
        page = reader.get(address).json()
        seen += [video["name"] for video in page["results"]]
        address = page["next"]

    assert seen == sorted(seen)
    assert len(set(seen)) == 5


def test_videos_filtered(reader: Client, split: Split) -> None:
    rejected = VideoFactory.create(
        dataset=split.dataset, status=Video.Status.REJECTED, reason="It is empty.", n_frames=0
    )
    address = f"{DATASETS}/{split.dataset_id}/videos"

    [shown] = reader.get(f"{address}?status=rejected").json()["results"]
    assert shown["name"] == rejected.name
    assert shown["reason"] == "It is empty."
    assert len(reader.get(f"{address}?label=normal").json()["results"]) == 1
    assert reader.get(f"{address}?n_frames__gt=1").status_code == 422
