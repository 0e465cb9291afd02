"""Score files are told by their content, and hostile ones refused."""

import contextlib
import io
import json
import zipfile
from typing import Any

import numpy as np
import pytest

from ml.records import BadInput
from ml.scores.files import ScoreFile, load_formats, read

BOM = b"\xef\xbb\xbf"


def npy(values: Any, **options: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values, **options))
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


def values_in(found: ScoreFile) -> dict[str, list[float]]:
    return {name: series.values.tolist() for name, series in found.by_video.items()}


@pytest.mark.parametrize(
    "data",
    [
        npy([0.5, 1, 2]),
        npy([[0.5, 1, 2]]),
        npy([0.5, 1, 2], dtype=np.float16),
        npy([0.5, 1, 2], dtype=">f8"),
        b"[0.5, 1, 2]",
        BOM + b"[0.5, 1, 2]",
        "[0.5, 1, 2]".encode("utf-16"),
        b'{"scores": [0.5, 1, 2]}',
        b"0.5\n1\n2\n",
        b"0.5\n1\n2",
        b"score\n0.5\n1\n2",
        b"5.0e-01\r\n1.0e+00\r\n2.0e+00\r\n",
        BOM + b"frame;score\r\n0;0.5\r\n1;1\r\n2;2\r\n",
        "frame;score\n0;0,5\n1;1,0\n2;2,0\n".encode("utf-16"),
        b"sep=;\nframe;score\n0;0,5\n1;1\n2;2\n",
        b"0 0.5\n1 1\n2 2\n",
        b"2 2\n0 0.5\n1 1\n",
        b",0\n0,0.5\n1,1\n2,2\n",
        b",score\n0,0.5\n1,1\n2,2\n",
        b"frame\tscore\n2\t2\n1\t1\n0\t0.5\n",
    ],
)
def test_one_video_in_every_format(data: bytes) -> None:
    found = read(data)

    assert found.series is not None
    assert found.series.values.tolist() == [0.5, 1, 2]


@pytest.mark.parametrize(
    "data",
    [
        npz(**{"test/01": [1.0, 2.0], "b": [3.0]}),
        zipped({"test/01.npy": npy([1, 2]), "b.csv": b"3\n", "__MACOSX/._b": b"x", "d/": b""}),
        zipped({"test/01.txt": b"1\n2\n", "b.json": b'{"video_name": "b", "frames": [3]}'}),
        json.dumps({"test/01": [1, 2], "b": [3]}).encode(),
        BOM + json.dumps({"test/01": {"scores": [1, 2]}, "b": {"0": 3}}).encode(),
        b"video,score\ntest/01,1\ntest/01,2\nb,3\n",
        b"video,score\ntest/01,1\nb,3\ntest/01,2\n",
        b"frame,score,video\n1,2,test/01\n0,3,b\n0,1,test/01\n",
        b'video;score\n"test/01";"1,0"\n"test/01";"2,0"\nb;"3,0"\n',
    ],
)
def test_several_videos_by_name(data: bytes) -> None:
    assert values_in(read(data)) == {"test/01": [1, 2], "b": [3]}


def test_an_archive_with_an_index_says_how_its_scores_lie() -> None:
    index = {
        "rule": "each frame",
        "scores": {
            "test/01": {"file": "scores-0.npy", "first_frame": 4, "frames_per_value": 1},
            "b": {"file": "scores-1.npy", "frames_per_value": 16, "n_frames": 32},
        },
    }
    files = {"scores-0.npy": npy([1.0]), "scores-1.npy": npy([2.0, 3.0]), "maps-0.png": b"x"}

    found = read(
        zipped(
            {f"out/{name}": data for name, data in files.items()}
            | {"out/scores.json": json.dumps(index).encode()}
        )
    )

    assert values_in(found) == {"test/01": [1], "b": [2, 3]}
    assert found.by_video["test/01"].stated == {"first_frame": 4, "frames_per_value": 1}
    assert found.by_video["b"].stated == {"frames_per_value": 16, "unit": "segment"}
    assert found.by_video["b"].n_frames == 32


def index_of(**files: str) -> bytes:
    entries = {name: {"file": file} for name, file in files.items()}
    return json.dumps({"rule": "all", "scores": entries}).encode()


