"""A folder of features: which file is which video's, and what is told of those that fit none."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.features.folder import read_features
from ml.records import BadInput
from ml.reports import Event, Reporter

REAL = Path("weak/i3d-r50-10crop/01_002.npy")


def read(folder: Path, *, frames_per_row: int = 4, **videos: int) -> list[Event]:
    events: list[Event] = []
    known = [{"id": f"vid_{name}", "name": name, "n_frames": n} for name, n in videos.items()]
    spec = {"folder": str(folder), "videos": known, "frames_per_row": frames_per_row}
    read_features(spec, Reporter(events.append))
    return events


def of(events: list[Event], name: str) -> list[Event]:
    return [event for event in events if event["event"] == name]


def told(events: list[Event]) -> list[tuple[str, str, str]]:
    return [(each["level"], each["subject"], each["text"]) for each in of(events, "finding")]


def save(folder: Path, name: str, rows: Any) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    np.save(folder / name, np.asarray(rows, np.float32))


def test_each_file_belongs_to_the_video_of_its_name(tmp_path: Path) -> None:
    save(tmp_path, "a.npy", np.ones((3, 2, 5)))
    save(tmp_path, "deeper/b.npy", np.ones((2, 2, 5)))

    events = read(tmp_path, a=12, b=8)

    facts = [(each["video_id"], each["path"], each["n_rows"]) for each in of(events, "features")]
    assert facts == [("vid_a", "a.npy", 3), ("vid_b", "deeper/b.npy", 2)]
    digest = hashlib.sha256((tmp_path / "a.npy").read_bytes()).hexdigest()
    assert of(events, "features")[0]["sha256"] == digest
    assert told(events) == []


def test_what_all_of_them_are_like(tmp_path: Path) -> None:
    rows = np.zeros((2, 1, 3))
    rows[0, 0] = 3, 4, 0
    save(tmp_path, "a.npy", rows)

    [result] = of(read(tmp_path, a=8), "result")

    assert result["values"] == {
        "layout": "npy",
        "n_crops": 1,
        "dimension": 3,
        "health": {
            "mean_norm": 2.5, "lowest_norm": 0.0, "highest_norm": 5.0,
            "n_rows": 2, "n_zero_rows": 1, "n_dead_dimensions": 1, "negative_share": 0.0,
            "batch_normalised_share": 0.0, "rules": {"whole": 1},
        },
    }  # fmt: skip


def test_zero_rows_and_dead_dimensions_are_told(tmp_path: Path) -> None:
    rows = np.zeros((2, 1, 3))
    rows[0, 0, 1] = 1
    save(tmp_path, "a.npy", rows)

    assert told(read(tmp_path, a=8)) == [
        ("warning", "zero rows",
         "1 of 2 rows are zero: an extractor that failed leaves such rows"),
        ("warning", "dead dimensions", "2 of 3 numbers of a feature are 0 in every row"),
    ]  # fmt: skip


def test_what_does_not_fit_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    save(tmp_path, "a.npy", np.ones((3, 5)))
    save(tmp_path, "b.npy", np.ones((7, 5)))
    save(tmp_path, "c.npy", np.ones((3, 6)))
    save(tmp_path, "d.npy", [[1.0, np.nan]] * 3)
    save(tmp_path, "stranger.npy", np.ones((3, 5)))

    events = read(tmp_path, a=12, b=12, c=12, d=12, e=12)

    assert [event["video_id"] for event in of(events, "features")] == ["vid_a"]
    assert told(events) == [
        ("error", "b", "b.npy has 7 rows where 12 frames in rows of 4 give 3"),
        ("error", "c", "c.npy has 1 × 6 crops × numbers, and the files before it 1 × 5"),
        ("error", "d", "d.npy has 1 × 2 crops × numbers, and the files before it 1 × 5"),
        ("warning", "videos", "no features of 4 videos: b, c, d and 1 more"),
        ("warning", "files", "1 file of no video here: stranger (there is no such clip)"),
    ]


def test_numbers_that_are_not_finite(tmp_path: Path) -> None:
    rows = np.ones((3, 1, 2))
    rows[1, 0, 0] = np.inf
    save(tmp_path, "a.npy", rows)
    save(tmp_path, "b.npy", np.ones((3, 1, 2)))

    [first, *_rest] = told(read(tmp_path, a=12, b=12))

    assert first == (
        "error", "a", "a.npy holds numbers that are not finite, the first in row 1"
    )  # fmt: skip


def test_a_refused_file_counts_nowhere(tmp_path: Path) -> None:
    """Not even its rows before the first number that is none."""
    spoilt = np.full((600, 1, 2), 9.0)
    spoilt[-1] = np.nan
    save(tmp_path, "a.npy", spoilt)
    save(tmp_path, "b.npy", np.full((3, 1, 2), [3.0, 4.0]))

    [result] = of(read(tmp_path, a=2400, b=12), "result")

    health = result["values"]["health"]
    assert (health["n_rows"], health["mean_norm"], health["highest_norm"]) == (3, 5.0, 5.0)


def test_two_files_of_one_video(tmp_path: Path) -> None:
    save(tmp_path, "one/a.npy", np.ones((3, 2)))
    save(tmp_path, "two/a.npy", np.ones((3, 2)))

    events = read(tmp_path, a=12)

    assert len(of(events, "features")) == 1
    assert told(events) == [("error", "a", "a.npy would be a second file of it: a.npy is one, too")]


def test_a_folder_in_which_nothing_fits(tmp_path: Path) -> None:
    save(tmp_path, "stranger.npy", np.ones((3, 5)))

    with pytest.raises(BadInput, match=r"None of the 1 files .npy in .* fits a video .*: stranger"):
        read(tmp_path, a=12)


def test_a_folder_in_which_every_file_is_refused_says_why(tmp_path: Path) -> None:
    save(tmp_path, "a.npy", np.full((3, 5), np.nan))

    with pytest.raises(BadInput, match=r": a \(a.npy holds numbers that are not finite, .* row 0"):
        read(tmp_path, a=12)


def test_features_of_25_frames_a_second_against_frames_at_30(tmp_path: Path) -> None:
    """3,000 frames at 30 a second were turned into 2,500 before."""
    save(tmp_path, "a.npy", np.ones((156, 5)))
    save(tmp_path, "b.npy", np.ones((187, 5)))
    videos = [{"id": name, "name": name, "n_frames": 3000, "fps": 30.0} for name in "ab"]
    events: list[Event] = []

    spec = {"folder": str(tmp_path), "frames_per_row": 16, "videos": videos}
    read_features(spec, Reporter(events.append))

    assert [each["video_id"] for each in of(events, "features")] == ["b"]
    [first, *_rest] = told(events)
    assert "17% fewer, as many as at 25 frames per second, where the video has 30" in first[2]


def test_an_array_of_objects_beside_good_ones(tmp_path: Path) -> None:
    save(tmp_path, "b.npy", np.ones((3, 5)))
    np.save(tmp_path / "a.npy", np.array([np.ones(5), None], object), allow_pickle=True)

    [first, *_rest] = told(read(tmp_path, a=12, b=12))

    assert first[:2] == ("error", "a")
    assert first[2].startswith("a.npy holds Python objects, which can run code when they are read")


def test_a_folder_without_features(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no file"):
        read(tmp_path, a=12)


def test_a_real_file_of_ten_crops(shared_data: Path) -> None:
    folder = (shared_data / REAL).parent
    spec = {
        "folder": str(folder), "frames_per_row": 16,
        "videos": [{"id": "vid", "name": "01_002", "n_frames": 481}],
    }  # fmt: skip
    events: list[Event] = []

    read_features(spec, Reporter(events.append))

    [result] = of(events, "result")
    health = result["values"]["health"]
    assert (result["values"]["n_crops"], result["values"]["dimension"]) == (10, 2048)
    assert health["mean_norm"] == pytest.approx(0.256, abs=5e-4)
    assert health["lowest_norm"] == pytest.approx(0.172, abs=5e-4)
    assert health["highest_norm"] == pytest.approx(0.336, abs=5e-4)
