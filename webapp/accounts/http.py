"""What a view is asked by, and how."""

from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from webapp.accounts.models import User

get_or_post = require_http_methods(["GET", "POST"])


class AuthenticatedRequest(HttpRequest):
    """For the types of views behind the login wall."""

    user: User


def next_page(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is a path on this site.

    Anything else without a host, such as `home`, a redirect would take for the name of a view.
    """
    wanted = request.POST.get("next") or request.GET.get("next", "")
    is_ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if is_ours else resolve_url(settings.LOGIN_REDIRECT_URL)
