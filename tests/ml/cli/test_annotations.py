"""`python -m ml annotations` on files as people have them."""

import json
from pathlib import Path

import pytest

from ml.cli import main

VIDEOS = "name,n_frames\na,100\nb,50\n"


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    path = tmp_path / "videos.csv"
    path.write_text(VIDEOS)
    return path


def annotate(folder: Path, text: str) -> str:
    path = folder / "gt.csv"
    path.write_text(text)
    return str(path)


def test_what_a_file_says(tmp_path: Path, videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = annotate(tmp_path, "video,start_frame,end_frame\na,60,120\nb,,\n")

    assert main(["annotations", file, "--videos", str(videos)]) == 0

    told = capsys.readouterr().out
    assert "CSV with video, start_frame and end_frame" in told
    assert "An interval that reaches past the last frame ends with it. (1 video)" in told


def test_options_and_json(tmp_path: Path, videos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = annotate(tmp_path, "video,start_frame,end_frame\na,61,80\nb,,\n")

    main(
        [
            "annotations",
            file,
            "--videos",
            str(videos),
            "--base",
            "1",
            "--end",
            "inclusive",
            "--json",
        ]
    )

    document = json.loads(capsys.readouterr().out)
    assert document["rows"][0]["intervals"] == [[60, 80, ""]]


def test_normal_labels_of_a_dataset(
    tmp_path: Path, videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = annotate(
        tmp_path, "video,start_frame,end_frame,label\na,0,20,patrol\na,20,60,fall\nb,0,50,walk\n"
    )

    labels = ["--normal-label", "Patrol", "--normal-label", "walk"]
    main(["annotations", file, "--videos", str(videos), "--json", *labels])

    document = json.loads(capsys.readouterr().out)
    assert [row["intervals"] for row in document["rows"]] == [[[20, 60, "fall"]], []]
    assert document["findings"][0]["text"].startswith("taken as normal: 'patrol', 'walk' (2 str")


def test_an_error_is_the_exit_status(tmp_path: Path, videos: Path) -> None:
    file = annotate(tmp_path, "video,start_frame,end_frame\nc,61,80\n")

    assert main(["annotations", file, "--videos", str(videos)]) == 1


def test_times_need_the_rate_of_the_videos(
    tmp_path: Path, videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = annotate(tmp_path, "video,start_seconds,end_seconds\na,1,2\nb,,\n")

    assert main(["annotations", file, "--videos", str(videos)]) == 1
    assert "a: Its frame rate is not known" in capsys.readouterr().out

    assert main(["annotations", file, "--videos", str(videos), "--fps", "25", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["rows"][0]["intervals"] == [[25, 50, ""]]


def test_a_reference_that_says_nothing_of_a_video_does_not_call_it_normal(
    tmp_path: Path, videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = tmp_path / "known.txt"
    known.write_text("a,1,-1\nb,0,50\n")  # abnormal, but not where
    file = annotate(tmp_path, "video,start_frame,end_frame\na,1,5\nb,,\n")

    assert main(["annotations", file, "--videos", str(videos), "--reference", str(known)]) == 0

    assert "Another ground truth" not in capsys.readouterr().out


@pytest.mark.shared_data
def test_the_altered_file_of_ped2(
    tmp_path: Path, shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shared_data / "ped2/gt"
    arguments = [
        str(folder / "ped2_annguyen94_modified.mat"),
        "--videos", str(folder / "ped2_pixel_masks.npz"),
        "--reference", str(folder / "UCSDped2.m"),
    ]  # fmt: skip

    main(["annotations", *arguments])

    assert "Another ground truth is in force for 6 videos: " in capsys.readouterr().out
