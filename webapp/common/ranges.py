"""Sends a stored file whole or in part (RFC 9110 §14), so that a player can seek in it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.http.response import HttpResponseBase, StreamingHttpResponse

CHUNK_BYTES = 256 * 1024
# One range. Several in one request would need a multipart answer, which no player asks for.
SINGLE_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII | re.IGNORECASE)
HEADERS = {
    "Accept-Ranges": "bytes",
    # Stored files never change under their name, but only those who may see them keep them.
    "Cache-Control": "private, max-age=86400",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


class Unsatisfiable(Exception):
    """The range begins past the end of the file."""


def file_response(request: HttpRequest, file: FieldFile, *, content_type: str) -> HttpResponseBase:
    """Answer GET and HEAD for a file of any Django storage. Raise Http404 when it is absent."""
    try:
        size = file.size if file else None
    except FileNotFoundError:
        size = None
    if size is None:
        raise Http404("no such file")
    etag = f'"{hashlib.sha256(f"{file.name}:{size}".encode()).hexdigest()[:32]}"'
    response = _answer(request, file, size, etag)
    for name, value in (HEADERS | {"Content-Type": content_type, "ETag": etag}).items():
        response[name] = value
    return response


def _answer(request: HttpRequest, file: FieldFile, size: int, etag: str) -> HttpResponseBase:
    if etag in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified()
    if request.method == "HEAD":
        return HttpResponse(headers={"Content-Length": str(size)})
    try:
        wanted = _wanted_range(request, size, etag)
    except Unsatisfiable:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    first, last = wanted or (0, size - 1)
    response = StreamingHttpResponse(
        _chunks(file, first, last - first + 1), status=206 if wanted else 200
    )
    response["Content-Length"] = str(last - first + 1)
    if wanted:
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


def _wanted_range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte, or None for the whole file: also for a range we do not understand."""
    if request.headers.get("If-Range", etag) != etag:
        return None
    found = SINGLE_RANGE.fullmatch(request.headers.get("Range", ""))
    first, last = found.groups() if found else ("", "")
    if not first and not last:
        return None
    if not first:
        return _suffix(int(last), size)
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise Unsatisfiable
    return int(first), min(int(last), size - 1) if last else size - 1


def _suffix(length: int, size: int) -> tuple[int, int]:
    if length == 0 or size == 0:
        raise Unsatisfiable
    return max(0, size - length), size - 1


def _chunks(file: FieldFile, first: int, length: int) -> Iterator[bytes]:
    with file.storage.open(file.name or "") as source:
        source.seek(first)
        while length > 0 and (chunk := source.read(min(CHUNK_BYTES, length))):
            length -= len(chunk)
            yield chunk
