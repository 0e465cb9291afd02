"""UCF-Crime as its archives unpack: classes by names, parts by lists, any published annotation."""

from pathlib import Path

import pytest

from tests.ml.data.layouts.reading import opened, touch

VIDEOS = (
    "Anomaly-Videos-Part-1/Abuse/Abuse001_x264.mp4",
    "Anomaly-Videos-Part-1/Abuse/Abuse028_x264.mp4",
    "Anomaly-Videos-Part-2/RoadAccidents/RoadAccidents021_x264.mp4",
    "Training-Normal-Videos-Part-1/Normal_Videos001_x264.mp4",
    "Testing_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4",
)
TRAIN = "Abuse/Abuse001_x264.mp4\nTraining_Normal_Videos_Anomaly/Normal_Videos001_x264.mp4\n"
TEST = (
    "Abuse/Abuse028_x264.mp4\nRoadAccidents/RoadAccidents021_x264.mp4\n"
    "Testing_Normal_Videos_Anomaly/Normal_Videos_003_x264.mp4\n"
)
ANNOTATION = (
    "Abuse028_x264.mp4  Abuse  165  240  -1  -1  \n"
    "Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1  \n"
    "RoadAccidents021_x264.mp4  RoadAccidents  30  90  120  150  \n"
)
NAME = "Temporal_Anomaly_Annotation_for_Testing_Videos.txt"


def dataset(folder: Path, *, train: str = TRAIN, test: str = TEST) -> Path:
    touch(folder, *VIDEOS)
    lists = {"Anomaly_Train.txt": train, "Anomaly_Test.txt": test, NAME: ANNOTATION}
    for name, text in lists.items():
        if text:
            (folder / name).write_text(text)
    return folder


def test_classes_parts_and_events(tmp_path: Path) -> None:
    found = opened(dataset(tmp_path), 300)

    assert found.format == "ucf_crime"
    assert [(video.name.rpartition("/")[2], video.part, video.label) for video in found.videos] == [
        ("Abuse001_x264", "train", "Abuse"),
        ("Abuse028_x264", "test", "Abuse"),
        ("RoadAccidents021_x264", "test", "RoadAccidents"),
        ("Normal_Videos_003_x264", "test", "normal"),
        ("Normal_Videos001_x264", "train", "normal"),
    ]
    assert found.spans[VIDEOS[1][:-4]] == [(165, 240)]
    assert found.spans[VIDEOS[2][:-4]] == [(30, 90), (120, 150)]
    assert found.said() == []


def test_without_lists_the_annotation_and_folders_tell_the_parts(tmp_path: Path) -> None:
    found = opened(dataset(tmp_path, train="", test=""), 300)

    assert {video.name.rpartition("/")[2] for video in found.videos if video.part == "test"} == {
        "Abuse028_x264", "RoadAccidents021_x264", "Normal_Videos_003_x264",
    }  # fmt: skip


def test_lists_may_lie_as_deep_as_archives_unpack(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    deeper = folder / "UCF_Crimes" / "Anomaly_Detection_splits"
    deeper.mkdir(parents=True)
    for name in ("Anomaly_Train.txt", "Anomaly_Test.txt"):
        (folder / name).rename(deeper / name)

    found = opened(folder, 300)

    assert sum(video.part == "test" for video in found.videos) == 3


def test_videos_of_event_recognition_are_left_out_where_training_has_them(tmp_path: Path) -> None:
    folder = touch(
        dataset(tmp_path),
        "Normal_Videos_event/Normal_Videos001_x264.mp4",
        "Normal_Videos_event/Normal_Videos777_x264.mp4",
    )

    found = opened(folder, 300)

    assert len(found.videos) == len(VIDEOS) + 1
    [told] = [text for _subject, text in found.said("info") if "event recognition" in text]
    assert "1 video left out" in told
    assert "Normal_Videos001_x264" in told


def test_a_list_that_is_none_is_told(tmp_path: Path) -> None:
    found = opened(dataset(tmp_path, train='{"a": 1}'), 300)

    assert any(subject == "Anomaly_Train.txt" for subject, _text in found.said())


@pytest.mark.parametrize("missing", ["lists", "videos"])
def test_what_only_looks_a_little_like_it_is_another_folder(tmp_path: Path, missing: str) -> None:
    folder = dataset(tmp_path)
    if missing == "lists":
        for path in folder.glob("*.txt"):
            path.unlink()
    else:
        for path in folder.rglob("*.mp4"):
            path.rename(path.with_name(f"clip_{path.name}"))

    assert opened(folder, 300).format != "ucf_crime"
