"""Browsers that somebody has logged in with before: guesses from elsewhere do not slow these.

The cookie is what OWASP's guide to blocking brute-force attacks calls a device cookie.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from webapp.accounts.models import User

COOKIE = "__Host-iwakan_device" if settings.HTTPS else "iwakan_device"
SALT = "iwakan.device"
MAX_AGE_SECONDS = 365 * 86_400


def known_device(request: HttpRequest, email: str) -> str:
    """What names the browser, if the person with this email has logged in with it; else nothing."""
    cookie = request.COOKIES.get(COOKIE, "")
    try:
        known = signing.loads(cookie, salt=SALT, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        return ""
    return cookie if known == email.lower() else ""


def remember_device(response: HttpResponse, user: User) -> None:
    response.set_cookie(
        COOKIE,
        signing.dumps(user.email.lower(), salt=SALT),
        max_age=MAX_AGE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
