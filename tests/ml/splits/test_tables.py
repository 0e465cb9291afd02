import pytest

from ml.records import BadInput
from ml.splits.tables import read_groups


def test_groups_by_kind_without_empty_ones() -> None:
    data = b"name,source,camera,actor\na,film,1,\nb,film,,zoe\n"

    assert read_groups(data, "groups.csv") == {
        "a": {"source": "film", "camera": "1"},
        "b": {"source": "film", "actor": "zoe"},
    }


def test_column_of_another_name() -> None:
    data = b"id base_name video_name\n0 film film_2\n"

    assert read_groups(data, "x.csv", {"source": "base_name"}) == {"film_2": {"source": "film"}}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "groups.csv has no rows below its head"),
        (b"name,source\n", "groups.csv has no rows below its head"),
        (b"source\nfilm\n", "groups.csv needs a column called name"),
        (b"name,film\na,b\n", "one called source or camera or actor; it has name, film"),
        (b"name,source\na,b\na,c\n", "groups.csv, line 3: a has two different groups"),
        (b"name,source\na,b,c\n", "groups.csv, line 2: 3 cells where the heading has 2"),
        (b"name,source\n,b\n", "groups.csv, line 2: it names no video"),
        (b"name,source\n\xff,b\n", "groups.csv, line 2: it is no UTF-8 text; save it as UTF-8"),
    ],
)
def test_what_is_no_table_of_groups(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_groups(data, "groups.csv")
