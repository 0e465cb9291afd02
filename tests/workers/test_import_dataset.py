from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.data.survey import survey
from ml.reports import Event, Reporter
from tests.factories.datasets import DatasetFactory
from tests.factories.jobs import JobFactory
from tests.toys import moving_square_video
from tests.webapp.datasets.surveyed import annotations, ready_video
from webapp.common.errors import UserError
from webapp.datasets.models import Dataset, Split, Video
from webapp.datasets.services import begin_import, manifest_videos
from webapp.datasets.splits import make_split
from workers import kinds


@pytest.fixture
def kind():
    return kinds.find("import").kind


@pytest.fixture
def job(team, tmp_path):
    """The job of a dataset whose folder is there."""
    folder = tmp_path / "data" / "corridor"
    folder.mkdir(parents=True)
    dataset = DatasetFactory.create(team=team, folder=str(folder), content_hash="")
    job = JobFactory.create(
        team=team, kind="import", subject_id=dataset.pk, spec={"format": ""}, held=True
    )
    begin_import(dataset, job=job)
    return job


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "job"


def test_prepare_tells_the_child_what_to_survey(kind, job, folder):
    Dataset.objects.update(normal_labels=["walking"])

    spec = kind.prepare(job, folder)

    assert spec["verb"] == "survey"
    assert spec["normal_labels"] == ["walking"]
    assert spec["folder"] == Dataset.objects.get().folder
    assert spec["out_dir"].startswith(str(folder))


def test_prepare_refuses_folder_that_became_a_link_to_elsewhere(kind, job, folder, tmp_path):
    registered = tmp_path / "data" / "corridor"
    registered.rmdir()
    registered.symlink_to("/etc")

    with pytest.raises(UserError, match="There is no folder"):
        kind.prepare(job, folder)


def test_events_of_a_whole_import(kind, job, folder):
    finding = {"event": "finding", "level": "info", "subject": "a.txt", "text": "Not a video."}
    events = [
        ready_video(folder, "train/a"),
        ready_video(folder, "test/a"),
        annotations(a=[[2, 5, "running"]]),
        finding,
    ]
    for event in events:
        kind.on_event(job, event, folder)
    job.result = {"format": "plain"}
    kind.on_success(job, folder)

    dataset = Dataset.objects.get()
    assert dataset.format == "plain"
    assert dataset.content_hash
    assert [found["text"] for found in dataset.report] == ["Not a video."]
    assert dataset.ground_truth.intervals.get().video.name == "test/a"
    assert Split.objects.get().members.count() == 2


def test_import_of_real_files(kind, job, folder):
    here = Path(Dataset.objects.get().folder)
    moving_square_video(here / "train" / "a.mp4", 12)
    moving_square_video(here / "test" / "a.mp4", 15, abnormal=range(5, 9))
    (here / "test" / "b.mp4").write_text("not a video")
    (here / "manifest.csv").write_text(
        "name,label,intervals\ntest/a,running,5:9\ntrain/a,normal,\n"
    )
    events: list[Event] = []

    survey(kind.prepare(job, folder), Reporter(events.append))
    for event in events:
        kind.on_event(job, event, folder)
    job.result = events[-1]["values"]
    kind.on_success(job, folder)

    test, train = manifest_videos(Split.objects.get(), with_intervals=True)
    assert (test["n_frames"], train["n_frames"]) == (15, 12)
    assert test["intervals"] == [{"start_frame": 5, "end_frame": 9, "label": "running"}]
    assert Video.objects.rejected().get().name == "test/b"
    assert ("error", "test/b") in [
        (found["level"], found["subject"]) for found in Dataset.objects.get().report
    ]


def test_import_of_deep_pixels_and_missing_numbers(kind, job, folder):
    """What the survey finds is stored, and what somebody decided is asked of the survey."""
    Dataset.objects.update(frame_numbers="order")
    here = Path(Dataset.objects.get().folder)
    for name, numbers in (("train/a", (1, 2, 3)), ("test/b", (1, 2, 4))):
        (here / name).mkdir(parents=True)
        for number in numbers:
            values = np.full((32, 48), 51_241, np.uint16)
            values[16:] = 52_181
            Image.fromarray(values).save(here / name / f"{number}.png")
    spec = kind.prepare(job, folder)

    survey(spec, Reporter(lambda event: kind.on_event(job, event, folder)))

    assert spec["frame_numbers"] == "order"
    stored = dict(Video.objects.values_list("name", "numbering_fault"))
    assert stored == {"train/a": "", "test/b": ""}
    scales = set(Video.objects.values_list("pixel_low", "pixel_high"))
    assert scales == {(51_241, 52_181)}


@pytest.mark.soak
@pytest.mark.shared_data
def test_import_of_four_real_hours(kind, job, folder, shared_data, settings, alice):
    """Normal hours of a room to train on, one of them held out, and an hour with its events."""
    settings.DATA_ROOTS = [shared_data]
    Dataset.objects.update(folder=str(shared_data / "upcam"))

    def note(event: Event) -> None:
        kind.on_event(job, event, folder)
        job.result = event.get("values", {})

    survey(kind.prepare(job, folder), Reporter(note))
    kind.on_success(job, folder)

    dataset = Dataset.objects.get()
    facts = dataset.videos.ready().values_list("name", "part", "label", "n_frames", "fps")
    assert list(facts) == [
        ("00", "test", "", 18_066, 5.0),
        ("train/00-20", "train", "normal", 18_042, 5.0),
        ("train/00-21", "train", "normal", 18_007, 5.0),
        ("train/01-20", "train", "normal", 18_040, 5.0),
    ]
    assert dataset.format == "own_clips"
    spans = dataset.ground_truth.intervals.values_list("start_frame", "end_frame")
    assert (len(spans), sum(end - start for start, end in spans)) == (14, 5_517)
    assert {finding["level"] for finding in dataset.report} == {"info"}

    [split] = make_split(dataset=dataset, name="held out", validation_share=0.3, by=alice)
    parts = Counter(split.members.values_list("part", flat=True))
    assert parts == {"train": 2, "validation": 1, "test": 1}


def test_on_replaced_lets_the_successor_start_over(kind, job, folder):
    kind.on_event(job, ready_video(folder, "train/a"), folder)
    successor = JobFactory.create(team=job.team, kind="import", subject_id=job.subject_id)

    kind.on_replaced(job, successor)
    kind.on_event(successor, ready_video(folder, "train/a"), folder)

    assert Dataset.objects.get().import_job == successor
    assert Video.objects.get().imported_by == successor
