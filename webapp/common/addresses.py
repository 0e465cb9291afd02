"""Where a request came from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Of the person, as far as we know it.

    A proxy of ours appends whom it heard to X-Forwarded-For; what stands before that anybody may
    have written. So the last entry counts that is no proxy of ours.
    """
    heard = [each.strip() for each in request.headers.get("X-Forwarded-For", "").split(",")]
    hops = [*(each for each in heard if each), request.META["REMOTE_ADDR"]]
    while len(hops) > 1 and hops[-1] in settings.TRUSTED_PROXIES:
        hops.pop()
    return hops[-1]
