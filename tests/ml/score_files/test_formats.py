"""Score files are told by their content, and hostile ones refused."""

import contextlib
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest

from ml.records import BadInput
from ml.score_files import load_formats, read


def npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        npy([0.5, 1, 2]),
        npy(np.array([[0.5, 1, 2]])),
        npy(np.array([0.5, 1, 2], np.float16)),
        b"[0.5, 1, 2]",
        b"0.5\n1\n2\n",
        b"score\n0.5\n1\n2",
        b"\xef\xbb\xbfframe;score\r\n0;0.5\r\n1;1\r\n2;2\r\n",
        b"0 0.5\n1 1\n2 2\n",
    ],
)
def test_one_video_in_every_format(data: bytes) -> None:
    found = read(data)

    assert found.values is not None
    assert found.values.tolist() == [0.5, 1, 2]


@pytest.mark.parametrize(
    "data",
    [
        npz(**{"test/01": [1.0, 2.0], "b": [3.0]}),
        zipped({"test/01.npy": npy([1, 2]), "b.csv": b"3\n", "__MACOSX/._b": b"x", "d/": b""}),
        json.dumps({"test/01": [1, 2], "b": [3]}).encode(),
        b"video,score\ntest/01,1\ntest/01,2\nb,3\n",
    ],
)
def test_several_videos_by_name(data: bytes) -> None:
    by_video = {name: values.tolist() for name, values in read(data).by_video.items()}

    assert by_video == {"test/01": [1, 2], "b": [3]}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\x00\x01\x02", "no score file"),
        (npy(np.zeros((2, 3))), "one row of scores"),
        (npy(np.array([{}], dtype=object)), "array of numbers"),
        (npy([1.0, 2.0])[:-3], "array of numbers"),
        (npy(["a"]), "not all numbers"),
        (b"[1, [2]]", "not all numbers"),
        (b"[" * 100_000, "read as JSON"),
        (b'{"a": 3}', "a: a list of scores"),
        (b"score\n1\nhigh\n", "not all numbers"),
        (b"frame,score\n0,1\n2,1\n", "not 0, 1, 2"),
        (b"a,b,c\n1,2,3\n", "needs a heading"),
        (b"video,score\na,1\nb\n", "2 columns"),
        (zipped({}), "no score file"),
        (zipped({"a.npy": npy([1]), "b.npy": npy([1])})[:-30], "damaged or cut off"),
        (zipped({"a.npy": npy([1.0, 2.0])[:-3]}), "a.npy: it cannot be read"),
        (zipped({"a.zip": zipped({})}), "archive inside"),
        (zipped({"a.npy": npy([1]), "a.csv": b"1"}), "two files for a"),
        (zipped({"a.json": b'{"b": [1]}'}), "several videos"),
        (zipped({"a.npy": npy([1])}, zipfile.ZIP_LZMA), "otherwise than by deflate"),
        (npy([1j]), "not all numbers"),
        (npy(np.zeros(2, "M8[s]")), "not all numbers"),
        (b"[1" + b"0" * 400 + b"]", "not all numbers"),
        (b'{"a": [1], "a": [2]}', "stands twice"),
        (b"{}", "holds no scores"),
        (b"video,score\n", "holds no scores"),
        (b"score\n" + b"1" * 200_000, "line 2 cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(data)


@pytest.mark.parametrize(
    "whole",
    [
        npy([0.5, 1]),
        npz(a=[1.0]),
        zipped({"a.csv": b"1\n2\n"}),
        b'{"a": [1, 2]}',
        b"video,score\na,1",
    ],
)
@pytest.mark.filterwarnings("ignore:Reading .*Python 2")
def test_damage_anywhere_is_at_worst_a_sentence(whole: bytes) -> None:
    for place in range(len(whole)):
        for damage in (0, 0x22, 0x35, 0x80, 0xFF):
            data = bytearray(whole)
            data[place] = damage
            with contextlib.suppress(BadInput):
                read(bytes(data))


def test_an_archive_that_unpacks_without_end_is_refused() -> None:
    with pytest.raises(BadInput, match="unpack to more than"):
        read(zipped({"a.npy": bytes(300 * 1024**2)}))


def test_names_in_an_archive_are_names_only() -> None:
    """Nothing is ever written where they point to."""
    assert list(read(zipped({"../../etc/passwd.npy": npy([1])})).by_video) == ["../../etc/passwd"]


def test_every_format_has_a_title() -> None:
    assert sorted(load_formats()) == ["archive", "json", "npy", "table"]
