"""Videos that a file names with their frame counts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ml.data.listed import ListedVideo, list_videos
from ml.records import BadInput


def listed(folder: Path, text: str, name: str = "videos.csv") -> list[ListedVideo]:
    path = folder / name
    path.write_text(text)
    return list_videos(path).videos


def test_our_table(tmp_path: Path) -> None:
    text = "name,n_frames,label,part\ntrain/a.mp4,100,normal,training\nb,50,Abuse,\n"

    found = listed(tmp_path, text)

    assert [video.to_json() for video in found] == [
        {"name": "train/a", "n_frames": 100, "label": "normal", "part": "train"},
        {"name": "b", "n_frames": 50, "label": "Abuse", "part": "test"},
    ]


def test_columns_in_any_order_and_a_byte_order_mark(tmp_path: Path) -> None:
    [video] = listed(tmp_path, "\ufeffn_frames,name\r\n7,a\r\n")

    assert (video.name, video.n_frames) == ("a", 7)


@pytest.mark.parametrize(
    "row",
    ["a,0", "a,-5", "a,1.5", "a,many", "a,", ",5", "a", "a,5,x,somewhere", "a," + "9" * 5_000],
)
def test_rows_that_cannot_be_meant(tmp_path: Path, row: str) -> None:
    with pytest.raises(BadInput, match=r"videos\.csv, line 2: "):
        listed(tmp_path, f"name,n_frames,label,part\n{row}\n")


@pytest.mark.parametrize(
    "text", ["name,n_frames\na,2000000000\n", "a/b.mp4 99999999999 Abuse 1 2 -1 -1\n"]
)
def test_more_frames_than_a_video_has(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="frames are more than a video has"):
        listed(tmp_path, text)


@pytest.mark.parametrize(
    "text", ["Abuse028_x264.mp4  Abuse  165  240  -1  -1\n", "01_001\n01_0015\n"]
)
def test_a_file_without_counts(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="does not say how many frames a video has"):
        listed(tmp_path, text)


def test_a_file_that_is_no_list(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        listed(tmp_path, "Dear colleague,\n")
    with pytest.raises(BadInput):
        listed(tmp_path, '"' + "x" * 200_000)
    np.save(tmp_path / "scores.npy", np.ones(5) / 2)
    with pytest.raises(BadInput):
        list_videos(tmp_path / "scores.npy")


def test_videos_are_called_by_their_folders(tmp_path: Path) -> None:
    found = listed(tmp_path, "name,n_frames\nday/01,5\nnight/01,6\nnight/02,7\n")

    assert [video.name for video in found] == ["day/01", "night/01", "night/02"]


def test_what_annotates_and_what_only_lists(tmp_path: Path) -> None:
    counted = tmp_path / "counted.txt"
    counted.write_text("a/b.mp4 99 Abuse 1 2 -1 -1\n")
    normal = tmp_path / "normal.txt"
    normal.write_text("Normal/b.mp4 99 -1\n")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"videos": [{"name": "a", "n_frames": 9, "intervals": []}]}))

    assert list_videos(counted).annotates
    assert not list_videos(counted, normal_labels=["Abuse"]).annotates
    assert not list_videos(normal).annotates
    assert not list_videos(manifest).annotates
    assert [video.n_frames for video in list_videos(manifest).videos] == [9]


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("file", "n_videos", "n_counted", "n_frames", "is_annotated"),
    [
        ("ucf-crime/annotations/Temporal_Anomaly_Annotation_mist_with_frames.txt",
         290, 290, 1_111_808, True),
        ("ucf-crime/annotations/UCF_Annotation_urdmu.txt", 290, 290, 1_111_808, True),
        ("ucf-crime/annotations/ekosman_Test_Annotation.txt", 290, 290, 1_111_808, True),
        ("ucf-crime/annotations/seominseok_test_anomalyv2.txt", 140, 140, None, True),
        ("ucf-crime/annotations/seominseok_test_normalv2.txt", 150, 150, None, False),
        ("ucf-crime/annotations/ucf_gt_per_video_pel4vad.npz", 290, 290, 1_109_680, True),
        ("ucf-crime/splits/ekosman_Train_Annotation.txt", 1_610, 1_610, None, False),
        ("xd-violence/xd_gt_per_video_pel4vad.npz", 800, 800, 2_330_384, True),
        ("shanghaitech/SH_Test_NEW.txt", 199, 155, None, False),
        ("shanghaitech/test_frame_mask", 107, 107, 40_791, True),
        ("ped2/gt/ped2_pixel_masks.npz", 12, 12, 2_010, True),
    ],
)  # fmt: skip
def test_real_files(
    shared_data: Path,
    file: str,
    n_videos: int,
    n_counted: int,
    n_frames: int | None,
    is_annotated: bool,
) -> None:
    found = list_videos(shared_data / file)

    assert len({video.name for video in found.videos}) == n_videos
    assert sum(video.n_frames is not None for video in found.videos) == n_counted
    if n_frames:
        assert sum(video.n_frames or 0 for video in found.videos) == n_frames
    assert found.annotates == is_annotated


def test_tables_as_spreadsheets_write_them_with_labels_that_say_normal(tmp_path: Path) -> None:
    text = "Video;n_frames;Class;Split;fps;Notes\r\na.mp4;100.0;Normal;train;25;x\r\n;;;;;\r\n"
    text += "b.mp4;50,0;patrol;;;\r\nc.mp4;7;1;;;\r\nd.mp4;7;Abnormal;;;\r\n"
    path = tmp_path / "videos.csv"
    path.write_bytes(text.encode("utf-16"))

    found = list_videos(path, normal_labels=["Patrol"])

    assert [(each.name, each.n_frames, each.label, each.part) for each in found.videos] == [
        ("a", 100, "normal", "train"),
        ("b", 50, "normal", "test"),
        ("c", 7, "abnormal", "test"),
        ("d", 7, "Abnormal", "test"),
    ]
    assert [each.text for each in found.findings] == ["the columns fps, notes are not used"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name,n_frames,step\na,5,2\n", "nobody knows what the column step may say"),
        ("name,n_frames\na,5\na,6\n", "lists a twice, with 5, 6 frames"),
        ("name,n_frames,frame_count\na,5,6\n", "n_frames and frame_count may mean the same"),
        ("name,n_frames\na,5,6\n", "line 2: 3 cells where the heading has 2"),
    ],
)
def test_tables_that_may_mean_something_else(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        listed(tmp_path, text)


def test_a_count_at_a_rate_of_the_file_is_no_count_of_frames(tmp_path: Path) -> None:
    value = {"framesCount": 240, "duration": 10.0, "labels": ["fall"]}
    value |= {"sequence": [{"frame": 1, "enabled": True}]}
    task = {"data": {"video": "a.mp4"}, "annotations": [{"result": [{"value": value}]}]}

    with pytest.raises(BadInput, match="does not say how many frames a video has"):
        listed(tmp_path, json.dumps([task]))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "video,start_frame,end_frame,n_frames\na,60.5,180,200\n",
            "line 2: start_frame 60.5 is no",
        ),
        ("a/b.mp4 99 Abuse 1 -1 -1 -1\n", "line 1: 1 -1 is an event with one end"),
        ("a 3\n", "is no split list that is known"),
    ],
)
def test_what_is_wrong_with_ground_truth_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        listed(tmp_path, text)
