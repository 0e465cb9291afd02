"""Headings that people write, by what they mean."""

from __future__ import annotations

import pytest

from ml.headings import (
    ALL_UNITS,
    LABEL,
    Ends,
    ambiguous_ends,
    ends_in,
    first_of,
    sort_out,
    video_column,
)
from ml.records import BadInput
from ml.tables import read_table


@pytest.mark.parametrize(
    ("start", "end", "unit"),
    [
        ("start_frame", "end_frame", "frames"), ("Start Frame", "End Frame", "frames"),
        ("frame_start", "frame_end", "frames"), ("startFrame", "endFrame", "frames"),
        ("begin_frame", "end_frame", "frames"), ("from_frame", "to_frame", "frames"),
        ("start_seconds", "end_seconds", "seconds"), ("start (s)", "end (s)", "seconds"),
        ("start_sec", "end_sec", "seconds"), ("Begin [sec]", "End [sec]", "seconds"),
        ("start_ms", "end_ms", "milliseconds"),
        ("start time (ms)", "end time (ms)", "milliseconds"),
        ("start_time", "end_time", "clock"), ("t_start", "t_end", "clock"),
    ],
)  # fmt: skip
def test_columns_of_start_and_end(start: str, end: str, unit: str) -> None:
    columns = [each.lower() for each in ("video", start, end)]

    found = ends_in(columns, ALL_UNITS)

    assert found == Ends(start=columns[1], end=columns[2], unit=unit)  # type: ignore[arg-type]


def test_the_last_frame_is_one_of_them() -> None:
    found = ends_in(["first_frame", "last_frame"], ALL_UNITS)

    assert found is not None
    assert found.is_last


def test_frames_come_before_times() -> None:
    columns = ["start_time", "end_time", "start_frame", "end_frame"]

    found = ends_in(columns, ALL_UNITS)

    assert found is not None
    assert (found.start, found.unit) == ("start_frame", "frames")


@pytest.mark.parametrize(
    "columns",
    [("start", "end"), ("begin", "stop"), ("onset", "offset"), ("start_frame", "stop_frame")],
)
def test_ends_that_do_not_say_what_they_count(columns: tuple[str, str]) -> None:
    assert ends_in(columns, ALL_UNITS) is None
    assert ambiguous_ends(["video", *columns]) == columns


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (["id", "name", "video_name"], "video_name"), (["path", "file"], "file"),
        (["Name"], "Name"), (["id", "label"], None),
    ],
)  # fmt: skip
def test_the_column_of_names(columns: list[str], name: str | None) -> None:
    assert video_column(columns) == name


def test_two_columns_of_one_meaning() -> None:
    table = read_table(b"label,class\na,b\n", "a.csv")

    with pytest.raises(BadInput, match=r"a\.csv: the columns label and class may mean the same"):
        first_of(table, LABEL)


def test_notes_are_told_and_others_refused_by_name() -> None:
    [finding] = sort_out("a.csv", ["video", "Comment", "annotator"], {"video"})
    assert finding.text == "the columns Comment, annotator are not used"

    for column in ("offset", "fps_of_tool", "unit", "weather", "is_normal"):
        with pytest.raises(BadInput, match=rf"a\.csv: nobody knows what the column {column} may"):
            sort_out("a.csv", ["video", column], {"video"})
