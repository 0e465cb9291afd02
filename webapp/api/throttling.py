"""How often one person or token may ask."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from webapp.accounts.models import ApiToken


class ReadThrottle(SimpleRateThrottle):
    """Counts requests that change nothing."""

    scope = "read"

    def counts(self, request: Request) -> bool:
        return request.method in SAFE_METHODS

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not self.counts(request) or not request.user.is_authenticated:
            return None
        caller = request.auth.pk if isinstance(request.auth, ApiToken) else request.user.pk
        return f"throttle_{self.scope}_{caller}"


class ChangeThrottle(ReadThrottle):
    """Counts all the others."""

    scope = "change"

    def counts(self, request: Request) -> bool:
        return request.method not in SAFE_METHODS
