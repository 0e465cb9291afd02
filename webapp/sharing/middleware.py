"""What every answer below a share link says, whoever gives it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PREFIX = "s/"  # of every address that a secret is part of
# `no-store`: what is revoked is gone from the next request on.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class SharedAddressMiddleware:
    """Outermost, so that redirects, refused methods and the site's own faults say it too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path_info.startswith(f"/{PREFIX}"):
            for name, value in HEADERS.items():
                response[name] = value
        return response
