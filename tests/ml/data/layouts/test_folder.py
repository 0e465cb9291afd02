import json
from pathlib import Path
from typing import Any

import pytest

from ml.data.layouts import Listed, open_dataset
from ml.data.truth.resolving import GroundTruth, resolve_ground_truth
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.records import BadInput, Interval
from tests.ml.data.layouts.reading import name_of, opened


def dataset(folder: Path, *names: str, csv: str = "", videos: Any = None) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    if csv:
        (folder / "manifest.csv").write_text(csv)
    if videos is not None:
        (folder / "manifest.json").write_text(json.dumps({"videos": videos}))
    return folder


def read(folder: Path, n_frames: int = 100) -> tuple[list[Listed], list[str], GroundTruth]:
    """Videos, the sentences of all findings, and ground truth for videos of equal length."""
    found = opened(folder, n_frames)
    said = [f"{finding.subject}: {finding.text}" for finding in found.findings]
    return found.videos, said, found.truth


def span(start: int, end: int, label: str) -> Interval:
    return Interval(start_frame=start, end_frame=end, label=label)


def test_folder_csv_gives_parts_labels_and_intervals(tmp_path: Path) -> None:
    folder = dataset(
        tmp_path,
        "a.mp4",
        "b/1.png",
        csv="name,part,label,intervals,fps\n"
        "a.mp4,train,normal,,\n"
        "b,test,running,61:70; 80:100:thrown bag,7.5\n",
    )

    videos, said, truth = read(folder)

    assert [(video.name, video.part, video.label, video.fps) for video in videos] == [
        ("a", "train", "normal", None),
        ("b", "test", "running", 7.5),
    ]
    assert truth.intervals == {"a": (), "b": (span(61, 70, "running"), span(80, 100, "thrown bag"))}
    assert truth.source == "manifest.csv"
    assert said == []


def test_folder_json_says_the_same(tmp_path: Path) -> None:
    folder = dataset(
        tmp_path,
        "train/a.mp4",
        "test/b.mp4",
        videos=[
            {"name": "train/a.mp4"},
            {"name": "test\\b", "label": "running", "intervals": [[61, 70], [80, 100, "bag"]]},
        ],
    )

    videos, said, truth = read(folder)

    assert [(video.name, video.part) for video in videos] == [
        ("test/b", "test"),
        ("train/a", "train"),
    ]
    assert truth.intervals == {
        "test/b": (span(61, 70, "running"), span(80, 100, "bag")),
        "train/a": (),
    }
    assert said == []


def test_folder_without_manifest_takes_parts_from_folders(tmp_path: Path) -> None:
    videos, said, truth = read(dataset(tmp_path, "training/fall/a.mp4", "testing/b.mp4"))

    assert [(video.name, video.part) for video in videos] == [
        ("testing/b", "test"),
        ("training/fall/a", "train"),
    ]
    assert (truth.source, truth.intervals) == ("", {})
    assert "nothing says where clips are abnormal" in said[0]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a,exam,,,", "a: part exam is none of train, validation and test"),
        ("a,,,10-20,", "is not an interval"),
        ("a,,,10:x,", "is not an interval"),
        ("a,,,,fast", "fps fast is not a rate"),
        (",,,10:20,", "manifest.csv, line 2: it has no name"),
        ("a,,,60.5:70,", "is not an interval"),
        ("a,,,10:20:00,", "a: 10:20:00 is a time that a spreadsheet has made of an interval"),
        ("a,,,2:15:00 AM,", "is a time that a spreadsheet has made of an interval: set the cells"),
        ("a,,,10-20,", "a: what manifest.csv says of it cannot be used, so it counts as normal"),
        ("ghost,,,10:20,", "manifest.csv: annotates 1 clip not in the dataset: ghost"),
        ("a,,,90:101,", "a: manifest.csv: interval [90, 101) ends past the last frame"),
        ("a,,,20:10,", "a: manifest.csv: interval [20, 10) ends before it starts"),
        ("a,,,10:20; 15:30,", "a: manifest.csv: interval [15, 30) overlaps [10, 20)"),
        ("a,,normal,10:20,", "a: it is labelled normal, but manifest.csv has it abnormal"),
        ("a,test,running,,", "a: it is labelled running, but has no interval"),
        ("b,,,,", "a: it is not in manifest.csv, so it counts as normal throughout"),
    ],
)
def test_folder_unfit_row_is_reported(tmp_path: Path, row: str, sentence: str) -> None:
    folder = dataset(tmp_path, "a.mp4", csv=f"name,part,label,intervals,fps\n{row}\n")

    _, said, _ = read(folder)

    assert sentence in "\n".join(said)


@pytest.mark.parametrize(("start", "is_frame"), [(10.0, True), (10.5, False), ("10.0", True)])
def test_folder_json_frames_are_whole_numbers_however_written(
    tmp_path: Path, start: float | str, is_frame: bool
) -> None:
    folder = dataset(tmp_path, "a.mp4")
    entry = {"name": "a", "intervals": [[start, 20.0]]}
    (folder / "manifest.json").write_text(json.dumps({"videos": [entry]}))

    _, said, truth = read(folder)

    kept = [(each.start_frame, each.end_frame) for each in truth.intervals.get("a", ())]
    assert kept == ([(10, 20)] if is_frame else [])
    assert ("is not an interval" in "\n".join(said)) != is_frame


