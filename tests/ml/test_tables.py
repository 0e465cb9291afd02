"""Tables as spreadsheets, pandas and people write them: read right, or refused with the line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.records import BadInput
from ml.tables import Table, decode, number_of, read_grid, read_table

FRAMES = "video,start_frame,end_frame,label\n01,60,180,fall\n02,,,\n"


def records(table: Table) -> list[dict[str, str]]:
    return [record.cells for record in table.records]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_separators_encodings_and_line_ends(delimiter: str, encoding: str, line_end: str) -> None:
    data = FRAMES.replace(",", delimiter).replace("\n", line_end).encode(encoding)

    table = read_table(data, "a.csv")

    assert table.columns == ("video", "start_frame", "end_frame", "label")
    assert [tuple(record.values()) for record in records(table)] == [
        ("01", "60", "180", "fall"),
        ("02", "", "", ""),
    ]
    assert [record.line for record in table.records] == [2, 3]


def test_spaces_part_cells_where_nothing_else_does() -> None:
    table = read_table(b'id  name   end\n1 "front door" 7\n', "a")

    assert records(table) == [{"id": "1", "name": "front door", "end": "7"}]
    with pytest.raises(BadInput, match="a, line 2: 4 cells where the heading has 3"):
        read_table(b"id name end\n1 front door 7\n", "a")


def test_quoted_cells_hold_separators_line_ends_and_quotes() -> None:
    table = read_table(b'name,label\n"a,b","say ""x""\nand y"\nc,d\n', "a")

    assert records(table)[0] == {"name": "a,b", "label": 'say "x"\nand y'}
    assert [record.line for record in table.records] == [2, 4]


def test_a_quote_without_an_end_swallows_nothing() -> None:
    with pytest.raises(BadInput, match="a, line 3: a quoted cell has no end"):
        read_table(b'name,label\nx,y\n01,"fall\n02,fight\n', "a")


def test_what_spreadsheets_and_pandas_leave_behind() -> None:
    excel = b"sep=;\r\nname;end;;\r\n01;60.0;;\r\n;;;\r\n;;;\r\n02;;;\r\n"
    table = read_table(excel, "a")
    assert table.columns == ("name", "end")
    assert [table.whole(record, "end") for record in table.records] == [60, None]
    assert [record.line for record in table.records] == [3, 6]

    pandas = read_table(b",name,end\n0,01,60.0\n1,02,\n", "a")
    assert pandas.columns == ("name", "end")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b",name\n7,01\n", "column 1 has cells, but no heading"),
        (b"name,name\n1,2\n", "two columns are called name"),
        (b"name,end\n1,2,3\n", "line 2: 3 cells where the heading has 2"),
        (b"\n\n", "is empty"),
        (b"a,b\n\xff\x00\xfe\n", "is no text"),
        (b"a,b\n\x81\xff,1\n", "line 2: it is no UTF-8 text; save it as UTF-8"),
    ],
)
def test_what_cannot_be_a_table(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_table(data, "a.csv")


@pytest.mark.parametrize(
    ("text", "delimiter", "value"),
    [
        ("2.4", ",", 2.4),
        ("2,4", ";", 2.4),
        ("2,4", "\t", 2.4),
        ("2,400", ";", 2.4),
        ("60.0", ",", 60),
        ("6e1", ",", 60),
        ("-3", ",", -3),
        (".5", ",", 0.5),
    ],
)
def test_numbers(text: str, delimiter: str, value: float) -> None:
    assert number_of(text, delimiter) == value


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("1,200", "\t"), ("1.200,5", ";"), ("1_000", ","), ("nan", ","), ("", ","), ("1e999", ","),
        ("0x10", ","), ("12:30", ","), ("1 200", ";"), ("--1", ","),
    ],
)  # fmt: skip
def test_what_is_no_number_or_may_be_two(text: str, delimiter: str) -> None:
    with pytest.raises(ValueError, match=r"is no number|may be thousands|larger than any"):
        number_of(text, delimiter)


def test_whole_numbers() -> None:
    table = read_table(b"name,end\na,60.5\nb,x\nc,nan\n", "t.csv")
    first, second, third = table.records

    with pytest.raises(BadInput, match=r"t.csv, line 2: end 60.5 is no whole number"):
        table.whole(first, "end")
    with pytest.raises(BadInput, match=r"t.csv, line 3: end 'x' is no number"):
        table.whole(second, "end")
    assert table.whole(third, "end") is None
    assert table.whole(third, None) is None


@pytest.mark.parametrize(
    ("text", "encoding", "title"),
    [
        ("Entrée,1", "cp1252", "Windows-1252"),
        ("Straße 3…,1", "cp1252", "Windows-1252"),
        ("정상 보행,1", "euc_kr", "EUC-KR"),
        ("正常歩行ランナー,1", "cp932", "Shift-JIS"),
    ],
)
def test_code_pages_are_read_and_told(text: str, encoding: str, title: str) -> None:
    found, [finding] = decode(text.encode(encoding), "a.csv")

    assert found == text
    assert title in finding.text
    assert finding.level == "warning"


def test_signs_that_are_no_line_ends_part_nothing() -> None:
    table = read_table("name,end\na\x85b\u2028c,1\n".encode(), "a")

    assert records(table) == [{"name": "a\x85b\u2028c", "end": "1"}]


def test_the_first_of_several_names() -> None:
    table = read_table(b"name,end,extra\na,1,2\n", "a")

    assert table.first_of(("video", "name")) == "name"
    assert table.first_of(("video",)) is None


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8).map(
    str.strip
)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1), st.sampled_from(",;\t|"))
def test_what_the_csv_writer_writes_is_read_again(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([["a", "b", "c"], *rows])

    grid = read_grid(file.getvalue().encode(), "x")

    assert [row.cells for row in grid.rows[1:]] == [tuple(row) for row in rows if any(row)]
