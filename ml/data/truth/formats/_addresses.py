"""The path of a video in what labelling tools write: addresses, uploads, local files."""

from __future__ import annotations

import re
from urllib.parse import unquote

LOCAL = re.compile(r".*[?&]d=([^&]+)")  # how Label Studio addresses files of a local storage
HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^/]*/*", re.IGNORECASE)
WEB = re.compile(r"https?://", re.IGNORECASE)
DRIVE = re.compile(r"^/*(?=[A-Za-z]:[/\\])")


def path_in(address: str) -> str:
    """Of `https://host/cam/01.mp4?token=x`, `file:///C:/cam/01.mp4` or a plain path.

    Only on the web do `?` and `#` end a path: elsewhere they are signs of a name, as in `01#2.mp4`.
    """
    local = LOCAL.fullmatch(address)
    if local:
        return unquote(local[1])
    if not HOST.match(address):
        return DRIVE.sub("", address)
    path = HOST.sub("", address, count=1)
    if WEB.match(address):
        path = re.split(r"[?#]", path, maxsplit=1)[0]
    return DRIVE.sub("", unquote(path))
