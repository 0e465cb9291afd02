"""What every template may use."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject


def site(request: HttpRequest) -> dict[str, Any]:
    """The teams of whoever looks, asked of the database only where a page shows them."""
    teams = SimpleLazyObject(lambda: _teams(request))
    return {"teams": teams, "current_team": SimpleLazyObject(lambda: _current(request, teams))}


def _teams(request: HttpRequest) -> list[Any]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return []
    return list(user.teams.order_by("name"))


def _current(request: HttpRequest, teams: Any) -> Any:
    """As `accounts.teams.current_team` decides, which lies above this app."""
    chosen = request.session.get("team_id")
    return next((team for team in teams if team.pk == chosen), teams[0] if teams else None)
