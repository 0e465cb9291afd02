"""The path of a video in what labelling tools write: addresses, uploads, local files."""

from __future__ import annotations

import re
from urllib.parse import unquote

LOCAL = re.compile(r".*[?&]d=([^&]+)")  # how Label Studio addresses files of a local storage
HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*/*", re.IGNORECASE)
DRIVE = re.compile(r"^/*(?=[A-Za-z]:[/\\])")


def path_in(address: str) -> str:
    """Of `https://host/cam/01.mp4?token=x`, `file:///C:/cam/01.mp4` or a plain path."""
    local = LOCAL.fullmatch(address)
    if local:
        return unquote(local[1])
    if not HOST.match(address):
        return DRIVE.sub("", address)
    path = re.split(r"[?#]", HOST.sub("", address, count=1), maxsplit=1)[0]
    return DRIVE.sub("", unquote(path))
