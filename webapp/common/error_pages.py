"""The site's error answers: pages for people, problems for programs.

Named as handlers in `webapp/urls.py`. None of them asks the database.
"""

import sys
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import gettext as _

from webapp.common.errors import DATABASE_AWAY, RETRY_AFTER_SECONDS, UserError
from webapp.common.problems import problem, wants_problem


def bad_request(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 400, "bad_request", str(exception or _("The request is malformed.")))


def permission_denied(request: HttpRequest, exception: Any = None) -> HttpResponse:
    detail = str(exception or _("You may not do this."))
    return _answer(request, 403, "permission_denied", detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    detail = _("The form is too old or came from another site. Reload the page and try again.")
    return _answer(request, 403, "csrf_failed", detail)


def not_found(request: HttpRequest, exception: Any = None) -> HttpResponse:
    return _answer(request, 404, "not_found", _("There is nothing here, or it is not yours."))


def server_error(request: HttpRequest) -> HttpResponse:
    """503 when the database is away, 500 otherwise."""
    if isinstance(sys.exception(), DATABASE_AWAY):
        detail = _("The database cannot be reached at the moment. Try again in a few seconds.")
        return _answer(request, 503, "unavailable", detail, retry_after=RETRY_AFTER_SECONDS)
    detail = _("Something went wrong on our side. It was recorded under the request id.")
    return _answer(request, 500, "internal_error", detail)


def refusal(request: HttpRequest, error: UserError) -> HttpResponse:
    pointer = "/" + error.field.removeprefix("/")
    fault = {"pointer": pointer, "code": error.code, "detail": error.sentence}
    return _answer(
        request,
        error.status_code,
        error.code,
        error.sentence,
        errors=[fault] if error.field else [],
        retry_after=error.retry_after_seconds,
    )


def _answer(
    request: HttpRequest,
    status: int,
    code: str,
    detail: str,
    *,
    errors: Sequence[dict[str, str]] = (),
    retry_after: int | None = None,
) -> HttpResponse:
    if wants_problem(request):
        return problem(
            request, status=status, code=code, detail=detail, errors=errors, retry_after=retry_after
        )
    page = loader.select_template([f"{status}.html", "400.html" if status < 500 else "500.html"])
    request_id = getattr(request, "request_id", "")
    context = {"status": status, "detail": detail, "request_id": request_id}
    # Without the request where the database may be away: the frame of a page asks it for teams.
    content = page.render(context, request if status < 500 else None)
    response = HttpResponse(content, status=status)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response
