"""Two sets of features of the same videos, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.features import read_array
from ml.data.features.comparing import Comparison, mean_cosine
from ml.data.features.folder import read_features
from ml.reports import Event, Reporter
from tests.ml.data.features.test_folder import of, save, told

RNG = np.random.default_rng(0)
ROWS = RNG.random((300, 2, 8)).astype(np.float32)


def texts(comparison: Comparison) -> list[tuple[str, str]]:
    return [(finding.level, finding.text) for finding in comparison.findings()]


def test_size_does_not_count() -> None:
    assert mean_cosine(ROWS, ROWS * 7) == pytest.approx(1)


def test_rows_and_crops_that_both_have_are_compared() -> None:
    by_hand = [
        float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
        for a, b in zip(ROWS[:40, 0].astype(float), ROWS[:40, 1].astype(float), strict=True)
    ]

    assert mean_cosine(ROWS[:, :1], ROWS[:40, 1:]) == pytest.approx(np.mean(by_hand))


def test_zero_rows_are_like_nothing() -> None:
    assert mean_cosine(ROWS, np.zeros_like(ROWS)) is None
    assert mean_cosine(ROWS, ROWS[:, :, :4]) is None


def test_the_same_features_of_another_size() -> None:
    comparison = Comparison(other="mine v1")
    comparison.add("a", ROWS, ROWS * 2)

    assert texts(comparison) == [
        ("info",
         "mean cosine of rows 1.000 over 1 of the videos, lowest 1.000 (a): the same features, "
         "but for their size"),
    ]  # fmt: skip


def test_other_features() -> None:
    comparison = Comparison(other="mine v1")
    comparison.add("a", ROWS, ROWS)
    comparison.add("b", ROWS, ROWS[:200, ::-1] - 0.5)

    (level, text), (_level, lengths) = texts(comparison)
    assert level == "warning"
    assert text.endswith("(b): made by another network, or of frames prepared otherwise")
    assert lengths == "other numbers of rows in 1: b"
    assert comparison.to_json()["n_videos"] == 2


def test_nothing_to_compare() -> None:
    comparison = Comparison(other="mine v1")
    comparison.add("a", ROWS, ROWS[:, :, :4])

    assert texts(comparison)[0][1].startswith("no video can be compared")


def test_a_folder_is_compared_with_another_set(tmp_path: Path) -> None:
    save(tmp_path, "ours/a.npy", ROWS)
    save(tmp_path, "theirs/a.npy", ROWS)
    record = {"path": str(tmp_path / "theirs/a.npy"), "frames_per_row": 4}
    videos = [{"id": "vid", "name": "a", "n_frames": 1200}]
    other = {"name": "theirs v1", "records": {"vid": record}}
    events: list[Event] = []

    spec: dict[str, Any] = {"folder": str(tmp_path / "ours"), "frames_per_row": 4}
    read_features(spec | {"videos": videos, "other": other}, Reporter(events.append))

    [result] = of(events, "result")
    assert result["values"]["health"]["compared"] == {
        "with": "theirs v1", "mean_cosine": pytest.approx(1), "lowest_cosine": pytest.approx(1),
        "n_videos": 1,
    }  # fmt: skip
    assert [subject for _level, subject, _text in told(events)] == ["against theirs v1"]


def test_what_is_wrong_with_the_other_set_is_no_fault_of_this_one(tmp_path: Path) -> None:
    save(tmp_path, "ours/a.npy", ROWS)
    other = {"name": "old v1", "records": {"vid": {"path": str(tmp_path / "gone.npy")}}}
    videos = [{"id": "vid", "name": "a", "n_frames": 1200}]
    events: list[Event] = []

    spec: dict[str, Any] = {"folder": str(tmp_path / "ours"), "frames_per_row": 4}
    read_features(spec | {"videos": videos, "other": other}, Reporter(events.append))

    assert len(of(events, "features")) == 1
    (level, subject, text), (_level, _subject, verdict) = told(events)
    assert (level, subject) == ("warning", "against old v1")
    assert text.startswith("gone.npy cannot be read")
    assert verdict.startswith("no video can be compared")


@pytest.mark.parametrize(
    ("first", "second", "cosine"), [(0, 6, 0.916), (1, 5, 0.922), (4, 9, 0.929), (0, 1, 0.664)]
)
def test_crops_of_a_real_file(shared_data: Path, first: int, second: int, cosine: float) -> None:
    """A crop is like its mirror image, and less like another corner."""
    rows = read_array(shared_data / "weak/i3d-r50-10crop/01_002.npy")
    ours, theirs = rows[:, first : first + 1], rows[:, second : second + 1]

    assert mean_cosine(ours, theirs) == pytest.approx(cosine, abs=6e-4)
