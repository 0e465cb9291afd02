"""The gate that every address below a share link passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from webapp.common.errors import UserError
from webapp.sharing.models import ShareLink
from webapp.sharing.services import open_link
from webapp.sharing.targets import Target

Rest = ParamSpec("Rest")

# On every answer. `no-store`: what is revoked is gone from the next request on.
HEADERS = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A link that somebody came with, and what it shows."""

    link: ShareLink
    target: Target
    secret: str

    def address(self, name: str, *parts: str) -> str:
        """Of something below the link."""
        return reverse(f"sharing:{name}", args=[self.secret, *parts])


def through_link(
    view: Callable[Concatenate[HttpRequest, Opened, Rest], HttpResponseBase],
) -> Callable[..., HttpResponseBase]:
    """For everybody who has the link, and nobody else.

    Whatever is wrong with the link or with what is asked below it, the answer is one page, so
    that it tells nothing of why.
    """

    @login_not_required
    @require_safe
    @wraps(view)
    def answer(
        request: HttpRequest, secret: str, *args: Rest.args, **rest: Rest.kwargs
    ) -> HttpResponseBase:
        try:
            link, target = open_link(secret)
            opened = Opened(link=link, target=target, secret=secret)
            response = view(request, opened, *args, **rest)
        except (Http404, BadRequest, UserError):
            response = render(request, "sharing/closed.html", status=404)
            response._has_been_logged = True  # type: ignore[attr-defined]  # its path is a secret
        for name, value in HEADERS.items():
            response[name] = value
        return response

    return answer
