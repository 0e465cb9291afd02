"""Features in several files, joined when they are opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.features.joining import joined
from ml.records import BadInput, FeaturePart, FeatureRecord, Manifest, VideoRecord


def part(folder: Path, *arrays: object, step: float = 1.0, name: str = "a") -> FeaturePart:
    paths = []
    for number, array in enumerate(arrays):
        path = folder / f"{name}__{number}.npy"
        np.save(path, np.asarray(array))
        paths.append(str(path))
    return FeaturePart(paths=tuple(paths), step=step)


def numbered(n_rows: int, width: int, dtype: str = "f4") -> object:
    return (np.arange(n_rows)[:, None] * np.ones(width)).astype(dtype)


def test_half_and_double_precision_are_joined_as_single(tmp_path: Path) -> None:
    crops = part(tmp_path, numbered(5, 3, "f2"), numbered(5, 3, "f8"))

    rows = joined([crops])

    assert (rows.dtype, rows.shape) == (np.float32, (5, 2, 3))
    assert rows[:, 1, 2].tolist() == [0, 1, 2, 3, 4]


def test_one_file_of_many_crops_can_be_a_part(tmp_path: Path) -> None:
    many = part(tmp_path, np.ones((4, 10, 2), np.float32))
    sound = part(tmp_path, numbered(4, 3), name="sound")

    assert joined([many, sound]).shape == (4, 10, 5)


def test_rows_past_the_end_of_sound_are_its_last(tmp_path: Path) -> None:
    rows = joined([
        part(tmp_path, numbered(6, 1)), part(tmp_path, numbered(3, 1), step=0.7, name="sound"),
    ])  # fmt: skip

    assert rows[:, 0, 1].tolist() == [0, 1, 1, 2, 2, 2]


def test_other_numbers_of_crops(tmp_path: Path) -> None:
    three = part(tmp_path, *[numbered(4, 2)] * 3)
    two = part(tmp_path, *[numbered(4, 2)] * 2, name="flow")

    with pytest.raises(BadInput, match=r"flow__0\.npy and its like are 2 crops where others are 3"):
        joined([three, two])


def test_crops_that_hold_crops(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a__0\.npy has 2 crops where each file is one"):
        joined([part(tmp_path, np.ones((4, 2, 3), np.float32), numbered(4, 3))])


def test_a_record_with_parts_survives_its_json(tmp_path: Path) -> None:
    record = FeatureRecord(
        path="a.npy", row_length=19.2, parts=(FeaturePart(paths=("a.npy", "b.npy"), step=0.5),)
    )
    manifest = Manifest(videos=(VideoRecord(id="a", path="a.mp4", features=record),))

    manifest.save(tmp_path / "manifest.json")

    assert Manifest.load(tmp_path / "manifest.json") == manifest


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (FeatureRecord(path="a", row_length=-1.0), "row_length -1.0 is no number of frames"),
        (FeatureRecord(path="a", row_length=float("nan")), "row_length nan"),
        (FeatureRecord(path="a", parts=(FeaturePart(paths=()),)), "a part .* has no path"),
        (FeatureRecord(path="a", parts=(FeaturePart(paths=("a",), step=0.0),)), "step 0.0"),
    ],
)
def test_records_that_cannot_be(record: FeatureRecord, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        record.check("vid")
