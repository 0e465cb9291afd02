"""What runs get to know of a split's videos."""

import pytest

import ml.records
from tests.webapp.datasets.surveyed import (
    annotations,
    clean_events,
    import_all,
    ready_video,
    rejected_video,
)
from webapp.datasets import ground_truth, services
from webapp.datasets.models import Split, Video


def test_manifest_videos_carry_the_scale(dataset, folder):
    event = ready_video(folder, "test/a", pixel_low=1000, pixel_high=2000)
    import_all(dataset, folder, event)

    [video] = services.manifest_videos(Split.objects.get())

    assert (video["pixel_low"], video["pixel_high"]) == (1000, 2000)


def test_manifest_videos_are_the_ready_ones_without_intervals(dataset, folder):
    import_all(dataset, folder, *clean_events(folder), rejected_video("test/b"))

    test, train = services.manifest_videos(Split.objects.get())

    assert test["path"] == f"{dataset.folder}/test/a.mp4"
    assert (test["part"], test["n_frames"], test["intervals"]) == ("test", 10, [])
    assert (train["part"], train["intervals"]) == ("train", [])


def test_manifest_videos_of_some_parts(dataset, folder):
    import_all(dataset, folder, *clean_events(folder))

    [train] = services.manifest_videos(Split.objects.get(), parts=["train", "validation"])

    assert train["part"] == "train"


def test_manifest_videos_with_intervals_of_whichever_part(dataset, folder):
    abnormal_training(dataset, folder)

    _test, train = services.manifest_videos(Split.objects.get(), with_intervals=True)

    assert train["intervals"] == [{"start_frame": 2, "end_frame": 5, "label": "running"}]


def abnormal_training(dataset, folder, label=""):
    """Imported with ground truth that has the training video abnormal."""
    events = [ready_video(folder, "train/a", label=label), ready_video(folder, "test/a")]
    spans = annotations() | {"intervals": {"train/a": [[2, 5, "running"]]}}
    return import_all(dataset, folder, *events, spans)


@pytest.mark.parametrize(
    ("label", "told"), [("", "abnormal"), ("normal", "abnormal"), ("Fighting", "Fighting")]
)
def test_manifest_videos_tell_what_trains_that_a_video_is_abnormal(dataset, folder, label, told):
    abnormal_training(dataset, folder, label)

    _test, train = services.manifest_videos(Split.objects.get())

    assert (train["label"], train["intervals"]) == (told, [])
    assert Video.objects.get(name="train/a").label == label


def test_manifest_videos_by_the_ground_truth_that_is_told(dataset, folder):
    dataset = import_all(dataset, folder, *clean_events(folder))
    before = dataset.ground_truth
    abnormal_training(dataset, folder, "normal")

    split = Split.objects.get()
    labels = [services.manifest_videos(split, each)[1]["label"] for each in (before, None)]

    assert labels == ["normal", "abnormal"]


def test_normal_videos_go_by_label_and_newest_ground_truth(dataset, folder):
    dataset = abnormal_training(dataset, folder)
    videos = Video.objects.filter(dataset=dataset)
    services.record_video(dataset, event=ready_video(folder, "b", label="Fighting"), folder=folder)

    before = names(videos.normal()), names(videos.abnormal())
    ground_truth.record_annotations(dataset, event=annotations(a=[[2, 5, ""]]))
    after = names(videos.normal()), names(videos.abnormal())

    assert before == ({"test/a"}, {"train/a", "b"})
    assert after == ({"train/a"}, {"test/a", "b"})


def names(videos):
    return set(videos.values_list("name", flat=True))


def test_manifest_videos_make_video_records(dataset, folder):
    import_all(dataset, folder, *clean_events(folder))

    records = [
        ml.records.VideoRecord.from_json(each)
        for each in services.manifest_videos(Split.objects.get(), with_intervals=True)
    ]

    assert records[0].intervals == (
        ml.records.Interval(start_frame=2, end_frame=5, label="running"),
    )
