"""The same cells for labels at all doors: ground truth, split lists, lists of videos, manifests."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ml.data.layouts import open_dataset
from ml.data.listed import list_videos
from ml.data.survey import labelled
from ml.data.truth.formats import read_annotations
from ml.normal import ABNORMAL, NORMAL
from ml.records import BadInput
from ml.splits.lists import read_list

Door = Callable[[Path, Sequence[str], Sequence[str]], list[str]]


def write(folder: Path, name: str, head: str, rows: Sequence[str]) -> Path:
    path = folder / name
    path.write_text("\n".join([head, *rows, ""]))
    return path


def of_truth(folder: Path, cells: Sequence[str], also: Sequence[str]) -> list[str]:
    """A stretch that names no class is abnormal; one that is left out is normal."""
    rows = [f"{at};0;9;{cell}" for at, cell in enumerate(cells)]
    path = write(folder, "gt.csv", "video;start_frame;end_frame;label", rows)
    claims = read_annotations(path, options={"normal_labels": list(also)}).claims
    return [
        (claim.intervals[0].label or ABNORMAL) if claim.intervals else NORMAL for claim in claims
    ]


def of_a_list(folder: Path, cells: Sequence[str], also: Sequence[str]) -> list[str]:
    rows = [f"{at};{cell};test" for at, cell in enumerate(cells)]
    path = write(folder, "list.csv", "video_name;class;subset", rows)
    found = read_list(path.read_bytes(), path.name, also)
    if doubts := [each.text for each in found.findings if each.level == "warning"]:
        assert {entry.label for entry in found.entries} == {""}
        raise BadInput(doubts[0])
    return [entry.label for entry in found.entries]


def of_listed_videos(folder: Path, cells: Sequence[str], also: Sequence[str]) -> list[str]:
    rows = [f"{at};9;{cell}" for at, cell in enumerate(cells)]
    path = write(folder, "videos.csv", "name;n_frames;label", rows)
    return [each.label for each in list_videos(path, normal_labels=also).videos]


def of_a_manifest(folder: Path, cells: Sequence[str], also: Sequence[str]) -> list[str]:
    write(folder, "manifest.csv", "name;label", [f"{at};{cell}" for at, cell in enumerate(cells)])
    for at in range(len(cells)):
        (folder / f"{at}.mp4").touch()
    listed, _findings = open_dataset(folder, "folder").videos()
    return [each.label for each in labelled(listed, folder.name, also)]


DOORS = [of_truth, of_a_list, of_listed_videos, of_a_manifest]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["Normal", "fall", "正常歩行"], [NORMAL, "fall", NORMAL]),
        (["0", "1"], [NORMAL, ABNORMAL]),
        (["0.0", "1.0"], [NORMAL, ABNORMAL]),
        (["0,0", "+1"], [NORMAL, ABNORMAL]),
        (["-1", "1"], [NORMAL, ABNORMAL]),
        (["-1.0", "1.0"], [NORMAL, ABNORMAL]),
        (["False", "True"], [NORMAL, ABNORMAL]),
        (["N", "Y"], [NORMAL, ABNORMAL]),
        (["なし", "あり"], [NORMAL, ABNORMAL]),
        (["1", "2"], [ABNORMAL, "2"]),
        (["2.0", "3.0"], ["2", "3"]),
        (["0.5", "fall"], ["0.5", "fall"]),
        (["none", "fall"], [NORMAL, "fall"]),
    ],
)
def test_what_cells_say(
    tmp_path: Path, door: Door, cells: Sequence[str], meant: Sequence[str]
) -> None:
    assert door(tmp_path, cells, []) == meant


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("cell", ["", "-", "nan", "NaN", "n/a", "NA", "null", "<NA>"])
def test_cells_that_say_nothing(tmp_path: Path, door: Door, cell: str) -> None:
    """A stretch is abnormal all the same."""
    nothing = ABNORMAL if door is of_truth else ""

    assert door(tmp_path, [cell, "fall", "normal"], []) == [nothing, "fall", NORMAL]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (["0", "1", "2"], r"its labels are numbers \(0, 1, 2\), and 0 may be normal or the first"),
        (["0.0", "1.0", "2.0"], r"its labels are numbers \(0, 1, 2\), and 0 may be normal or"),
        (["0", "fall", "3.0"], r"its labels are numbers \(0, 3\), and 0 may be normal or"),
        (["-1", "0", "1"], r"its labels are numbers \(-1, 0, 1\), and 0 may be normal or"),
        (["-1.0", "2"], "the label '-1' may say normal or be a class"),
        (["N", "fall"], "the label 'n' may say normal or be a class"),
        (["○", "×"], "either of × and ○ may say normal"),
    ],
)
def test_cells_that_nobody_knows(
    tmp_path: Path, door: Door, cells: Sequence[str], told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        door(tmp_path, cells, [])


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("cells", "also", "meant"),
    [
        (["0", "1", "2"], ["0"], [NORMAL, ABNORMAL, "2"]),
        (["0.0", "1.0", "2.0"], ["0.0"], [NORMAL, ABNORMAL, "2"]),
        (["1", "2"], ["1"], [NORMAL, "2"]),
        (["1.0", "2.0"], ["2"], [ABNORMAL, NORMAL]),
        (["N", "fall"], ["n"], [NORMAL, "fall"]),
        (["○", "×"], ["○"], [NORMAL, "×"]),
        (["Patrol", "fall"], ["patrol"], [NORMAL, "fall"]),
    ],
)
def test_what_a_dataset_calls_normal(
    tmp_path: Path, door: Door, cells: Sequence[str], also: Sequence[str], meant: Sequence[str]
) -> None:
    assert door(tmp_path, cells, also) == meant


def test_minus_one_beside_zero_and_one_stays_open_where_zero_is_normal(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="the label '-1' may say normal or be a class"):
        of_truth(tmp_path, ["-1", "0", "1"], ["0"])


def test_intervals_of_a_manifest_bear_the_labels_of_their_videos(tmp_path: Path) -> None:
    videos = [
        {"name": "a", "label": 0.0, "intervals": [[1, 3, "fall"]]},
        {"name": "b", "label": True, "intervals": [[1, 3]]},
        {"name": "c", "label": None, "intervals": [[1, 3], [5, 6, False]]},
    ]
    (tmp_path / "manifest.json").write_text(json.dumps({"videos": videos}))
    for name in "abc":
        (tmp_path / f"{name}.mp4").touch()
    dataset = open_dataset(tmp_path, "folder")
    listed, _findings = dataset.videos()
    [source] = dataset.truth(listed).sources
    [file] = source.files

    claims = file.read(file.path, options={}).claims

    assert [[(each.start_frame, each.label) for each in claim.intervals] for claim in claims] == [
        [(1, "fall")],
        [(1, "")],
        [(1, "")],
    ]
    assert [each.label for each in labelled(listed, "x", [])] == [NORMAL, ABNORMAL, ""]
