"""What people do to accounts, teams and secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import ApiToken, Invitation, LoginLink, Membership, Role, Team, User
from webapp.accounts.permissions import Permission, require
from webapp.accounts.secrets import TOKEN_PREFIX, hash_secret, new_secret
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError

LOGIN_LINK_LIFE = timedelta(hours=24)
INVITATION_LIFE = timedelta(days=7)
LONGEST_TOKEN_DAYS = 365
DEFAULT_TOKEN_DAYS = 90
ROLE_ORDER = list(Role)
Act = AuditEvent.Act


@transaction.atomic
def create_owner(*, email: str, team_name: str, name: str = "") -> User:
    """Make the person and the team where they do not exist; set no password.

    Only for the command line: whoever has the server's shell has everything.
    """
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        user = User.objects.create_user(email, name=name or email.split("@")[0])
    team, _created = Team.objects.get_or_create(name=team_name)
    was = Membership.objects.filter(team=team, user=user).first()
    Membership.objects.update_or_create(team=team, user=user, defaults={"role": Role.OWNER})
    if was is None or was.role != Role.OWNER:
        _record_joined(team, user, Role.OWNER)
    return user


def create_login_link(*, user: User) -> str:
    """A full address that logs `user` in once."""
    secret = new_secret()
    LoginLink.objects.create(
        user=user, secret_hash=hash_secret(secret), expires_at=timezone.now() + LOGIN_LINK_LIFE
    )
    return settings.SITE_URL + reverse("accounts:login_link", args=[secret])


@transaction.atomic
def use_login_link(secret: str) -> User:
    """Raise ConflictError when the link was used before or has expired."""
    # Its own columns alone: having waited for a rival, Postgres looks at no other table again.
    unused = LoginLink.objects.matching(secret).filter(used_at=None)
    is_mine = unused.update(used_at=timezone.now())
    link = LoginLink.objects.select_related("user").filter(secret_hash=hash_secret(secret)).first()
    if link is None or not is_mine or not link.user.is_active:
        raise ConflictError(
            _("This link was used before or has expired. Ask for a new one."), code="link_used"
        )
    return link.user


@transaction.atomic
def invite(*, team: Team, role: str, by: User) -> str:
    """A full address through which one person may join `team`."""
    require(by, Permission.MEMBER_INVITE, team=team)
    _require_rank(role, team=team, by=by)
    secret = new_secret()
    invitation = Invitation.objects.create(
        team=team,
        role=role,
        invited_by=by,
        secret_hash=hash_secret(secret),
        expires_at=timezone.now() + INVITATION_LIFE,
    )
    record(Act.INVITATION_CREATED, invitation, team=team, by=by, name=_title_of(role))
    return settings.SITE_URL + reverse("accounts:invitation", args=[secret])


def _require_rank(role: str, *, team: Team, by: User) -> None:
    """Nobody hands out more than they hold."""
    own = Membership.objects.get(team=team, user=by).role
    if ROLE_ORDER.index(Role(role)) > ROLE_ORDER.index(Role(own)):
        raise PermissionDenied(_("You cannot invite to a role above your own."))


@transaction.atomic
def withdraw_invitation(*, invitation: Invitation, by: User) -> None:
    require(by, Permission.MEMBER_INVITE, team=invitation.team)
    still_open = Invitation.objects.unexpired().filter(pk=invitation.pk, accepted_at=None)
    if still_open.update(expires_at=timezone.now()):
        record(
            Act.INVITATION_WITHDRAWN, invitation, team=invitation.team, by=by,
            name=_title_of(invitation.role),
        )  # fmt: skip


@transaction.atomic
def accept_invitation(*, secret: str, by: User) -> Team:
    """Raise ConflictError for a used or expired link; a member's own click does not use it up."""
    invitation = _use_invitation(secret)
    _joined, is_new = Membership.objects.get_or_create(
        team=invitation.team, user=by, defaults={"role": invitation.role}
    )
    if not is_new:
        raise ConflictError(_("You are already a member of this team."), code="already_member")
    Invitation.objects.filter(pk=invitation.pk).update(accepted_by=by)
    _record_joined(invitation.team, by, invitation.role)
    return invitation.team


def _record_joined(team: Team, by: User, role: str) -> None:
    record(Act.MEMBER_JOINED, by, team=team, by=by, name=_title_of(role))


def _title_of(role: str) -> str:
    return str(Role(role).label)


