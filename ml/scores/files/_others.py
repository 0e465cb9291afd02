"""Files that are no score files and are told by what they begin with, so that people hear it."""

from __future__ import annotations

from ml.file_kinds import kind_of

HEAD = 65_536
BEGINNINGS = (
    (b"\x89HDF\r\n\x1a\n", "an HDF5 or MATLAB 7.3 file: save its array as npy"),
    (b"MATLAB 5.0 MAT-file", "a MATLAB file: save its array as npy or CSV"),
    (b"PAR1", "a Parquet file: save it as CSV"),
    (b"ARROW1", "an Arrow file: save it as CSV"),
    (b"<!", "a web page: send the numbers as CSV"),
    (b"<html", "a web page: send the numbers as CSV"),
    (b"<?xml", "an XML file: send the numbers as CSV"),
)
# Pickles of protocols 0 and 1 begin as text might.
OLD_PICKLES = (b"(dp", b"(lp", b"cnumpy", b"c__builtin__", b"ctorch", b"ccollections")
PICKLE = "a Python pickle, which can run code when it is read: save its array as npy"


def why_not(data: bytes) -> str:
    """What the file is, if it is one of these, and what to send in its place; else nothing."""
    text = next((text for beginning, text in BEGINNINGS if data.startswith(beginning)), "")
    if data.startswith(OLD_PICKLES):
        text = PICKLE
    text = text or kind_of(data[:HEAD])
    return f"this is {text}" if text else ""
