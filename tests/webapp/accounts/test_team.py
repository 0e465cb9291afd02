"""Members, roles and the last owner."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client

from tests.factories.accounts import MembershipFactory
from tests.race import race, wait_until_it_waits_or_ends
from webapp.accounts import services
from webapp.accounts.models import Membership, Role, Team, User
from webapp.accounts.permissions import Permission, has_permission
from webapp.common.errors import ConflictError


def membership_of(user: User, team: Team) -> Membership:
    return Membership.objects.get(user=user, team=team)


def test_team_page_lists_members(as_vera: Client, alice: User, bob: User) -> None:
    page = as_vera.get("/team").content.decode()

    assert "Alice" in page
    assert bob.email in page
    assert "Invite somebody" not in page


def test_change_role_by_owner(as_alice: Client, bob: User, team: Team) -> None:
    bobs = membership_of(bob, team)

    as_alice.post(f"/team/members/{bobs.pk}/role", {"role": "maintainer"})

    assert membership_of(bob, team).role == Role.MAINTAINER


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MEMBER, Role.MAINTAINER])
def test_change_role_needs_an_owner(team: Team, bob: User, role: str) -> None:
    person = MembershipFactory.create(team=team, role=role).user

    with pytest.raises(PermissionDenied):
        services.change_role(membership=membership_of(bob, team), role=Role.OWNER, by=person)


def test_change_role_stranger_finds_nothing(as_charlie: Client, bob: User, team: Team) -> None:
    path = f"/team/members/{membership_of(bob, team).pk}/role"

    assert as_charlie.post(path, {"role": "owner"}).status_code == 404


def test_change_role_unknown_role_changes_nothing(as_alice: Client, bob: User, team: Team) -> None:
    as_alice.post(f"/team/members/{membership_of(bob, team).pk}/role", {"role": "root"})

    assert membership_of(bob, team).role == Role.MEMBER


@pytest.mark.parametrize("act", ["role", "remove"])
def test_last_owner_stays(as_alice: Client, alice: User, team: Team, act: str) -> None:
    path = f"/team/members/{membership_of(alice, team).pk}/{act}"

    response = as_alice.post(path, {"role": "member"})

    assert response.status_code == 409
    assert "A team needs an owner." in response.content.decode()
    assert membership_of(alice, team).role == Role.OWNER


@pytest.mark.django_db(transaction=True)
def test_last_owner_two_demote_each_other(team: Team, alice: User) -> None:
    other = MembershipFactory.create(team=team, role=Role.OWNER)
    pairs = iter([(alice, other), (other.user, membership_of(alice, team))])

    def demote() -> None:
        by, membership = next(pairs)
        services.change_role(membership=membership, role=Role.VIEWER, by=by)

    outcomes = race(demote, n_threads=2)

    assert sum(isinstance(each, PermissionDenied | ConflictError) for each in outcomes) == 1
    assert team.memberships.filter(role=Role.OWNER).count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", ["demote", "remove"])
def test_last_owner_while_another_owner_is_being_demoted(team: Team, alice: User, act: str) -> None:
    """The second transaction begins while the first, which has done its part, is still open."""
    other = MembershipFactory.create(team=team, role=Role.OWNER)
    alices = membership_of(alice, team)

    def answer() -> None:
        if act == "demote":
            services.change_role(membership=alices, role=Role.VIEWER, by=other.user)
        else:
            services.remove_member(membership=alices, by=other.user)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.change_role(membership=other, role=Role.VIEWER, by=alice)
            second = pool.submit(race, answer, n_threads=1)
            wait_until_it_waits_or_ends(second)
        [outcome] = second.result()

    assert isinstance(outcome, PermissionDenied)
    assert membership_of(alice, team).role == Role.OWNER
    assert membership_of(other.user, team).role == Role.VIEWER


def test_remove_member_takes_the_team_away(
    as_alice: Client, as_bob: Client, bob: User, team: Team
) -> None:
    as_alice.post(f"/team/members/{membership_of(bob, team).pk}/remove")

    assert not bob.teams.exists()
    assert as_bob.get("/team").status_code == 403


def test_demotion_counts_from_the_next_request(as_bob: Client, bob: User, team: Team) -> None:
    assert has_permission(bob, Permission.RUN_SUBMIT, team=team)

    Membership.objects.filter(user=bob).update(role=Role.VIEWER)

    assert not has_permission(bob, Permission.RUN_SUBMIT, team=team)
    assert as_bob.post("/team", {"role": "viewer"}).status_code == 403


def test_switch_team_is_remembered(as_alice: Client, alice: User, team: Team) -> None:
    other = MembershipFactory.create(user=alice, team__name="Zoo").team
    assert as_alice.get("/team").context["team"] == team

    as_alice.post("/team/switch", {"team": other.pk})

    assert as_alice.get("/team").context["team"] == other


def test_switch_team_to_a_foreign_one(as_alice: Client, charlie: User) -> None:
    foreign = charlie.teams.get()

    assert as_alice.post("/team/switch", {"team": foreign.pk}).status_code == 404


def test_pages_of_a_person_without_team_say_so(client: Client, charlie: User) -> None:
    Membership.objects.all().delete()
    client.force_login(charlie)

    response = client.get("/team")

    assert response.status_code == 403
    assert "You are in no team." in response.content.decode()
