"""Features of one video: what is read, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ml.data.features import open_features, read_array
from ml.data.features.store import rows_of_frames
from ml.records import BadInput, FeatureRecord, VideoRecord


def saved(folder: Path, array: object, name: str = "a.npy") -> Path:
    np.save(folder / name, np.asarray(array), allow_pickle=True)
    return folder / name


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_rows_have_crops_and_numbers(tmp_path: Path, dtype: str) -> None:
    array = np.arange(24, dtype=dtype).reshape(3, 2, 4)

    assert np.array_equal(read_array(saved(tmp_path, array)), array)


def test_features_without_crops_have_one(tmp_path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(3, 2)

    assert np.array_equal(read_array(saved(tmp_path, array)), array[:, None])


def test_arrays_are_mapped_not_loaded(tmp_path: Path) -> None:
    assert isinstance(read_array(saved(tmp_path, np.zeros((3, 2), np.float32))).base, np.memmap)


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((3, 4), np.int64), "a.npy holds int64, where features are floating-point"),
        (np.zeros((3, 4), np.complex64), "holds complex64"),
        (np.zeros(3, np.float32), r"has the shape \(3,\): rows × numbers are expected"),
        (np.zeros((3, 1, 1, 2), np.float32), "has the shape"),
        (np.zeros((0, 4), np.float32), r"shape \(0, 4\): there is nothing in it, not one row"),
        (np.zeros((3, 0, 4), np.float32), "there is nothing in it, not one crop"),
        (np.array([{"a": 1}], object), "a.npy holds Python objects, which can run code"),
    ],
)
def test_what_are_no_features(tmp_path: Path, array: object, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_array(saved(tmp_path, array))


def test_what_only_python_reads_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(np.zeros((3, 4)).dumps())

    with pytest.raises(BadInput, match="holds Python objects"):
        read_array(tmp_path / "a.npy")


@pytest.mark.parametrize("kept", [0, 4, 100, 150])
def test_a_file_that_ends_too_soon(tmp_path: Path, kept: int) -> None:
    path = saved(tmp_path, np.ones((3, 4), np.float32))
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(BadInput, match="is no array of numbers"):
        read_array(path)


def test_several_arrays_are_not_features(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", a=np.zeros((3, 4)))

    with pytest.raises(BadInput, match="holds several arrays"):
        read_array(tmp_path / "a.npz")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read: No such file"):
        read_array(tmp_path / "a.npy")


def test_scores_of_rows_belong_to_their_frames(tmp_path: Path) -> None:
    path = saved(tmp_path, np.zeros((3, 4), np.float32))
    record = FeatureRecord(path=str(path), frames_per_row=16, first_frame=2)
    features = open_features(VideoRecord(id="a", path="", n_frames=50, features=record))

    frames = features.scores(np.array([1, 2, 3], np.float32)).to_frames(52)

    assert frames[2:50].tolist() == [1] * 16 + [2] * 16 + [3] * 16
    assert np.isnan(frames[[0, 1, 50, 51]]).all()


def test_a_video_without_features() -> None:
    with pytest.raises(BadInput, match=r"test/a\.mp4 has no features"):
        open_features(VideoRecord(id="a", path="/data/test/a.mp4"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"path": ""}, "vid: its features have no path"),
        ({"frames_per_row": 0}, "vid: frames_per_row 0 is no number of frames"),
        ({"first_frame": -1}, "vid: first_frame -1 is no number of frames"),
        ({"frames_per_row": 1.5}, "vid: frames_per_row 1.5"),
    ],
)
def test_records_that_cannot_be(changes: dict[str, object], sentence: str) -> None:
    features = {"path": "a.npy"} | changes

    with pytest.raises(BadInput, match=sentence):
        VideoRecord.from_json({"id": "vid", "path": "a.mp4", "features": features}).check()


def test_frames_of_rows_that_are_not_whole(tmp_path: Path) -> None:
    """Three rows of 2.5 frames: 0 1 2, 3 4 and 5 6 7, for frame 5 is the first of the third."""
    path = saved(tmp_path, np.zeros((3, 4), np.float32))
    record = FeatureRecord(path=str(path), row_length=2.5)
    features = open_features(VideoRecord(id="a", path="", n_frames=9, features=record))

    frames = features.scores(np.array([1, 2, 3], np.float32)).to_frames(9)

    assert frames[:8].tolist() == [1, 1, 1, 2, 2, 3, 3, 3]
    assert np.isnan(frames[8])
    assert features.left_over(3, 9) == 1
    uncounted = replace(features, n_frames=0).scores(np.array([1, 2, 3], np.float32))
    assert uncounted.values.tolist() == [1, 1, 1, 2, 2, 3, 3, 3]


@pytest.mark.parametrize(("n_frames", "n_left"), [(48, 0), (49, 1), (63, 15), (64, 0), (40, 0)])
def test_frames_too_few_for_a_row(tmp_path: Path, n_frames: int, n_left: int) -> None:
    path = saved(tmp_path, np.zeros((3, 4), np.float32))
    record = FeatureRecord(path=str(path))
    features = open_features(VideoRecord(id="a", path="", n_frames=n_frames, features=record))

    assert features.left_over(3, n_frames) == n_left


@pytest.mark.parametrize(("n_frames", "n_parts"), [(1000, 32), (97, 32), (355, 7), (107_997, 32)])
def test_equal_parts_are_cut_as_scores_of_equal_segments_are(n_frames: int, n_parts: int) -> None:
    rows = rows_of_frames(n_frames, n_frames / n_parts)

    assert rows.tolist() == (np.arange(n_frames) * n_parts // n_frames).tolist()
