"""What a file is that is neither text nor an array, for a sentence that says what to do instead."""

from __future__ import annotations

import codecs

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
    (b"\xff\xd8\xff", PICTURE),
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
    (b"\x1aE\xdf\xa3", VIDEO),
    (b"FLV\x01", VIDEO),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", VIDEO),
    (b"\0\0\x01\xba", VIDEO),
    (b"\0\0\x01\xb3", VIDEO),
)
PICKLED = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
ZIP = b"PK\x03\x04"
OFFICE = (b"[Content_Types].xml", b"_rels/", b"docProps/", b"xl/", b"word/")
MP4_BOXES = (b"ftyp", b"moov", b"mdat")


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
    is_avi = head[:4] == b"RIFF" and head[8:12] == b"AVI "
    is_stream = head[:1] == b"G" == head[188:189]
    return VIDEO if is_avi or is_stream or head[4:8] in MP4_BOXES else ""


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
