"""Turns everything that a view of the API can raise into a problem document."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from webapp.common import error_pages
from webapp.common.config import ConfigError
from webapp.common.errors import DATABASE_AWAY, UserError
from webapp.common.problems import problem
from webapp.deleting.holds import HeldError
from webapp.runs.grid import GridError


def problem_response(exc: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """None for faults of our own: those are logged and answered by `error_pages`."""
    request = context["request"]._request
    if isinstance(exc, ConfigError):
        return _many(request, exc, {f"/{exc.under}/{name}": s for name, s in exc.problems.items()})
    if isinstance(exc, GridError):
        return _many(request, exc, exc.problems)
    if isinstance(exc, HeldError):
        return _held(request, exc)
    if isinstance(exc, UserError):
        return error_pages.refusal(request, exc)
    if isinstance(exc, DATABASE_AWAY):
        return error_pages.server_error(request)
    if isinstance(exc, Http404):
        return error_pages.not_found(request)
    if isinstance(exc, PermissionDenied):
        return error_pages.permission_denied(request, exc)
    if isinstance(exc, exceptions.ValidationError):
        faults = list(_faults(exc.detail))
        detail = " ".join(fault["detail"] for fault in faults)
        return problem(request, status=422, code="invalid", detail=detail, errors=faults)
    if isinstance(exc, exceptions.APIException):
        return _from_framework(request, exc)
    return None


def _many(request: Any, exc: UserError, problems: dict[str, str]) -> HttpResponse:
    """Every fault, by its pointer."""
    faults = [
        {"pointer": pointer, "code": exc.code, "detail": sentence}
        for pointer, sentence in problems.items()
    ]
    return problem(
        request, status=exc.status_code, code=exc.code, detail=exc.sentence, errors=faults
    )


def _held(request: Any, exc: HeldError) -> HttpResponse:
    """A reason each, none of which a field of the request could change."""
    faults = [
        {"pointer": "", "code": hold.code, "detail": hold.sentence, "ids": hold.ids}
        for hold in exc.holds
    ]
    return problem(
        request, status=exc.status_code, code=exc.code, detail=exc.sentence, errors=faults
    )


def _from_framework(request: Any, exc: exceptions.APIException) -> HttpResponse:
    response = problem(
        request,
        status=exc.status_code,
        code=str(exc.get_codes()),
        detail=str(exc.detail),
        retry_after=getattr(exc, "wait", None),
    )
    if challenge := getattr(exc, "auth_header", None):
        response["WWW-Authenticate"] = challenge
    return response


def _faults(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:
    """One per sentence in the framework's nest of lists and dictionaries."""
    if isinstance(detail, dict):
        for key, value in detail.items():
            name = "" if key == "non_field_errors" else f"/{key}"
            yield from _faults(value, pointer + name)
    elif isinstance(detail, list):
        for value in detail:
            yield from _faults(value, pointer)
    else:
        name = pointer.rpartition("/")[2]
        sentence = f"{name}: {detail}" if name else str(detail)
        yield {"pointer": pointer, "code": detail.code, "detail": sentence}
