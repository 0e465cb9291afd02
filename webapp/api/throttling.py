"""How often one person or token may ask."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from webapp.accounts.models import ApiToken
from webapp.common import limits


class ReadThrottle(SimpleRateThrottle):
    """Counts requests that change nothing, over all processes of the site."""

    scope = "read"
    num_requests: int | None  # both set by the base class out of `rate`
    duration: int | None

    def counts(self, request: Request) -> bool:
        return request.method in SAFE_METHODS

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        if not self.counts(request) or not request.user.is_authenticated:
            return None
        caller = request.auth.pk if isinstance(request.auth, ApiToken) else request.user.pk
        return f"throttle_{self.scope}_{caller}"

    def allow_request(self, request: Request, view: Any) -> bool:
        key = self.get_cache_key(request, view)
        if key is None or self.duration is None or self.num_requests is None:
            return True
        return limits.count(key, seconds=self.duration) <= self.num_requests

    def wait(self) -> float | None:
        return limits.seconds_left(self.duration) if self.duration else None


class ChangeThrottle(ReadThrottle):
    """Counts all the others."""

    scope = "change"

    def counts(self, request: Request) -> bool:
        return request.method not in SAFE_METHODS
