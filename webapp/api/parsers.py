"""Reads request bodies that the rest of the site can store."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import BaseParser, JSONParser
from rest_framework.request import Request

MAX_BYTES = 1_000_000
MAX_FILE_BYTES = 256 * 1024**2
TEXT_FAULT = "The body has text with a NUL character or half a surrogate pair in it."


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is larger than {MAX_BYTES:,} bytes."
    default_code = "body_too_large"


class StorableJSONParser(JSONParser):
    """Refuses what Postgres cannot hold, and bodies made to exhaust memory or stack."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise BodyTooLarge
        try:
            value = super().parse(BytesIO(raw), media_type, dict(parser_context or {}))
            if not _is_storable(value):
                raise ParseError(TEXT_FAULT)
        except RecursionError as error:
            raise ParseError("The body is nested too deeply.") from error
        return value


class FileTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The file is larger than {MAX_FILE_BYTES // 1024**2} MiB."
    default_code = "file_too_large"


class FileParser(BaseParser):
    """A file as the whole body, whatever its content type says."""

    media_type = "*/*"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Refuse a body that ended before its stated length: the connection was cut."""
        data: bytes = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            raise FileTooLarge
        request = (parser_context or {})["request"]
        stated = request.META.get("CONTENT_LENGTH") or ""
        if stated.isdecimal() and len(data) < int(stated):
            raise ParseError(f"The upload was cut: {len(data)} of {stated} bytes arrived.")
        return data


class LengthRequired(APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_detail = (
        "Send the file with its length (Content-Length), not in chunks: only then is a cut "
        "upload told from a whole one."
    )
    default_code = "length_required"


def sent_file(request: Request) -> bytes:
    """The body of a request to a view that takes files; empty where there is none."""
    chunked = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    if chunked and not request.META.get("CONTENT_LENGTH"):
        raise LengthRequired
    return request.data if isinstance(request.data, bytes) else b""


def _is_storable(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" not in value and not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(_is_storable(part) for pair in value.items() for part in pair)
    return all(map(_is_storable, value)) if isinstance(value, list) else True
