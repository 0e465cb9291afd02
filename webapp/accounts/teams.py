"""Which team a request works in."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from webapp.accounts.models import Team
from webapp.accounts.permissions import teams_of

SESSION_KEY = "team_id"


def current_team(request: HttpRequest) -> Team:
    """The token's team, else the one chosen in the switcher, else the first by name.

    Raise PermissionDenied for a person without any team.
    """
    teams = teams_of(request.user).order_by("name")
    chosen = teams.filter(pk=request.session.get(SESSION_KEY, "")).first()
    team = chosen or teams.first()
    if team is None:
        raise PermissionDenied(_("You are in no team. Ask an owner or maintainer to invite you."))
    return team


def choose_team(request: HttpRequest, team: Team) -> None:
    request.session[SESSION_KEY] = team.pk