def test_an_archive_may_have_an_index_in_each_folder() -> None:
    """As the test and the validation part that one command scored after the other."""
    files = {
        "test/scores.json": index_of(a="0.npy"),
        "test/0.npy": npy([1.0]),
        "held/scores.json": index_of(b="0.npy"),
        "held/0.npy": npy([2.0]),
    }

    assert values_in(read(zipped(files))) == {"a": [1], "b": [2]}


def test_a_video_may_be_called_as_an_index_is() -> None:
    assert values_in(read(zipped({"scores.json": b"[1, NaN]"})))["scores"][0] == 1


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"scores.json": index_of(a="0.npy")}, "names 0.npy for a, and the archive lacks it"),
        (
            {"scores.json": index_of(a="0.npy"), "0.npy": npy([1.0]), "b.csv": b"1"},
            "scores.json does not say whose scores b.csv holds",
        ),
        (
            {
                "x/scores.json": index_of(a="0.npy"),
                "x/0.npy": npy([1.0]),
                "y/scores.json": index_of(a="0.npy"),
                "y/0.npy": npy([1.0]),
            },
            "two files for a",
        ),
        (
            {"scores.json": b'{"scores": {"a": {"file": "0.npy", "lag": 3}}}', "0.npy": npy([1])},
            "says lag of a, which is not understood",
        ),
        (
            {"scores.json": b'{"scores": {"a": {"file": "0"}, "a": {"file": "1"}}}'},
            "scores.json: it has an object with two entries called a",
        ),
    ],
)
def test_an_index_that_cannot_be_followed(files: dict[str, bytes], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(zipped(files))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\x00\x01\x02", "no score file"),
        (npy(np.zeros((2, 3))), "one row of scores"),
        (npy(3.0), "one row of scores"),
        (npy(np.array([{}], dtype=object)), "Python objects, which are a pickle: save each"),
        (npy([1.0, 2.0])[:-3], "array of numbers"),
        (npy(["a"]), "it holds texts, not numbers"),
        (npy([1j]), "it holds complex128, not numbers"),
        (npy(np.zeros(2, "M8[s]")), "not numbers"),
        (npy(np.zeros(2, [("a", "f8")])), "not numbers"),
        (npy([1, 2**53 + 1]), f"{2**53 + 1} has more digits than float64"),
        (npy(np.array([1], np.longdouble) + np.finfo(np.longdouble).eps), "more digits than"),
        (npz(a=np.array([[1.0], [2.0, 3.0]], dtype=object)), "a.npy: it holds Python objects"),
        (b"[1, [2]]", "its score 1 is a list where a number is expected"),
        (b"[[1, 2]]", "its list holds lists or objects: write"),
        (b'[{"video": "a", "score": 1}]', "its list holds lists or objects: write"),
        (b'["0.5", "0.7"]', "its score 0 is the text '0.5': write numbers without quotes"),
        (b"[0.5, true]", "its score 1 is true or false"),
        (b"[" * 100_000, "it is no JSON: it is nested too deep"),
        (b'[0.1] {"a": 1}', "it is no JSON: Extra data"),
        (b'{"a": 3}', "a: a list of scores"),
        (b'{"a": {"scores": ["1"]}}', "a: its score 0 is the text '1'"),
        (b'{"a": {"scores": [1], "clip": 3}}', "a: clip is not understood; known are scores"),
        (b'{"a": {"first_frame": 3}}', "a: one list called scores is expected"),
        (b'{"a": {"0": 1, "00": 3}}', "a: a frame stands twice"),
        (b'{"video_name": "a", "first_frame": 1, "frames": [1, 2]}', "not what first_frame and"),
        (b"score\n1\nhigh\n", "line 3: score 'high' is no number"),
        (b"score\n1\n1e999\n", "line 3: score '1e999' is larger than any number"),
        (b"score\n1\n1e-400\n", "line 3: score '1e-400' is so near to 0"),
        (b"[1e-400]", "1e-400 is so near to 0"),
        (b"score\n9007199254740993\n", "score '9007199254740993' has more digits than"),
        (b"frame;score\n1.000;0.5\n1.001;1\n", "line 2: frame '1.000' may be thousands or a fr"),
        (b"frame,score\n0,1\n0,2\n", "line 3: the table has frame 0 already in line 2"),
        (b"video,frame,score\na,7,1\nb,7,1\na,7.0,2", "line 4: a has frame 7 already in line 2"),
        (b"frame,score\n0,1\n1.5,2\n", "line 3: frame '1.5' is no whole number"),
        (b"frame,score\n0,1\n,2\n", "line 3: frame '' is no whole number"),
        (b"frame,score\n0,1\n1e17,2\n", "line 3: frame '1e17' is no whole number"),
        (b"1,2,3\n1,2,3\n", "a table of 3 columns needs a heading"),
        (b"a,b,c\n1,2,3\n", "the columns a, b, c are not understood; known are video, frame"),
        (b"video,frame\na,1\n", "no column is called score; its columns are video, frame"),
        (b"video,score\na,1\nb\n", "line 3: 1 columns where the first row has 2"),
        (b"video,score\na,1\n,2\n", "line 3 names no video"),
        (b"score,,\n1,2,\n", "line 2: 3 columns where the first row has 1"),
        (b"score\n0,5\n", "line 2: 2 columns where the first row has 1"),
        (b"frame;score\n0;1,234\n1;x\n", "line 3: score 'x' is no number"),
        (b"frame\tscore\n0\t1,234\n", "score '1,234' may be thousands or a fraction"),
        (zipped({}), "no score file"),
        (zipped({"a.npy": npy([1]), "b.npy": npy([1])})[:-30], "damaged or cut off"),
        (zipped({"a.npy": npy([1.0, 2.0])[:-3]}), "a.npy: it cannot be read"),
        (zipped({"a.zip": zipped({})}), "archive inside"),
        (zipped({"a.npy": npy([1]), "a.csv": b"1"}), "two files for a"),
        (zipped({"a.json": b'{"b": [1], "c": [1]}'}), "several videos"),
        (zipped({"a.csv": b"video,score\nb,1"}), "several videos, or of another one"),
        (zipped({"a.npy": npy([1])}, zipfile.ZIP_LZMA), "otherwise than by deflate"),
        (b"[1" + b"0" * 400 + b"]", r"whole numbers from 2\^53 on are not kept exactly"),
        (b'{"a": [1], "a": [2]}', "it has an object with two entries called a"),
        (b'{"\\ud800": [1]}', r"it has the name '\\ud800', which is no"),
        (b'{"video_name": "\\ud800", "frames": [1]}', r"it has the name '\\ud800', which is no"),
        (b"{}", "holds no scores"),
        (b"video,score\n", "holds no scores"),
        (b"score\n", "holds no scores"),
        (b"score\n" + b"1" * 200_000, "line 2: score '1{40}…' is no number"),
        (b"\x80\x04\x95\x10\x00\x00", "this is a Python pickle, which can run code"),
        (b"(dp0\nS'a'\n", "this is a Python pickle, which can run code"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file: save the sheet as CSV"),
        (zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "an Excel workbook: save"),
        (zipped({"scores/data.pkl": b"", "scores/version": b""}), "a file of PyTorch"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 or MATLAB 7.3 file"),
        (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "a MATLAB file"),
        (b"\x1f\x8b\x08", "this is packed: unpack it first"),
        (b"<!DOCTYPE html><html>", "a web page"),
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
        zipped({"scores.json": b'{"scores": {"a": {"file": "0.npy"}}}', "0.npy": npy([1.0])}),
        b'{"a": [1, 2], "b": {"scores": [1, null], "first_frame": 2}}',
        b'{"video_id": "a", "first_frame": 0, "frames_per_value": 2, "frames": [1, 1]}',
        b"video,frame,score\na,0,1\na,1,2.5",
        "frame;score\n0;0,5\n".encode("utf-16"),
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


def test_a_table_of_more_rows_than_are_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ml.scores.files.table.MAX_ROWS", 20_000)

    with pytest.raises(BadInput, match="more than 20,000 rows are not read from a table: send npz"):
        read(b"1\n" * 20_001)


def test_names_in_an_archive_are_names_only() -> None:
    """Nothing is ever written where they point to."""
    assert list(read(zipped({"../../etc/passwd.npy": npy([1])})).by_video) == ["../../etc/passwd"]


def test_every_format_has_a_title() -> None:
    assert sorted(load_formats()) == ["archive", "json", "npy", "table"]
