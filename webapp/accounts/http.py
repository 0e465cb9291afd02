"""What a view is asked by, and how."""

from django.http import HttpRequest
from django.views.decorators.http import require_http_methods

from webapp.accounts.models import User

get_or_post = require_http_methods(["GET", "POST"])


class AuthenticatedRequest(HttpRequest):
    """For the types of views behind the login wall."""

    user: User
