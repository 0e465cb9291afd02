"""Files that are neither text nor arrays, by their first bytes."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest

from ml import file_kinds
from ml.file_kinds import kind_of


def zipped(*names: str, content: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), file_kinds.WORKBOOK),
        (zipped("[Content_Types].xml", "word/document.xml"), file_kinds.WORD),
        (zipped("mimetype", content=b"application/vnd.oasis.opendocument"), "an OpenDocument file"),
        (zipped("archive/data.pkl", "archive/data/0"), "a file of PyTorch"),
        (b"\x80\x04\x95\x0b\0\0\0}\x94\x8c\x01a", file_kinds.PICKLE),
        (b"%PDF-1.7\n", file_kinds.PDF),
        (b"\x89PNG\r\n\x1a\n\0\0", file_kinds.PICTURE),
        (b"\xff\xd8\xff\xe0\0", file_kinds.PICTURE),
        (gzip.compress(b"a" * 50, mtime=0), file_kinds.PACKED),
        (b"\0\0\0\x20ftypisom", file_kinds.VIDEO),
        (b"RIFF\0\0\0\0AVI LIST", file_kinds.VIDEO),
        (b"\x1aE\xdf\xa3\x01\0", file_kinds.VIDEO),
        (b"G\0" * 94 + b"G\0", file_kinds.VIDEO),
        (b"\0\0\0\x01\x67\x64\0\x1f\xac\xd9", file_kinds.VIDEO),  # H.264 without a container
        (b"DHAV\xfd\0\0\0", file_kinds.VIDEO),
    ],
)
def test_kinds(head: bytes, kind: str) -> None:
    assert kind_of(head).startswith(kind)


@pytest.mark.parametrize(
    "head",
    [
        zipped("01.npy", "xl/02.npy"),  # an archive of arrays, whatever they are called
        b"\x93NUMPY\x01\0v\0{'descr'",
        b"MATLAB 5.0 MAT-file" + b" " * 100 + b"\0\x01IM",
        b"BZh_001.mp4  Abuse  1  2  -1  -1\n",  # texts that begin like packed files
        "Rar!정상 0 1\n".encode(),
        b"GIF8_01,0,5\n",
        b"video,start_frame\n",
        b"",
    ],
)
def test_what_may_be_ground_truth(head: bytes) -> None:
    assert kind_of(head) == ""
