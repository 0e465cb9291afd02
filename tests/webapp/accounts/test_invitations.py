"""Joining a team by a link that works once."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tests.factories.accounts import MembershipFactory, UserFactory
from tests.race import race
from tests.webapp.accounts.test_login_link import path_of, secret_of
from webapp.accounts import services
from webapp.accounts.models import Invitation, Membership, Role, Team, User
from webapp.common.errors import ConflictError, UserError

LINK = "http://127.0.0.1:8000/invitations/"
NEW_ACCOUNT = {"name": "Nori", "email": "nori@example.org", "password": "seven purple lamps"}


@pytest.fixture
def maria(team: Team) -> User:
    """A maintainer."""
    return MembershipFactory.create(team=team, role=Role.MAINTAINER, user__name="Maria").user


@pytest.fixture
def link(team: Team, maria: User) -> str:
    return services.invite(team=team, role=Role.MEMBER, by=maria)


def test_invitation_page_shows_the_link_once(as_alice: Client) -> None:
    page = as_alice.post("/team", {"role": "viewer"}).content.decode()

    assert LINK in page
    assert LINK not in as_alice.get("/team").content.decode()


@pytest.mark.parametrize("role", ["member", "viewer"])
def test_invitation_needs_a_maintainer(team: Team, role: str) -> None:
    person = MembershipFactory.create(team=team, role=role).user

    with pytest.raises(PermissionDenied):
        services.invite(team=team, role=Role.VIEWER, by=person)


def test_invitation_never_above_the_own_role(team: Team, maria: User) -> None:
    services.invite(team=team, role=Role.MAINTAINER, by=maria)

    with pytest.raises(PermissionDenied, match="above your own"):
        services.invite(team=team, role=Role.OWNER, by=maria)


def test_invitation_accepted_by_somebody_with_an_account(
    as_charlie: Client, charlie: User, team: Team, link: str
) -> None:
    assert "Join Corridor lab" in as_charlie.get(path_of(link)).content.decode()

    assert as_charlie.post(path_of(link)).status_code == 302

    assert Membership.objects.get(team=team, user=charlie).role == Role.MEMBER
    assert as_charlie.session["team_id"] == team.pk


def test_invitation_accepted_with_a_new_account(client: Client, team: Team, link: str) -> None:
    response = client.post(path_of(link), NEW_ACCOUNT)

    assert response.status_code == 302
    person = User.objects.get(email="nori@example.org")
    assert person.check_password(NEW_ACCOUNT["password"])
    assert person.teams.get() == team
    assert client.get("/profile").context["user"] == person


@pytest.mark.parametrize("password", ["short", "password123", "nori@example.org", "1234567890"])
def test_invitation_weak_password_leaves_it_open(client: Client, link: str, password: str) -> None:
    response = client.post(path_of(link), NEW_ACCOUNT | {"password": password})

    assert "password" in response.content.decode()
    assert not User.objects.filter(email="nori@example.org").exists()
    assert services.open_invitation(secret_of(link))


def test_invitation_known_email_is_told_to_log_in(client: Client, link: str) -> None:
    UserFactory.create(email="Nori@example.org")

    page = client.post(path_of(link), NEW_ACCOUNT).content.decode()

    assert "Log in to accept the invitation" in page
    assert services.open_invitation(secret_of(link))


def test_invitation_email_too_long_to_store(client: Client, link: str) -> None:
    too_long = {"email": "n" * 250 + "@example.org"}

    page = client.post(path_of(link), NEW_ACCOUNT | too_long).content.decode()

    assert "at most 254 characters" in page
    assert services.open_invitation(secret_of(link))


def test_invitation_used_before(client: Client, as_charlie: Client, link: str) -> None:
    client.post(path_of(link), NEW_ACCOUNT)

    response = as_charlie.post(path_of(link))

    assert response.status_code == 410
    assert "no longer open" in response.content.decode()


def test_invitation_expired(as_charlie: Client, link: str) -> None:
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert as_charlie.get(path_of(link)).status_code == 410


def test_invitation_clicked_by_a_member_stays_open(as_bob: Client, link: str) -> None:
    response = as_bob.post(path_of(link))

    assert response.status_code == 409
    assert "already a member" in response.content.decode()
    assert services.open_invitation(secret_of(link))


def test_invitation_withdrawn(as_alice: Client, as_charlie: Client, link: str) -> None:
    invitation = Invitation.objects.get()

    as_alice.post(f"/team/invitations/{invitation.pk}/withdraw")

    assert as_charlie.post(path_of(link)).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_invitation_raced_lets_one_join(link: str, team: Team) -> None:
    people = iter(UserFactory.create_batch(8))

    outcomes = race(
        lambda: services.accept_invitation(secret=secret_of(link), by=next(people)), n_threads=8
    )

    assert outcomes.count(team) == 1
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 7
    assert team.memberships.filter(role=Role.MEMBER).count() == 1


def test_invitation_taken_between_form_and_submission(team: Team, link: str) -> None:
    services.accept_as_new_user(secret=secret_of(link), **NEW_ACCOUNT)

    with pytest.raises(UserError, match="used before"):
        services.accept_as_new_user(
            secret=secret_of(link), **NEW_ACCOUNT | {"email": "second@example.org"}
        )
    assert not User.objects.filter(email="second@example.org").exists()
