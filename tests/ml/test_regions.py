"""Tables of regions: what each row means, and which rows are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.records import BadInput
from ml.regions import Box, Region, read_regions

BOX = Box(left=3, top=83, width=79, height=67)


def read(text: str) -> list[Region]:
    return read_regions(text.encode(), "r.csv")


@pytest.mark.parametrize(
    ("text", "region"),
    [
        (
            "video,start_frame,end_frame,x,y,width,height,label\na,165,240,3,83,79,67,Abuse\n",
            Region(video="a", start_frame=165, end_frame=240, box=BOX, label="Abuse"),
        ),
        (
            "class,video,frame,x1,y1,x2,y2\nAbuse,a,180,3,83,82,150\n",
            Region(video="a", start_frame=180, end_frame=181, box=BOX, label="Abuse"),
        ),
        ("name;x;y;width;height\na;3;83;79;67\n", Region(video="a", box=BOX)),
        ("video,start_frame,end_frame\na,2,5\n", Region(video="a", start_frame=2, end_frame=5)),
        (
            "video,start_frame,end_frame,x,y,width,height\na,2,,,,,\n",
            Region(video="a", start_frame=2),
        ),
    ],
)
def test_what_a_row_means(text: str, region: Region) -> None:
    assert read(text) == [region]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("frame,x,y,width,height\n1,1,1,1,1\n", "has no column that names the video"),
        ("video,label\na,b\n", "has neither frames"),
        ("video,frame\n,1\n", "r.csv, line 2: it names no video"),
        ("video,start_frame,end_frame\na,5,5\n", r"line 2: \[5, 5\) is no range of frames"),
        ("video,frame\na,-1\n", r"\[-1, 0\) is no range of frames"),
        ("video,frame\na,1.5\n", "is no whole number"),
        ("video,x,y,width,height\na,1,2,3,\n", "line 2: a box needs x, y, width, height"),
        ("video,x,y,width,height\na,1,2,0,4\n", "1, 2, 0, 4 is no box of a picture"),
        ("video,x1,y1,x2,y2\na,9,2,5,4\n", "9, 2, 5, 4 is no box of a picture"),
        ("video,x,y,width,height\na,-1,2,3,4\n", "-1, 2, 3, 4 is no box"),
    ],
)
def test_rows_that_are_none(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(text)


@pytest.mark.parametrize(
    ("region", "why"),
    [
        (Region(video="a", start_frame=0, end_frame=10), ""),
        (Region(video="a", start_frame=9), ""),
        (Region(video="a", start_frame=0, end_frame=11), "frames [0, 11) of 10"),
        (Region(video="a", start_frame=10), "frames [10, end) of 10"),
        (Region(video="a", box=Box(left=0, top=0, width=40, height=30)), ""),
        (
            Region(video="a", box=Box(left=1, top=0, width=40, height=30)),
            "a box up to (41, 30) of a picture of 40 × 30",
        ),
        (
            Region(video="a", box=Box(left=0, top=1, width=40, height=30)),
            "a box up to (40, 31) of a picture of 40 × 30",
        ),
    ],
)
def test_what_lies_outside_a_video(region: Region, why: str) -> None:
    assert region.misfit(10, 40, 30) == why


def test_pictures_of_unknown_size_take_every_box() -> None:
    assert Region(video="a", box=Box(left=0, top=0, width=900, height=900)).misfit(10, 0, 0) == ""


@pytest.mark.shared_data
def test_boxes_of_ucf_crime(shared_data: Path) -> None:
    data = (shared_data / "roi/ucf_crime_test_boxes.csv").read_bytes()

    regions = read_regions(data, "ucf_crime_test_boxes.csv")

    assert len(regions) == 3102
    assert len({region.video for region in regions}) == 140
    assert all(region.misfit(10**6, 320, 240) == "" for region in regions)
    assert regions[0] == Region(
        video="Abuse028_x264", start_frame=180, end_frame=181, box=BOX, label="Abuse"
    )


@pytest.mark.shared_data
def test_boxes_of_whole_clips(shared_data: Path) -> None:
    """Cells between spaces; a column `id` that is no name."""
    path = shared_data / "shoplifting/annotations_wivj4zm4fpg0/annotation_20181219.csv"

    first = read_regions(path.read_bytes(), path.name)[0]

    assert first == Region(
        video="5_Shoplifting001_x264_2",
        box=Box(left=230, top=86, width=331, height=363),
        label="1",
    )
