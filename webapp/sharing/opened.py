"""The gate that every address below a share link passes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from webapp.common import limits
from webapp.common.addresses import client_address
from webapp.common.errors import UserError
from webapp.sharing.models import ShareLink
from webapp.sharing.services import open_link
from webapp.sharing.targets import Target

Rest = ParamSpec("Rest")
PERIOD_SECONDS = 60
MISSES_PER_PERIOD = 60  # from one address: the page of a link that was revoked makes about ten
REQUESTS_PER_PERIOD = 1_200  # of one link, whoever has it; a visit makes about ten


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
        if has_guessed_too_often(request):
            return busy(request)
        try:
            link, target = open_link(secret)
            if is_too_often(link):
                return busy(request)
            opened = Opened(link=link, target=target, secret=secret)
            return view(request, opened, *args, **rest)
        except (Http404, BadRequest, UserError):
            limits.count(_misses_of(request), seconds=PERIOD_SECONDS)
            return closed(request)

    return answer


def closed(request: HttpRequest) -> HttpResponse:
    return render(request, "sharing/closed.html", status=404)


def busy(request: HttpRequest) -> HttpResponse:
    response = render(request, "sharing/busy.html", status=429)
    response["Retry-After"] = str(PERIOD_SECONDS)
    return response


def has_guessed_too_often(request: HttpRequest) -> bool:
    """Nobody guesses a secret, but each try asks the database."""
    return limits.counted(_misses_of(request), seconds=PERIOD_SECONDS) >= MISSES_PER_PERIOD


def _misses_of(request: HttpRequest) -> str:
    return f"share_misses_{client_address(request)}"


def is_too_often(link: ShareLink) -> bool:
    """So that a link that went round does not keep the site from its members."""
    return limits.count(f"share_{link.pk}", seconds=PERIOD_SECONDS) > REQUESTS_PER_PERIOD
