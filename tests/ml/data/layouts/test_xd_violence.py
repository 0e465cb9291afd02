"""XD-Violence as its archives unpack: classes by names, parts by folders."""

from pathlib import Path

import pytest

from ml.splits.class_names import label_of_xd_name
from tests.ml.data.layouts.reading import opened, touch

CALM = "A.Beautiful.Mind.2001__#00-25-20_00-29-20_label_A"
FIGHT = "Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6"
RIOT = "v=S-7rRLrxnVQ__#1_label_B4-0-0"


def dataset(folder: Path) -> Path:
    touch(folder, f"1-1004/{CALM}.mp4", f"2005-2804/{RIOT}.mp4")
    touch(folder, f"videos/{FIGHT}.mp4", f"videos/{CALM}.mp4")
    (folder / "annotations.txt").write_text(f"{FIGHT} 624 912 950 1441\n")
    return folder


def test_classes_parts_and_events(tmp_path: Path) -> None:
    found = opened(dataset(tmp_path), 1500)

    assert found.format == "xd_violence"
    assert sorted((video.name, video.part, video.label) for video in found.videos) == [
        (f"1-1004/{CALM}", "train", "normal"),
        (f"2005-2804/{RIOT}", "train", "B4"),
        (f"videos/{CALM}", "test", "normal"),
        (f"videos/{FIGHT}", "test", "G"),
    ]
    assert found.spans[f"videos/{FIGHT}"] == [(624, 912), (950, 1441)]
    assert found.said() == []


def test_a_violent_test_video_that_nothing_annotates_is_told(tmp_path: Path) -> None:
    folder = touch(dataset(tmp_path), f"videos/x{RIOT}.mp4")

    found = opened(folder, 1500)

    assert [subject for subject, _text in found.said()] == [f"videos/x{RIOT}"]


@pytest.mark.parametrize(
    ("name", "label"),
    [(CALM, "normal"), (FIGHT, "G"), (RIOT, "B4"), ("door_label_", ""), ("door", "")],
)
def test_the_class_of_a_name(name: str, label: str) -> None:
    assert label_of_xd_name(name) == label