def test_folder_video_listed_twice(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "a.mp4", csv="name,intervals\na,1:2\na,3:4\n")

    _, said, truth = read(folder)

    assert said == ["manifest.csv, line 3: a is listed twice; only the first one counts"]
    assert truth.intervals == {"a": (span(1, 2, ""),)}


def test_folder_video_listed_with_and_without_its_ending(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "a.mp4", csv="name,intervals\na,1:2\na.mp4,3:4\n")

    _, said, truth = read(folder)

    assert said == ["a: manifest.csv lists it twice; only the first one counts"]
    assert truth.intervals == {"a": (span(1, 2, ""),)}


def test_folder_fractions_are_no_frames(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "a.mp4", videos=[{"name": "a", "intervals": [[2.5, 4.0]]}])

    _, said, truth = read(folder)

    assert "a: [2.5, 4.0] is not an interval" in said[0]
    assert truth.intervals == {}


def test_folder_unknown_column_is_named(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "a.mp4", csv="name,lable\na,running\n")
    with pytest.raises(BadInput, match=r"manifest\.csv: nobody knows what the column lable"):
        read(folder)

    folder = dataset(tmp_path / "json", "a.mp4", videos=[{"name": "a", "lable": "running"}])
    _, said, _ = read(folder)

    assert said[0].startswith("manifest.json, video 1: unknown: lable; known are name, part")


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("manifest.json", "{", "manifest.json is no JSON: Expecting"),
        ("manifest.json", "[]", "manifest.json is not a manifest"),
        ("manifest.json", '{"videos": ["a"]}', "a video is not an object"),
        ("manifest.json", '{"videos": [{"name": "a", "name": "b"}]}', "two entries called name"),
        ("manifest.json", '{"videos": [{"name": "a", "fps": NaN}]}', "NaN where a number"),
        ("manifest.csv", "number,label\n", "no column called name"),
        ("manifest.csv", "", "manifest.csv is empty"),
        ("manifest.csv", "name,intervals\na,1:2,3:4\n", "line 2: 3 cells where the heading has 2"),
        ("manifest.csv", "name,start_frame,end_frame\na,1,2\n", "it has a row per event"),
        ("manifest.csv", "name,start,end\na,1,2\n", "it has a row per event"),
        ("manifest.csv", 'name\n"a\n', "a quoted cell has no end"),
    ],
)
def test_folder_broken_manifest_fails_the_import(
    tmp_path: Path, name: str, text: str, sentence: str
) -> None:
    folder = dataset(tmp_path, "a.mp4")
    (folder / name).write_text(text)

    with pytest.raises(BadInput, match=sentence):
        read(folder)


def test_folder_two_manifests_are_refused(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "a.mp4", csv="name\na\n", videos=[])

    with pytest.raises(BadInput, match=r"both manifest\.csv and manifest\.json"):
        read(folder)


def test_folder_manifest_that_links_elsewhere_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("name,label\na,hunter2\n")
    folder = dataset(tmp_path / "data", "a.mp4")
    (folder / "manifest.csv").symlink_to(tmp_path / "secret.csv")

    _, said, _ = read(folder)

    assert "nothing says where clips are abnormal" in said[-1]
    assert "hunter2" not in "".join(said)


def test_open_dataset_takes_anything_else_for_a_folder(tmp_path: Path) -> None:
    assert name_of(open_dataset(dataset(tmp_path, "a.mp4"))) == "folder"


def test_open_dataset_unknown_format_lists_the_known(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="kinetics is not a known format: action_classes, avenue"):
        open_dataset(tmp_path, "kinetics")


def test_folder_manifest_as_spreadsheets_write_it(tmp_path: Path) -> None:
    text = (
        "Video;Split;Class;Intervals;FPS;Frames;Comment\r\n"
        'a.mp4;test;running;"0:60:Normal; 60.0:80.0; 80:100:bag";12,5;90.0;checked\r\n;;;;;;\r\n'
    ).replace("Frames", "n_frames")
    folder = dataset(tmp_path, "a.mp4")
    (folder / "manifest.csv").write_bytes(text.encode("utf-16"))

    (video,), said, truth = read(folder)

    assert (video.part, video.label, video.fps) == ("test", "running", 12.5)
    assert truth.intervals == {"a": (span(60, 80, "running"), span(80, 100, "bag"))}
    assert said[0] == "manifest.csv: the column comment is not used"
    assert "manifest.csv: taken as normal: 'Normal' (1 stretch, 1 video)" in "\n".join(said)
    assert "a: manifest.csv: The file takes it for 90 frames, it has 100" in said


def test_folder_intervals_that_are_normal_make_nothing_abnormal(tmp_path: Path) -> None:
    folder = dataset(
        tmp_path,
        *("a.mp4", "b.mp4", "c.mp4"),
        csv="name,label,intervals\na,,0:60:normal; 60:100:fall\nb,,0:100:Patrol\nc,normal,10:20\n",
    )

    dataset_ = open_dataset(folder)
    listed, _ = dataset_.videos()
    known = [KnownVideo(name=each.name, label=each.label, n_frames=100) for each in listed]
    truth = resolve_ground_truth(
        dataset_.truth(listed), VideoSet(known), {"normal_labels": ["patrol"]}
    )

    assert truth.intervals == {"a": (span(60, 100, "fall"),), "b": (), "c": (span(10, 20, ""),)}
    texts = [each.text for each in truth.findings]
    assert any("'normal', 'Patrol' (2 stretches, 2 videos)" in text for text in texts)
    assert any("labelled normal, but manifest.csv has it abnormal" in text for text in texts)
