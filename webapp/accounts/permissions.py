"""Who may do what: the one place that answers it.

Reading is asked of querysets (`Model.objects.visible_to(user)`), acting of
`has_permission`. A stranger gets 404, a member without the right 403.
"""

from enum import StrEnum
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext as _

from webapp.accounts.models import ApiToken, Membership, Role, Team, User


class Permission(StrEnum):
    """An act, named after the noun it changes."""

    DATASET_IMPORT = "dataset.import"
    DATASET_DELETE = "dataset.delete"
    RUN_SUBMIT = "run.submit"
    RUN_CANCEL = "run.cancel"
    RUN_DELETE = "run.delete"
    RUN_DELETE_OWN = "run.delete_own"
    PROTOCOL_CREATE = "protocol.create"
    SHARE_CREATE = "share.create"
    TOKEN_CREATE = "token.create"
    MEMBER_INVITE = "member.invite"
    MEMBER_CHANGE = "member.change"


MEMBER = {
    Permission.DATASET_IMPORT,
    Permission.RUN_SUBMIT,
    Permission.RUN_CANCEL,
    Permission.RUN_DELETE_OWN,
    Permission.PROTOCOL_CREATE,
    Permission.SHARE_CREATE,
    Permission.TOKEN_CREATE,
}
MAINTAINER = MEMBER | {
    Permission.DATASET_DELETE,
    Permission.RUN_DELETE,
    Permission.MEMBER_INVITE,
}
OWNER = MAINTAINER | {Permission.MEMBER_CHANGE}

ROLE_PERMISSIONS: dict[str, set[Permission]] = {
    Role.VIEWER: {Permission.TOKEN_CREATE},
    Role.MEMBER: MEMBER,
    Role.MAINTAINER: MAINTAINER,
    Role.OWNER: OWNER,
}
SUBMIT_SCOPE = {
    Permission.DATASET_IMPORT,
    Permission.RUN_SUBMIT,
    Permission.RUN_CANCEL,
    Permission.PROTOCOL_CREATE,
}
# Showing things to outsiders is not submitting, nor is deleting: both need scope manage.
# A token never makes another token, whatever its scope: a leaked one cannot renew itself.
SCOPE_PERMISSIONS: dict[str, set[Permission]] = {
    ApiToken.Scope.READ: set(),
    ApiToken.Scope.SUBMIT: SUBMIT_SCOPE,
    ApiToken.Scope.MANAGE: OWNER - {Permission.TOKEN_CREATE},
}


def teams_of(user: User | AnonymousUser) -> models.QuerySet[Team]:
    """Teams whose things `user` may see; one team when the request came with its token."""
    if not user.is_authenticated:
        return Team.objects.none()
    teams = Team.objects.filter(memberships__user=user)
    return teams.filter(pk=user.api_token.team_id) if user.api_token else teams


def permissions_of(user: User | AnonymousUser, *, team: Team) -> set[Permission]:
    """Asked of the database each time, so that a demotion counts from the next request on."""
    if not user.is_authenticated:
        return set()
    membership = Membership.objects.filter(team=team, user=user).first()
    granted = ROLE_PERMISSIONS[membership.role] if membership else set()
    if user.api_token is None:
        return granted
    in_team = user.api_token.team_id == team.pk
    return granted & SCOPE_PERMISSIONS[user.api_token.scope] if in_team else set()


def has_permission(user: User | AnonymousUser, permission: Permission, *, team: Team) -> bool:
    return permission in permissions_of(user, team=team)


def require(user: User | AnonymousUser, permission: Permission, *, team: Team) -> None:
    """Raise PermissionDenied (403) unless `user` may do it."""
    if has_permission(user, permission, team=team):
        return
    if user.is_authenticated and user.api_token:
        sentence = _("This token, or your role in %(team)s, does not allow: %(act)s.")
    else:
        sentence = _("Your role in %(team)s does not allow: %(act)s.")
    raise PermissionDenied(sentence % {"team": team, "act": permission})


class TeamOwnedQuerySet(models.QuerySet[Any]):
    """For models with a `team` field; `team_path` leads there where it is not their own."""

    team_path = "team"

    def visible_to(self, user: User | AnonymousUser) -> Any:
        return self.filter(**{f"{self.team_path}__in": teams_of(user)})
