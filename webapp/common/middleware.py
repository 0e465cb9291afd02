"""What happens to every request before and after its view."""

import secrets
from collections.abc import Callable

from django.contrib.auth.middleware import LoginRequiredMiddleware as DjangoLoginRequired
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.translation import gettext as _
from django_htmx.http import HttpResponseClientRefresh

from webapp.common import error_pages
from webapp.common.errors import UserError
from webapp.common.problems import wants_problem

Handler = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Gives every answer an id to quote in a report."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = secrets.token_hex(8)  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class ContentSecurityPolicyMiddleware:
    """Everything from this site; styles inline because plotly sets them."""

    POLICY = (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", self.POLICY)
        return response


class PrivatePagesMiddleware:
    """What a person sees is kept by nobody on the way, and asked for again when it is shown."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.setdefault("Cache-Control", "private, no-cache")
        return response


class RefusalMiddleware:
    """Turns what a view could not accept into a page with the sentence.

    The site's own faults and a database that is away end in `error_pages.server_error`.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *view: object) -> None:
        # Postgres stores no NUL: as part of an id or filter it would be a fault of ours.
        if "\x00" in request.path or _has_nul(request.GET):
            raise BadRequest(_("The address contains a NUL byte."))
        # The API reads its bodies itself; see `webapp/api/parsers.py`.
        if not wants_problem(request) and _has_nul(request.POST):
            raise BadRequest(_("The form contains a NUL byte."))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, UserError):
            return error_pages.refusal(request, exception)
        return None


def _has_nul(answers: QueryDict) -> bool:
    return any("\x00" in text for name, texts in answers.lists() for text in [name, *texts])


class LoginRequiredMiddleware(DjangoLoginRequired):
    """Every page needs a login unless its view is marked `login_not_required`.

    The API answers for itself, with 401 instead of a redirect.
    """

    def process_view(self, request, view_func, view_args, view_kwargs):
        if request.path.startswith(("/api/", "/health/")):
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)

    def handle_no_permission(self, request, view_func):
        """A page that asks for a part of itself would show the login form in its place."""
        if request.htmx:
            return HttpResponseClientRefresh()
        return super().handle_no_permission(request, view_func)


class LanguageMiddleware:
    """The language of a person's profile goes before the browser's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = getattr(request.user, "language", "")
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
