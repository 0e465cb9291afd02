"""API tokens: made, shown once, used, revoked."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from webapp.accounts import services
from webapp.accounts.models import ApiToken, Role, Team, User
from webapp.accounts.permissions import Permission, permissions_of, teams_of
from webapp.accounts.secrets import new_secret
from webapp.common.errors import UserError

SUBMITTING = {"dataset.import", "run.submit", "run.cancel", "protocol.create"}
FORM = {"name": "laptop", "scope": "submit", "expires_in_days": "30"}


def make_token(user: User, team: Team, scope: str = "read") -> tuple[ApiToken, str]:
    return services.create_token(team=team, name="script", scope=scope, by=user)


def test_token_page_shows_the_secret_once(as_bob: Client) -> None:
    response = as_bob.post("/tokens", FORM)

    [secret] = re.findall(r"iwk_[\w-]{43}", response.content.decode())
    assert response.headers["Cache-Control"].count("no-store")
    assert secret not in as_bob.get("/tokens").content.decode()
    token = ApiToken.objects.get()
    assert token.secret_hash == hashlib.sha256(secret.encode()).hexdigest()
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=30)


def test_token_secret_has_256_bits_and_never_repeats() -> None:
    secrets = {new_secret("iwk_") for _ in range(1000)}

    assert len(secrets) == 1000
    assert {len(secret) for secret in secrets} == {len("iwk_") + 43}  # 43 × 6 bits ≥ 256


@pytest.mark.parametrize("days", [0, -1, 366])
def test_token_life_is_limited(bob: User, team: Team, days: int) -> None:
    with pytest.raises(UserError, match="1 to 365 days"):
        services.create_token(team=team, name="x", scope="read", days=days, by=bob)


def test_token_lives_90_days_unless_told(bob: User, team: Team) -> None:
    token, _secret = make_token(bob, team)

    assert (token.expires_at - timezone.now()).days == 89


def test_token_of_a_foreign_team_is_refused(charlie: User, team: Team) -> None:
    with pytest.raises(PermissionDenied):
        make_token(charlie, team)


def test_token_cannot_make_or_revoke_tokens(alice: User, team: Team) -> None:
    alice.api_token, _secret = make_token(alice, team, "manage")

    with pytest.raises(PermissionDenied):
        make_token(alice, team)
    with pytest.raises(PermissionDenied):
        services.revoke_token(token=alice.api_token, by=alice)


def test_token_revoked_by_its_owner_only(as_alice: Client, as_bob: Client, bob: User) -> None:
    token, _secret = make_token(bob, bob.teams.get())

    assert as_alice.post(f"/tokens/{token.pk}/revoke").status_code == 404
    assert as_bob.post(f"/tokens/{token.pk}/revoke").status_code == 302
    token.refresh_from_db()
    assert not token.is_usable


@pytest.mark.parametrize(
    ("role", "scope", "allowed"),
    [
        (Role.OWNER, "read", set()),
        (Role.OWNER, "submit", SUBMITTING),
        (Role.VIEWER, "manage", set()),
        (Role.MEMBER, "manage", SUBMITTING | {"share.create", "run.delete_own"}),
    ],
)
def test_token_grants_what_role_and_scope_both_do(
    alice: User, team: Team, role: str, scope: str, allowed: set[str]
) -> None:
    alice.api_token, _secret = make_token(alice, team, scope)
    alice.memberships.update(role=role)

    assert permissions_of(alice, team=team) == {Permission(name) for name in allowed}


def test_token_sees_its_team_alone(alice: User, charlie: User, team: Team) -> None:
    foreign = charlie.teams.get()
    foreign.memberships.create(user=alice, role=Role.OWNER)
    alice.api_token, _secret = make_token(alice, team, "manage")

    assert list(teams_of(alice)) == [team]
    assert permissions_of(alice, team=foreign) == set()
