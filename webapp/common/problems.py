"""Errors of the API as RFC 9457 describes them: `application/problem+json`."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, JsonResponse

API_PREFIX = "/api/"
CONTENT_TYPE = "application/problem+json"
# Another try of the same request may succeed.
RETRYABLE = {409, 429, 503}


def problem(
    request: HttpRequest,
    *,
    status: int,
    code: str,
    detail: str,
    errors: Sequence[dict[str, Any]] = (),
    retry_after: int | None = None,
) -> JsonResponse:
    """`errors` name single faults as `{"pointer", "code", "detail"}`, pointers as in RFC 6901."""
    body = {
        "type": f"urn:iwakan:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.path,
        "code": code,
        "request_id": getattr(request, "request_id", ""),
        "retryable": status in RETRYABLE,
        "errors": list(errors),
    }
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def wants_problem(request: HttpRequest) -> bool:
    return request.path.startswith(API_PREFIX)
