"""Tables with a line per stretch: as spreadsheets, pandas and people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml.data.truth.alignment import align
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.formats import read_annotations
from ml.data.truth.rows import Row
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.records import BadInput


def read(folder: Path, text: str | bytes, name: str = "gt.csv", **options: Any) -> Annotations:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_annotations(path, options=options)


def spans(claim: Claim) -> list[tuple[int, int, str]]:
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals or ()]


FRAMES = "video,start_frame,end_frame,label\n01,60,180,fall\n02,,,\n"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_encodings_line_ends(
    tmp_path: Path, delimiter: str, encoding: str, line_end: str
) -> None:
    text = FRAMES.replace(",", delimiter).replace("\n", line_end)

    found = read(tmp_path, text.encode(encoding))

    assert found.format == "interval_table"
    first, second = found.claims
    assert (first.path, spans(first)) == ("01", [(60, 180, "fall")])
    assert (second.path, second.intervals) == ("02", ())
    assert found.findings == ()


@pytest.mark.parametrize(
    "name", ["video", "Video Name", "FILENAME", "file", "clip", "path", "name"]
)
@pytest.mark.parametrize("label", ["label", "Class", "category", "anomaly", "event type"])
def test_what_people_call_the_columns(tmp_path: Path, name: str, label: str) -> None:
    text = FRAMES.replace("video", name).replace("label", label)

    first, _second = read(tmp_path, text).claims

    assert (first.path, spans(first)) == ("01", [(60, 180, "fall")])


def test_sheets_with_empty_rows_and_columns_and_a_statement(tmp_path: Path) -> None:
    text = (
        "sep=;\r\nvideo;start_frame;end_frame;label;;\r\n;;;;;\r\n01;60.0;1,8e2;fall;;\r\n;;;;;\r\n"
    )

    [claim] = read(tmp_path, text).claims

    assert spans(claim) == [(60, 180, "fall")]


def test_what_pandas_writes(tmp_path: Path) -> None:
    text = ",video,start_frame,end_frame,label\n0,01,60.0,180.0,fall\n1,02,,,\n2,03,nan,NaN,nan\n"

    claims = read(tmp_path, text).claims

    assert [spans(claim) for claim in claims] == [[(60, 180, "fall")], [], []]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("video;start_seconds;end_seconds\n01;2,4;7,2\n", (2.4, 7.2)),
        ("video,start (s),end (s)\n01,2.4,7.2\n", (2.4, 7.2)),
        ('video,start_seconds,end_seconds\n01,"2,4","7,2"\n', (2.4, 7.2)),
        ("video\tstart_ms\tend_ms\n01\t2400\t7200\n", (2.4, 7.2)),
        ("video_name;class;start_time;end_time\n01;1;2,4;7,2\n", (2.4, 7.2)),
        ("video,t_start,t_end\n01,00:02,1:00:07.2\n", (2.0, 3607.2)),
        ("video;start_time;end_time\n01;00:00:02,4;00:00:07,2\n", (2.4, 7.2)),
    ],
)
def test_times(tmp_path: Path, text: str, seconds: tuple[float, float]) -> None:
    [claim] = read(tmp_path, text).claims

    [(start, end, _label)] = claim.seconds or ()
    assert (start, end) == pytest.approx(seconds, abs=1e-12)


def test_names_keep_their_spaces_and_signs(tmp_path: Path) -> None:
    text = (
        "video_name,class,start_time,end_time\nfront door.mp4,1,2.4,7.2\na\x85b\u2028c.mp4,1,1,2\n"
    )

    found = read(tmp_path, text)

    assert [claim.path for claim in found.claims] == ["front door.mp4", "a\x85b\u2028c.mp4"]
    assert found.claims[0].seconds == ((2.4, 7.2, ""),)


@pytest.mark.parametrize(
    ("head", "row", "right"),
    [
        ("first_frame,last_frame", "61,180", (61, 181)),
        ("start_frame,end_frame", "60,180", (60, 180)),
    ],
)
def test_the_last_frame_is_abnormal_too(
    tmp_path: Path, head: str, row: str, right: tuple[int, int]
) -> None:
    found = read(tmp_path, f"video,{head}\n01,{row}\n")
    told = read(tmp_path, f"video,{head}\n01,{row}\n", end="exclusive")

    assert spans(found.claims[0]) == [(*right, "")]
    assert spans(told.claims[0])[0][1] == 180


def test_what_else_a_table_says_of_its_videos(tmp_path: Path) -> None:
    text = (
        "video,start_frame,end_frame,fps,n_frames,video_duration,split\n"
        "01,60,180,30,360,12,testing\n01,200,220,30,360,12,test\n02,,,25,,,train\n"
    )

    first, second = read(tmp_path, text).claims

    assert (first.rate, first.n_frames, first.duration_seconds, first.part) == (30, 360, 12, "test")
    assert (second.rate, second.n_frames, second.part) == (25, None, "train")
    assert read(tmp_path, text, rate=10).claims[0].rate == 10


def test_times_beside_frames_and_notes_are_told_and_passed_over(tmp_path: Path) -> None:
    text = (
        "id,video,path,start_frame,end_frame,start_time,end_time,duration,annotator\n"
        "1,01,/x/01.mp4,60,180,2.4,7.2,120,Kim\n"
    )

    found = read(tmp_path, text)

    assert spans(found.claims[0]) == [(60, 180, "")]
    [told] = found.findings
    assert told.text == ("the columns id, path, duration, annotator are not used")


def test_a_class_without_numbers_is_abnormal_and_not_where(tmp_path: Path) -> None:
    text = "video,start_frame,end_frame,label\n01,,,fall\n02,,,Normal\n03,,,\n"

    first, second, third = read(tmp_path, text).claims

    assert (first.intervals, first.label) == (None, "fall")
    assert (second.intervals, second.label) == ((), "normal")
    assert third.intervals == ()


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("01,60,180,fall,5", "line 2: 5 cells where the heading has 4"),
        ("01,60.5,180,", "line 2: start_frame 60.5 is no whole number"),
        ("01,60,1x,", "line 2: end_frame '1x' is no number"),
        ("01,60,,fall", "line 2: end_frame is empty, and the other end is not"),
        ("01,,180,fall", "line 2: start_frame is empty, and the other end is not"),
        (",60,180,fall", "line 2: it names no video"),
        ("01", "line 2: it ends before start_frame"),
        ('01,60,180,"fall', "line 2: a quoted cell has no end"),
        ("01,60,180,fall\n01,,,\n", "line 3: 01 has stretches elsewhere and none here"),
        (
            "01,60,180,fall\n01,,,normal\n01,,,fight\n",
            "line 4: 01 has stretches elsewhere and none here",
        ),
        ("01,,,normal\n01,,,fight\n", "line 3: 01 is called normal and fight, and has a stretch"),
        ("01,,,fall\n01,,,fight\n", "line 3: 01 is called fall and fight, and has a stretch"),
        (
            "01,60,180,fall\n01,200,220,\n02,1e10,2e10,",
            "line 4: 1e[+]10 to 2e[+]10 lie in no video",
        ),
    ],
)
def test_rows_that_are_refused_with_their_line(tmp_path: Path, rows: str, fault: str) -> None:
    with pytest.raises(BadInput, match=rf"gt\.csv, {fault}"):
        read(tmp_path, f"video,start_frame,end_frame,label\n{rows}\n")


@pytest.mark.parametrize(
    ("head", "row", "fault"),
    [
        ("video,start_frame,end_frame,unit", "01,1,2,s", "nobody knows what the column unit may"),
        ("video,start_frame,end_frame,offset", "01,1,2,5", "the column offset may say"),
        ("video,start_frame,end_frame,is_normal", "01,1,2,1", "the column is_normal may say"),
        ("video,start_frame,end_frame,fps", "01,1,2,0", "fps 0 is no number of frames"),
        ("video,start_frame,end_frame,duration", "01,1,2,500", "is not that of the stretch: call"),
        ("video,start_frame,end_frame,n_frames", "01,1,2,0", "n_frames 0 is no number of frames"),
        ("video,start_frame,end_frame,split", "01,1,2,later", "split later is none of train"),
        ("video,start_frame,end_frame,label,class", "01,1,2,a,b", "may mean the same"),
        ("video,start_frame,end_frame,video", "01,1,2,01", "two columns are called video"),
        ("video,start,end", "01,1,2", "does not say what start and end count: call them start_fr"),
        ("video,begin,stop", "01,1,2", "does not say what begin and stop count"),
        ("video,onset,offset", "01,1,2", "does not say what onset and offset count"),
        ("video,from,to,label", "01,1,2,x", "does not say what from and to count"),
    ],
)
def test_headings_that_are_refused_by_name(tmp_path: Path, head: str, row: str, fault: str) -> None:
    with pytest.raises(BadInput, match=fault):
        read(tmp_path, f"{head}\n{row}\n")


def test_rows_of_one_video_that_differ_in_what_they_take_it_for(tmp_path: Path) -> None:
    text = "video,start_frame,end_frame,fps\n01,1,2,25\n01,5,6,30\n"

    with pytest.raises(BadInput, match="line 2: fps is 25 here and 30 elsewhere"):
        read(tmp_path, text)


def test_another_code_page_is_told(tmp_path: Path) -> None:
    text = "video,start_frame,end_frame,label\nEntrée.mp4,1,5,Sturz\n".encode("cp1252")

    found = read(tmp_path, text)

    assert found.claims[0].path == "Entrée.mp4"
    [told] = found.findings
    assert (told.subject, told.level) == ("gt.csv", "warning")
    assert told.text.startswith("It is no UTF-8 and was read as Windows-1252")


BOTH = "video,start_frame,end_frame,start_time,end_time\n"


@pytest.mark.parametrize("times", ["2.4,7.2", "0:02,0:07", "00:00:02.400,00:00:07.200"])
def test_frames_and_times_of_the_same_moments(tmp_path: Path, times: str) -> None:
    [row] = laid(tmp_path, f"{BOTH}01,60,180,{times}\n02,,,,\n")[:1]

    assert [(each.start_frame, each.end_frame) for each in row.intervals] == [(60, 180)]
    assert row.notes == ()


@pytest.mark.parametrize("times", ["2.4,7.2", "0:02,0:07"])
def test_frames_at_another_rate_than_the_times_beside_them(tmp_path: Path, times: str) -> None:
    [row] = laid(tmp_path, f"{BOTH}01,72,216,{times}\n02,,,,\n")[:1]

    assert row.intervals == ()
    [note] = row.notes
    assert note.level == "error"
    assert note.text.startswith("its frames are [72, 216), and by its times [")


def laid(folder: Path, text: str) -> list[Row]:
    videos = VideoSet([KnownVideo(name=name, n_frames=250, fps=25.0) for name in ("01", "02")])
    return list(align(read(folder, text), videos).rows)


@pytest.mark.parametrize("delimiter", [";", "\t"])
@pytest.mark.parametrize(
    ("columns", "cells"),
    [
        ("start_frame,end_frame", "12.000,18.000"),
        ("start_ms,end_ms", "48.000,72.000"),
        ("first_frame,last_frame", "1.200,1.800"),
    ],
)
def test_thousands_with_points(tmp_path: Path, delimiter: str, columns: str, cells: str) -> None:
    text = f"video,{columns}\n01,{cells}\n".replace(",", delimiter)

    with pytest.raises(BadInput, match=r"line 2: .* may be thousands or a fraction"):
        read(tmp_path, text)


def test_frames_with_a_fraction_of_zeros_between_commas(tmp_path: Path) -> None:
    found = read(tmp_path, "video,start_frame,end_frame\n01,60.000,180.0\n")

    assert spans(found.claims[0]) == [(60, 180, "")]


def test_a_comma_behind_minutes_is_a_decimal_one(tmp_path: Path) -> None:
    text = 'video,start_time,end_time\n01,"00:00:02,400","0:07,2"\n'

    assert read(tmp_path, text).claims[0].seconds == ((2.4, 7.2, ""),)


def test_two_columns_of_names_that_disagree(tmp_path: Path) -> None:
    text = "video,file,start_frame,end_frame\n02.mp4,01.mp4,60,180\n01.mp4,01.mp4,,\n"

    with pytest.raises(BadInput, match="line 2: video says 02, file says 01: keep one"):
        read(tmp_path, text)


def test_a_name_and_its_path_agree(tmp_path: Path) -> None:
    text = "video,path,start_frame,end_frame\n02,D:\\cam\\02.mp4,60,180\n01,/cam/01.mp4,,\n"

    assert [claim.path for claim in read(tmp_path, text).claims] == ["02", "01"]


def test_whether_a_stop_frame_is_abnormal_is_not_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="does not say whether stop_frame is abnormal itself"):
        read(tmp_path, "video,start_frame,stop_frame\n01,60,180\n")


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("start_frame,end_frame", "60,180,120"),
        ("start_frame,end_frame", "60,180,121"),
        ("start_frame,end_frame,start_time,end_time", "60,180,2.4,7.2,4.8"),
        ("start_frame,end_frame,start_ms,end_ms", "60,180,2400,7200,4800"),
        ("start_seconds,end_seconds", "2.4,7.2,5"),
        ("start_ms,end_ms", "2400,7200,4800"),
        ("start_time,end_time", "00:00:02.4,00:00:07.2,00:00:04.8"),
        ("start_time,end_time", "0:02.4,0:07.2,4.8"),
    ],
)
def test_durations_are_read_as_starts_are(tmp_path: Path, head: str, row: str) -> None:
    found = read(tmp_path, f"video,{head},duration\n01,{row}\n02,{',' * row.count(',')}\n")

    assert [claim.label for claim in found.claims] == ["", ""]
    assert [each.text for each in found.findings] == ["the column duration is not used"]


@pytest.mark.parametrize(
    ("head", "row"),
    [
        ("start_frame,end_frame", "60,180,122"),
        ("start_frame,end_frame,start_time,end_time", "60,180,,,122"),
        ("start_seconds,end_seconds", "2.4,7.2,5.8"),
        ("start_ms,end_ms", "2400,7200,4.8"),
        ("start_time,end_time", "0:02.4,0:07.2,0:12"),
    ],
)
def test_durations_of_something_else(tmp_path: Path, head: str, row: str) -> None:
    told = r"line 2: duration \S+, read in the unit of start_\w+, is not that of the stretch"
    with pytest.raises(BadInput, match=told):
        read(tmp_path, f"video,{head},duration\n01,{row}\n")
