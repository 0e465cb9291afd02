"""What a file is that is neither text nor an array, for a sentence that says what to do instead."""

from __future__ import annotations

import codecs

from ml.signatures import JPEG, is_video

WORKBOOK = "an Excel workbook: save the sheet as CSV"
PICKLE = "a Python pickle, which can run code when it is read: save plain numbers or text"
VIDEO = "a video: name the file that annotates it"
PICTURE = "a picture: masks are read from a folder whose name ends in _gt, one image per frame"
PDF = "a PDF: copy its table into a CSV"
WORD = "a Word document: copy its table into a CSV"
PACKED = "packed: unpack it first"

STARTS: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office file: save the sheet as CSV"),
    (b"\x89PNG", PICTURE),
    (JPEG, PICTURE),
    (b"GIF8", PICTURE),
    (b"II*\0", PICTURE),
    (b"MM\0*", PICTURE),
    (b"SQLite format 3\0", "a database: export its table as CSV"),
    (b"\x1f\x8b", PACKED),
    (b"BZh", PACKED),
    (b"7z\xbc\xaf\x27\x1c", PACKED),
    (b"\xfd7zXZ\0", PACKED),
    (b"\x28\xb5\x2f\xfd", PACKED),
    (b"Rar!", PACKED),
)
PICKLED = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
ZIP = b"PK\x03\x04"
OFFICE = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/")


def kind_of(head: bytes) -> str:
    """The end of "it is …", by the first 64 kB of a file; empty where none of these."""
    if head.startswith(ZIP):
        return _kind_of_archive(head)
    if head.startswith(b"%PDF-"):
        return PDF
    if _is_text(head):  # which may begin with any of these signs
        return ""
    if found := next((text for start, text in STARTS if head.startswith(start)), ""):
        return found
    if head.startswith(PICKLED):
        return PICKLE
    return VIDEO if is_video(head) else ""


def _kind_of_archive(head: bytes) -> str:
    """By the name of its first file."""
    first = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    if first.endswith(b"/data.pkl"):
        return f"a file of PyTorch, which is {PICKLE}"
    if first == b"mimetype" and b"opendocument" in head[:200]:
        return "an OpenDocument file: save the sheet as CSV"
    if first.startswith(OFFICE):
        return WORD if b"word/" in head and b"xl/" not in head else WORKBOOK
    return ""


def _is_text(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
