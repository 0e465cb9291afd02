"""Lets programs in with `Authorization: Bearer iwk_…`."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from webapp.accounts.models import ApiToken, User

KEYWORD = "bearer"
NOTE_USE_EVERY = timedelta(minutes=1)  # not each request is worth a write


class TokenAuthentication(BaseAuthentication):
    """The token rides on the user from here on: `permissions.py` narrows rights by it."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != KEYWORD.encode():
            return None
        token = _usable_token(secret.strip().decode("latin-1"))
        _note_use(token)
        token.user.api_token = token
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _usable_token(secret: str) -> ApiToken:
    tokens = ApiToken.objects.matching(secret).filter(revoked_at=None, user__is_active=True)
    token = tokens.select_related("user", "team").first()
    if token is None:
        raise AuthenticationFailed("This token does not exist, was revoked, or has expired.")
    return token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - NOTE_USE_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def caller(request: Request) -> User:
    """The person; nobody else passes `IsAuthenticated`."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


class TokenScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes it."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": KEYWORD, "bearerFormat": "iwk_…"}
