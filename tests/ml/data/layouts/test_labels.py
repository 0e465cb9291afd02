from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from ml.data.layouts._labels import cut, read_ano_pred, read_mask_archive, read_vector
from ml.data.truth import arrays
from ml.records import BadInput, Interval


def save_masks(path: Path, masks: dict[str, Any]) -> None:
    np.savez_compressed(path, **masks)


def test_read_vector_takes_a_row_or_a_column(tmp_path: Path) -> None:
    for shape in ((6,), (1, 6), (6, 1)):
        np.save(tmp_path / "a.npy", np.array([0, 1, 1, 0, 0, 1]).reshape(shape))

        assert read_vector(tmp_path / "a.npy").tolist() == [0, 1, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("array", "sentence"),
    [
        (np.zeros((2, 6)), r"shape \(2, 6\) where one vector is expected"),
        (np.array([0, 2]), "values other than 0 and 1"),
        (np.array([{"a": 1}], dtype=object), "cannot be read as an array of numbers"),
    ],
)
def test_read_vector_refuses_other_arrays(tmp_path: Path, array: np.ndarray, sentence: str) -> None:
    np.save(tmp_path / "a.npy", array, allow_pickle=True)

    with pytest.raises(BadInput, match=sentence):
        read_vector(tmp_path / "a.npy")


def test_cut_gives_each_video_its_part() -> None:
    parts = cut(np.array([0, 1, 1, 0, 1], np.uint8), {"a": 2, "b": 3})

    assert {name: part.tolist() for name, part in parts.items()} == {"a": [0, 1], "b": [1, 0, 1]}


def test_cut_of_the_wrong_length_says_expected_and_got() -> None:
    with pytest.raises(BadInput, match="4 labels where 5 are expected, the frames of 2 videos"):
        cut(np.zeros(4, np.uint8), {"a": 2, "b": 3})


def test_read_mask_archive_any_pixel_makes_a_frame_abnormal(tmp_path: Path) -> None:
    mask = np.zeros((3, 4, 5), np.uint8)
    mask[1, 2, 3] = 255
    save_masks(tmp_path / "a.npz", {"01": mask})

    assert [(key, labels.tolist()) for key, labels in read_mask_archive(tmp_path / "a.npz")] == [
        ("01", [0, 1, 0])
    ]


def test_read_mask_archive_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrays, "MAX_ARRAY_BYTES", 10**7)
    save_masks(tmp_path / "a.npz", {"01": np.zeros(10**8, np.uint8)})
    assert (tmp_path / "a.npz").stat().st_size < 10**6

    with pytest.raises(BadInput, match=r"it would unpack to 0\.1 GB"):
        list(read_mask_archive(tmp_path / "a.npz"))


def test_read_ano_pred_ranges_count_from_1_and_include_their_end(tmp_path: Path) -> None:
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = np.array([[61, 150], [120, 180]], np.uint8), np.array([[5], [9]])
    scipy.io.savemat(tmp_path / "a.mat", {"gt": cells})

    assert read_ano_pred(tmp_path / "a.mat") == [
        (Interval(start_frame=60, end_frame=120), Interval(start_frame=149, end_frame=180)),
        (Interval(start_frame=4, end_frame=9),),
    ]


@pytest.mark.parametrize("variables", [{"volLabel": np.zeros(3)}, {"gt": np.zeros((3, 3))}])
def test_read_ano_pred_refuses_other_matrices(
    tmp_path: Path, variables: dict[str, np.ndarray]
) -> None:
    scipy.io.savemat(tmp_path / "a.mat", variables)

    with pytest.raises(BadInput, match=r"does not look like ano_pred|gt is an array of numbers"):
        read_ano_pred(tmp_path / "a.mat")
