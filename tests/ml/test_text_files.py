"""Lines and headings of text, for whatever looks at them."""

from __future__ import annotations

import pytest

from ml.records import BadInput
from ml.text_files import TextFile


def test_lines_are_numbered_as_they_stand_in_the_file() -> None:
    file = TextFile("\ufeff\r\n a \n\n\tb\r".encode(), "a.txt")

    assert file.numbered == [(2, "a"), (4, "b")]
    assert file.lines == ["a", "b"]


@pytest.mark.parametrize("statement", ["", "sep=;\n", "SEP=;\r\n"])
def test_what_parts_the_cells_is_no_line_and_no_heading(statement: str) -> None:
    file = TextFile(f"{statement}Video;Part\na;test\n".encode(), "a.csv")

    assert file.lines == ["Video;Part", "a;test"]
    assert file.headings == ("video", "part")
    assert file.table.columns == ("video", "part")


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
def test_an_empty_cell_in_front_is_a_heading(delimiter: str) -> None:
    text = "\tvideo\tpart\t\n0\ta\ttest\t\n".replace("\t", delimiter)

    file = TextFile(text.encode(), "a.tsv")

    assert file.headings == ("", "video", "part", "")
    assert [row.cells for row in file.first(2).rows] == [
        ("", "video", "part", ""),
        ("0", "a", "test", ""),
    ]


def test_a_quoted_cell_below_the_headings_may_go_on() -> None:
    file = TextFile(b'video,comment\na,"two\nlines"\n', "a.csv")

    assert file.headings == ("video", "comment")


def test_what_has_no_headings() -> None:
    assert TextFile(b"", "a.csv").headings == ()
    assert TextFile(b'"' + b"x" * 100_000, "a.csv").headings == ()
    with pytest.raises(BadInput, match=r"a\.csv is no text"):
        _ = TextFile(b"\0\1\2", "a.csv").lines
