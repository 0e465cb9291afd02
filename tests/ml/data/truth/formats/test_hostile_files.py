"""Damaged, odd and wrong files: each ends in a sentence, whatever its bytes say."""

from __future__ import annotations

import contextlib
import os
import random
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from ml.data.truth.formats import load_formats, read_annotations
from ml.records import BadInput

TEXT = "Abuse028_x264.mp4  Abuse  165  240  -1  -1\n"


def npy(header: bytes, body: bytes = b"") -> bytes:
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + body


HUGE = npy(
    b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }".ljust(117) + b"\n"
)
HEADERS = [b"{'descr': '<f8'", b"((((", b"  x\n y", b"'''", b"{'descr': __import__('os')}", b"\xff"]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("is_packed", [False, True])
def test_headers_of_arrays_that_are_none(tmp_path: Path, header: bytes, is_packed: bool) -> None:
    path = tmp_path / "gt"
    if is_packed:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.npy", npy(header))
    else:
        path.write_bytes(npy(header))

    with pytest.raises(BadInput, match="cannot be read as an a"):
        read_annotations(path)


def test_an_array_that_claims_terabytes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "gt.npz", "w") as archive:
        archive.writestr("a.npy", HUGE)
        archive.writestr("b.npy", HUGE)

    with pytest.raises(BadInput, match="cannot be read as an archive of arrays"):
        read_annotations(tmp_path / "gt.npz")


def test_a_compressed_array_with_a_flipped_stretch(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 2, 5_000)
    np.savez_compressed(tmp_path / "gt.npz", a=labels, b=np.zeros(10))
    data = bytearray((tmp_path / "gt.npz").read_bytes())
    data[300:400] = b"\xff" * 100
    (tmp_path / "gt.npz").write_bytes(data)

    with pytest.raises(BadInput, match="cannot be read as an archive of arrays"):
        read_annotations(tmp_path / "gt.npz")


@pytest.mark.parametrize(
    "values",
    [
        np.array(["0", "1"]),
        np.array(["2020-01-01"], "M8[D]"),
        np.zeros(3, [("a", "i4")]),
        np.array([0, 1, np.nan]),
        np.array([0, 1j]),
    ],
)
def test_arrays_that_are_no_labels(tmp_path: Path, values: np.ndarray) -> None:
    np.save(tmp_path / "gt.npy", values)

    with pytest.raises(BadInput, match=r"gt\.npy has values other than 0 and 1"):
        read_annotations(tmp_path / "gt.npy")


def test_features_with_three_axes_are_no_masks(tmp_path: Path) -> None:
    """Any number that is not 0 would make its frame abnormal."""
    features = np.random.default_rng(0).random((4, 10, 16), np.float32)
    np.savez(tmp_path / "features.npz", a=features)

    with pytest.raises(BadInput, match="values other than 0, 1 and 255, as features have"):
        read_annotations(tmp_path / "features.npz")


def test_a_folder_says_which_of_its_files_is_bad(tmp_path: Path) -> None:
    np.save(tmp_path / "01.npy", np.zeros(3))
    np.save(tmp_path / "02.npy", np.array([{}], object), allow_pickle=True)

    with pytest.raises(BadInput, match=r"02\.npy: it cannot be read"):
        read_annotations(tmp_path)


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    np.save(given / "01.npy", np.zeros(3))
    np.save(tmp_path / "secret.npy", np.ones(3))
    (given / "02.npy").symlink_to(tmp_path / "secret.npy")
    (given / "03.npy").symlink_to(given / "01.npy")
    (given / "._01.npy").write_bytes(b"macOS")

    assert [claim.name for claim in read_annotations(given).claims] == ["01", "03"]


