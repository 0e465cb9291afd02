"""MATLAB 7.3 files: read as those of version 5, and nothing outside the file is followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ml.data.truth import hdf5
from ml.data.truth.formats import read_annotations
from ml.records import BadInput
from tests.ml.data.truth.matlab73 import save


def test_masks_of_avenue(tmp_path: Path) -> None:
    masks = [np.zeros((3, 5), np.uint8) for _frame in range(6)]
    masks[2][1, 4] = masks[3][0, 0] = 1

    found = read_annotations(save(tmp_path / "7_label.mat", volLabel=masks))

    assert found.format == "avenue"
    [claim] = found.claims
    assert claim.labels is not None
    assert (claim.path, claim.labels.tolist()) == ("7", [0, 0, 1, 1, 0, 0])


def test_ranges_of_ano_pred_have_starts_above_ends(tmp_path: Path) -> None:
    """Turned round they would be [5, 20) and [8, 12)."""
    clips = [np.array([[5.0, 8.0], [20.0, 12.0]]), np.zeros((2, 0)), np.array([[1.0], [9.0]])]

    found = read_annotations(save(tmp_path / "gt.mat", gt=clips))

    assert found.format == "ano_pred"
    spans = [[(i.start_frame, i.end_frame) for i in each.intervals or ()] for each in found.claims]
    assert spans == [[(4, 20), (7, 12)], [], [(0, 9)]]


def test_structs_of_ucf_crime(tmp_path: Path) -> None:
    events = np.array([[150, 420], [680, 1267]], np.int16)
    struct = {"VideoName": "Arson011_x264", "Anno": events, "EventName": "Arson"}

    found = read_annotations(save(tmp_path / "a.mat", Annotation_file=struct))

    assert found.format == "ucf_crime_mat"
    [claim] = found.claims
    assert (claim.path, claim.label) == ("Arson011_x264", "Arson")
    spans = [(each.start_frame, each.end_frame) for each in claim.intervals or ()]
    assert spans == [(149, 420), (679, 1267)]


def test_other_variables_are_named(tmp_path: Path) -> None:
    path = save(tmp_path / "a.mat", labels=np.zeros((1, 5)), volume=np.zeros((2, 2)))

    with pytest.raises(BadInput, match=r"a\.mat is a MATLAB file with labels, volume; known"):
        read_annotations(path)


def linked(path: Path, secret: Path) -> None:
    with h5py.File(path, "w") as file:
        file["gt"] = h5py.ExternalLink(str(secret), "gt")


def kept_elsewhere(path: Path, secret: Path) -> None:
    with h5py.File(path, "w") as file:
        where = [(str(secret), 0, h5py.h5f.UNLIMITED)]
        file.create_dataset("gt", shape=(4,), dtype="u1", external=where)


def virtual(path: Path, secret: Path) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource(str(secret), "gt", shape=(4,))
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("gt", layout)


def softly_linked(path: Path, secret: Path) -> None:
    with h5py.File(path, "w") as file:
        file["gt"] = h5py.SoftLink("/elsewhere")


@pytest.mark.parametrize("make", [linked, kept_elsewhere, virtual, softly_linked])
def test_nothing_outside_the_file_is_read(tmp_path: Path, make: Any) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["gt"] = np.arange(4.0)
    make(tmp_path / "a.mat", secret)

    with pytest.raises(BadInput, match=r"is no value of this file|lie in other files"):
        hdf5.read(tmp_path / "a.mat", "gt")


def test_sizes_are_asked_for_before_anything_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file.create_dataset("gt", shape=(10**12,), dtype="u1", chunks=(10**6,), compression="gzip")
    assert (tmp_path / "a.mat").stat().st_size < 100_000

    with pytest.raises(BadInput, match="more than 1 GiB"):
        hdf5.read(tmp_path / "a.mat", "gt")


def test_cells_that_refer_to_themselves(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        cell = file.create_dataset("gt", shape=(3, 1), dtype=h5py.ref_dtype)
        cell[:] = np.array([[cell.ref]] * 3, h5py.ref_dtype)
        cell.attrs["MATLAB_class"] = np.bytes_(b"cell")

    with pytest.raises(BadInput, match="nested too deep"):
        hdf5.read(tmp_path / "a.mat", "gt")


def test_cells_that_refer_to_nothing(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file.create_dataset("gt", shape=(2, 1), dtype=h5py.ref_dtype)

    with pytest.raises(BadInput, match="a cell refers to nothing"):
        hdf5.read(tmp_path / "a.mat", "gt")


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_file_that_was_cut(tmp_path: Path, share: float) -> None:
    path = save(tmp_path / "gt.mat", gt=[np.array([[5.0], [20.0]])])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])

    with pytest.raises(BadInput, match=r"gt\.mat cannot be read as a MATLAB 7\.3 file"):
        read_annotations(path)
