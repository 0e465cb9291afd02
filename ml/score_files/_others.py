"""Files that are no score files and are told by what they begin with, so that people hear it."""

from __future__ import annotations

BEGINNINGS = (
    (b"\xd0\xcf\x11\xe0", "an Excel workbook: save its sheet as CSV"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 or MATLAB 7.3 file: save its array as npy"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file: save its array as npy or CSV"),
    (b"PAR1", "a Parquet file: save it as CSV"),
    (b"ARROW1", "an Arrow file: save it as CSV"),
    (b"\x1f\x8b", "compressed by gzip: unpack it first, or send a zip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: send a zip"),
    (b"Rar!\x1a\x07", "a RAR archive: send a zip"),
    (b"%PDF-", "a PDF: send the numbers as CSV"),
    (b"<!", "a web page: send the numbers as CSV"),
    (b"<html", "a web page: send the numbers as CSV"),
    (b"<?xml", "an XML file: send the numbers as CSV"),
)
# Protocols 2 to 5 say which one they are; those of 0 and 1 begin as text might.
PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
OLD_PICKLES = (b"(dp", b"(lp", b"cnumpy", b"c__builtin__", b"ctorch", b"ccollections")
PICKLE = "a pickle, which can run code when it is read: save its array as npy, with numpy.save"
IN_ARCHIVES = (
    ("xl/workbook.xml", "an Excel workbook: save its sheet as CSV"),
    ("word/document.xml", "a Word document: save its numbers as CSV"),
    ("content.xml", "an OpenDocument file: save its sheet as CSV"),
    ("/data.pkl", "a PyTorch file, which holds a pickle: save its array as npy, with numpy.save"),
)


def why_not(data: bytes) -> str:
    """What the file is, if it is one of these, and what to send in its place; else nothing."""
    if data.startswith(PICKLES) or data.startswith(OLD_PICKLES):
        return f"this is {PICKLE}"
    begins = (told for beginning, told in BEGINNINGS if data.startswith(beginning))
    told = next(begins, "")
    return f"this is {told}" if told else ""


def why_not_archive(names: list[str]) -> str:
    """The same of an archive with members of these names."""
    held = (told for end, told in IN_ARCHIVES if any(_ends_with(name, end) for name in names))
    told = next(held, "")
    return f"this is {told}" if told else ""


def _ends_with(name: str, end: str) -> bool:
    return name.endswith(end) if end.startswith("/") else name == end