def test_what_is_neither_file_nor_folder(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(BadInput, match="pipe is neither a file nor a folder"):
        read_annotations(tmp_path / "pipe")


@pytest.mark.parametrize("digits", [50, 5_000])
def test_numbers_without_end(tmp_path: Path, digits: int) -> None:
    """Python refuses to turn more than 4,300 digits into a number."""
    path = tmp_path / "gt.txt"
    path.write_text(f"Abuse028_x264.mp4  Abuse  1  {'9' * digits}  -1  -1\n")

    if digits > 4_300:
        with pytest.raises(BadInput, match=r"gt\.txt cannot be read as UCF-Crime"):
            read_annotations(path)
    else:
        [claim] = read_annotations(path).claims
        assert claim.intervals is not None
        assert claim.intervals[0].end_frame == int("9" * digits)


def test_a_first_line_without_end(tmp_path: Path) -> None:
    """Longer than what `csv` takes for a cell."""
    path = tmp_path / "a.txt"
    path.write_text('"' + "x" * 200_000)

    with pytest.raises(BadInput, match="no ground truth that is known"):
        read_annotations(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("video,start_frame,end_frame\n,1,5\n", r"gt\.txt, line 2: it names no video"),
        (
            "video,start_frame,end_frame\na,60,\n",
            "line 2: end_frame is empty, and the other end is not",
        ),
        (
            "video,start_frame,end_frame\na,1," + "9" * 200_000,
            "larger than any number that is kept",
        ),
        (
            "video,start_seconds,end_seconds\na,nan,2\n",
            "line 2: start_seconds is empty, and the other end is not",
        ),
        ("video,start_seconds,end_seconds\na,1,inf\n", "line 2: end_seconds 'inf' is no number"),
        ("video,start_seconds,end_seconds\na,1,1e308\n", r"line 2: 1 to 1e\+308 lie in no video"),
        ('{"videos": {"": [[1, 5]]}}', "a video has no name"),
        ('{"videos": [{"intervals": [[1, 5]]}]}', "a video has no name"),
        ('{"base": "1", "videos": {"a": [[1, 5]]}}', "base '1' is neither 0 nor 1"),
        ('{"end": "later", "videos": {"a": [[1, 5]]}}', "end 'later' is neither"),
        ('{"videos": ' + "[" * 100_000, "is no JSON"),
        ("v=x__#1_label_B4-0-0 0 15\nv=y__#1_label_B4-0-0 0 15 20\n", "line 2: 3 numbers are no"),
    ],
)
def test_texts_with_faults(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "gt.txt"
    path.write_text(text)

    with pytest.raises(BadInput, match=sentence):
        read_annotations(path)


@pytest.mark.parametrize(
    ("time", "fault"),
    [
        ("nan", "end_time is empty, and the other end is not"),
        ("inf", "end_time 'inf' is no number"),
        ("1e308", r"end_time '1e308' is no time in a video"),
        ("-00:00:05", "is no time such as 00:01:30 or 90.5"),
        ("soon", "end_time 'soon' is no number"),
        ("00:00:08:12", "is no time such as 00:01:30 or 90.5"),  # a time code with frames
        ("00:75:00", "is no time such as 00:01:30 or 90.5"),
        ("00:00:60", "is no time such as 00:01:30 or 90.5"),
        ("0:1.5:3", "is no time such as 00:01:30 or 90.5"),
    ],
)
def test_times_that_are_none_in_a_video(tmp_path: Path, time: str, fault: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"video_name class start_time end_time\nb.mp4 1 0 1\na.mp4 1 0 {time}\n")

    with pytest.raises(BadInput, match=rf"a\.csv, line 3: .*{fault}"):
        read_annotations(path)


def test_frame_numbers_of_matlab_that_are_none(tmp_path: Path) -> None:
    cells = np.empty((1, 1), object)
    cells[0, 0] = np.array([[np.nan], [3]])
    scipy.io.savemat(tmp_path / "gt.mat", {"gt": cells})

    with pytest.raises(BadInput, match="gt does not have two rows of frames per clip"):
        read_annotations(tmp_path / "gt.mat")


@pytest.mark.parametrize("format", sorted(load_formats()))
def test_a_format_that_the_file_does_not_have(tmp_path: Path, format: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear colleague,\nthe annotations are attached.\n")

    with pytest.raises(BadInput, match=r"notes\.txt does not look like|as an array of numbers"):
        read_annotations(path, format=format)


REAL = [
    "avenue/testing_label_mask/20_label.mat",
    "ped2/gt/ped2_annguyen94_modified.mat",
    "ped2/gt/UCSDped2.m",
    "ped2/gt/frame_labels_ped2_mnad.npy",
    "shanghaitech/sh-gt_pel4vad_140112.npz",
    "ucf-crime/annotations/seominseok_test_anomalyv2.txt",
    "ucf-crime/annotations/ucf_gt_per_video_pel4vad.npz",
    "xd-violence/annotations_multiclasses.txt",
]


@pytest.mark.shared_data
@pytest.mark.parametrize("file", [each for each in REAL if not each.endswith(".mat")])
def test_real_files_with_random_damage(tmp_path: Path, shared_data: Path, file: str) -> None:
    """SciPy is left out: damage can end its process, which is why a child reads files."""
    whole = (shared_data / file).read_bytes()
    choose = random.Random(file)
    path = tmp_path / "damaged"
    for _round in range(40):
        data = bytearray(whole)
        for _change in range(choose.randint(1, 6)):
            place = choose.randrange(min(len(data), choose.choice([400, len(data)])))
            data[place : place + choose.choice([0, 1, 40])] = choose.randbytes(1)
        path.write_bytes(data[: choose.choice([len(data), len(data) // 2])])
        with contextlib.suppress(BadInput):
            read_annotations(path)


@pytest.mark.shared_data
@pytest.mark.parametrize("file", REAL)
def test_real_files_that_were_cut_short(tmp_path: Path, shared_data: Path, file: str) -> None:
    whole = (shared_data / file).read_bytes()
    path = tmp_path / "cut"
    for n_bytes in (1, 10, 130, len(whole) // 3, len(whole) - 1):
        path.write_bytes(whole[:n_bytes])
        try:
            found = read_annotations(path)
        except BadInput:
            continue
        assert not file.endswith((".npz", ".npy", ".mat")), n_bytes
        assert found.claims


def test_text_without_a_line_end_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_text(TEXT.strip())

    assert len(read_annotations(path).claims) == 1
