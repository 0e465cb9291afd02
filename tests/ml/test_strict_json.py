"""JSON that Python's reader would settle in silence."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.records import BadInput
from ml.strict_json import parse


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "a.json has an object with two entries called a"),
        ('[{"x": {"a": [], "a": []}}]', "two entries called a"),
        ('{"a": NaN}', "a.json has NaN where a number is expected"),
        ("[-Infinity]", "a.json has -Infinity where a number is expected"),
        ('{"a": ', "a.json is no JSON: Expecting value"),
        ("[" * 100_000, "a.json is no JSON: it is nested too deep"),
        ("9" * 5_000, "a.json is no JSON: "),
        ("", "a.json is no JSON"),
        (r'{"a": {"\ud800": 1}}', r"a.json has the name '\\ud800', which is no text"),
    ],
)
def test_what_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        parse(text, "a.json")


def test_scores_have_gaps_and_numbers_as_they_are_written() -> None:
    found = parse("[NaN, -Infinity, 0.10, 1]", "a", fraction=lambda text: len(text), has_gaps=True)

    assert str(found) == "[nan, -inf, 4, 1]"


def test_a_byte_order_mark_is_no_part_of_it() -> None:
    assert parse('\ufeff{"a": [1, 2.5, null, "é"]}', "a") == {"a": [1, 2.5, None, "é"]}


DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)  # fmt: skip


@given(DOCUMENTS)
def test_all_else_is_read_as_python_reads_it(document: object) -> None:
    assert parse(json.dumps(document), "a") == document
