"""When clips were cut out of their source, and which of them show the same moments."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from ml.leaks import leak_report
from ml.records import BadInput
from ml.splits.spans import overlaps, read_spans, unlike_durations
from ml.splits.tables import read_groups

TABLE = b"clip,source,start_s,end_s\na,film,1.0,3.5\nb,film,3.0,5\nc,film,5,7\nd,other,1,9\ne,,,\n"


def test_clips_that_share_a_moment_of_one_source() -> None:
    spans, findings = read_spans(TABLE, "clips.csv")
    sources = {name: groups.get("source", "") for name, groups in read_groups(TABLE, "x").items()}

    [pair] = overlaps(sources, spans)

    assert findings == []
    assert str(pair) == "a and b by 0.50 s"


def test_a_table_without_times_has_no_spans() -> None:
    assert read_spans(b"name,source\na,film\n", "x") == ({}, [])


def test_a_clip_that_ends_before_it_begins_is_told() -> None:
    spans, [finding] = read_spans(b"name,source,start,end\na,film,9,3\nb,film,1,2\n", "x.csv")

    assert spans == {"b": (1.0, 2.0)}
    assert finding.text.startswith("1 clip would end before they begin in their source")


def test_what_is_no_number_is_refused_with_its_line() -> None:
    with pytest.raises(BadInput, match=r"x.csv, line 2: start 'soon'"):
        read_spans(b"name,source,start,end\na,film,soon,3\n", "x.csv")


def test_a_clip_of_another_length_than_its_times_is_told() -> None:
    spans = {"a": (0.0, 2.0), "b": (0.0, 11.0), "c": (0.0, 4.0)}

    [finding] = unlike_durations(spans, {"a": 2.4, "b": 1.9}, "x.csv")

    assert finding.text.endswith("by more than 0.5 s: b (1.9 s, 11.0 s by its times)")


@pytest.mark.parametrize(
    ("parts", "level", "where"),
    [
        (("train", "test"), "warning", "lie in two parts of a fold"),
        (("test", "test"), "info", "lie in one part of every fold"),
    ],
)
def test_a_pair_in_two_parts_is_a_leak(parts: tuple, level: str, where: str) -> None:
    report = leak_report(
        [dict(zip("ab", parts, strict=True))],
        {"source": {"a": "film", "b": "film"}},
        spans={"a": (0.0, 2.0), "b": (1.0, 3.0)},
    )

    finding = report.findings[-1]
    assert (finding.level, finding.subject) == (level, "source")
    assert finding.text.endswith(f"by their times, {where}: a and b by 1.00 s")


def test_the_two_pairs_of_the_real_fights(shared_data: Path) -> None:
    data = (shared_data / "fights/clips.csv").read_bytes()
    spans, _findings = read_spans(data, "clips.csv")
    rows = csv.DictReader(data.decode().splitlines())
    sources = {row["clip"]: row["source"] for row in rows}

    assert list(map(str, overlaps(sources, spans))) == [
        "fi011 and fi012 by 0.20 s",
        "fi019 and fi020 by 0.70 s",
    ]