@transaction.atomic
def accept_as_new_user(*, secret: str, email: str, name: str, password: str) -> User:
    """Make an account and join with it; nothing is left behind when either fails."""
    check_new_password(password, user=User(email=email, name=name))
    try:
        with transaction.atomic():
            user = User.objects.create_user(email, password, name=name)
    except IntegrityError as error:
        raise UserError(
            _("An account with this email exists. Log in to accept the invitation."),
            code="email_taken",
            field="email",
        ) from error
    accept_invitation(secret=secret, by=user)
    return user


def _use_invitation(secret: str) -> Invitation:
    unused = Invitation.objects.matching(secret).filter(accepted_at=None)
    if not unused.update(accepted_at=timezone.now()):
        raise ConflictError(
            _("This invitation was used before or has expired. Ask for a new one."),
            code="invitation_used",
        )
    return Invitation.objects.select_related("team").get(secret_hash=hash_secret(secret))


def open_invitation(secret: str) -> Invitation | None:
    """The invitation that `secret` would accept now."""
    unused = Invitation.objects.matching(secret).filter(accepted_at=None)
    return unused.select_related("team", "invited_by").first()


def change_role(*, membership: Membership, role: str, by: User) -> None:
    with _keeping_an_owner(membership.team, by=by):
        Membership.objects.filter(pk=membership.pk).update(role=Role(role))
        _record_change(Act.MEMBER_CHANGED, membership, by, was=membership.role, role=role)


def remove_member(*, membership: Membership, by: User) -> None:
    """Their tokens stop working with it: rights are asked of the membership each time."""
    with _keeping_an_owner(membership.team, by=by):
        Membership.objects.filter(pk=membership.pk).delete()
        _record_change(Act.MEMBER_REMOVED, membership, by, was=membership.role)


def _record_change(act: Act, membership: Membership, by: User, **roles: str) -> None:
    """Of the member as a person: the membership may be no more."""
    record(act, membership.user, team=membership.team, by=by, **roles)


@contextmanager
def _keeping_an_owner(team: Team, *, by: User) -> Iterator[None]:
    """Undo what the block did when it leaves the team without an owner.

    The team's row is locked, so that two owners cannot demote each other at once.
    """
    with transaction.atomic():
        Team.objects.select_for_update().get(pk=team.pk)
        require(by, Permission.MEMBER_CHANGE, team=team)
        yield
        if not Membership.objects.filter(team=team, role=Role.OWNER).exists():
            raise ConflictError(
                _("A team needs an owner. Make somebody else an owner first."), code="last_owner"
            )


@transaction.atomic
def create_token(
    *, team: Team, name: str, scope: str, by: User, days: int = DEFAULT_TOKEN_DAYS
) -> tuple[ApiToken, str]:
    """The token and its secret, which nobody can look up again."""
    require(by, Permission.TOKEN_CREATE, team=team)
    if not 1 <= days <= LONGEST_TOKEN_DAYS:
        raise UserError(
            _("A token lives from 1 to %(days)d days.") % {"days": LONGEST_TOKEN_DAYS},
            field="expires_in_days",
        )
    secret = new_secret(TOKEN_PREFIX)
    token = ApiToken.objects.create(
        user=by,
        team=team,
        name=name,
        scope=ApiToken.Scope(scope),
        secret_hash=hash_secret(secret),
        expires_at=timezone.now() + timedelta(days=days),
    )
    record(Act.TOKEN_CREATED, token, team=team, by=by, scope=scope, days=days)
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, by: User) -> None:
    """Everybody may revoke their own, even when they may do nothing else."""
    if token.user_id != by.pk or by.api_token:
        raise PermissionDenied(_("Only its owner can revoke a token, logged in on the site."))
    if ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        record(Act.TOKEN_REVOKED, token, team=token.team, by=by)


def update_profile(*, name: str, theme: str, language: str, by: User) -> None:
    by.name, by.theme, by.language = name, theme, language
    by.save(update_fields=["name", "theme", "language"])


def change_password(*, old: str, new: str, by: User) -> None:
    """The old one is asked for unless there is none: login links make people without one."""
    if by.has_usable_password() and not by.check_password(old):
        raise UserError(_("The old password is wrong."), code="wrong_password", field="old")
    check_new_password(new, user=by, field="new")
    by.set_password(new)
    by.save(update_fields=["password"])


def check_new_password(password: str, *, user: User, field: str = "password") -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        sentence = " ".join(error.messages)
        raise UserError(sentence, code="weak_password", field=field) from error
