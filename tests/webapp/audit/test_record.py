"""What a record keeps, and that it stands or falls with the change."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from tests.factories.runs import RunFactory, TrainableSplitFactory
from webapp.accounts import services as accounts
from webapp.accounts.models import ApiToken, Membership, Team, User
from webapp.audit.models import KINDS, AuditEvent, kind_of
from webapp.audit.services import record
from webapp.common.errors import ConflictError
from webapp.runs.services import cancel_run
from webapp.sharing.models import ShareLink
from webapp.sharing.services import revoke_link

Act = AuditEvent.Act


def acts() -> list[tuple[str, str]]:
    """In order: what was done, and to what."""
    return [(event.act, event.subject_name) for event in AuditEvent.objects.order_by("at", "pk")]


def test_it_outlives_the_account_and_the_thing(team: Team, bob: User) -> None:
    run = RunFactory.create(team=team, name="Ramp")
    bob.api_token = ApiToken(id="token_1", team=team, user=bob, name="laptop")
    event = record(Act.RUN_SUBMITTED, run, team=team, by=bob, seed=3, left_out=None)
    run_id, email = run.pk, bob.email

    run.delete()
    bob.delete()

    event.refresh_from_db()
    assert (event.user, event.user_name, event.user_email) == (None, "Bob", email)
    assert (event.token_id, event.token_name) == ("token_1", "laptop")
    assert (event.subject_id, event.subject_name) == (run_id, "Ramp")
    assert (event.kind, event.details) == ("run", {"seed": 3})


def test_the_site_itself_has_no_name(team: Team) -> None:
    event = record(Act.RUN_SUBMITTED, "run_1", team=team, by=None, name="Ramp")

    assert (event.user, event.user_name, event.token_name) == (None, "", "")


@pytest.mark.django_db(transaction=True)
def test_it_is_written_in_a_transaction_or_not_at_all() -> None:
    with pytest.raises(AssertionError, match="outside the transaction"):
        record(Act.RUN_SUBMITTED, "run_1", team=None, by=None, name="Ramp")


def test_what_is_rolled_back_leaves_none(team: Team, alice: User) -> None:
    with transaction.atomic():
        accounts.invite(team=team, role="viewer", by=alice)
        assert AuditEvent.objects.exists()
        transaction.set_rollback(True)

    assert not AuditEvent.objects.exists()


def test_a_refused_change_leaves_none(team: Team, alice: User) -> None:
    with pytest.raises(ConflictError, match="needs an owner"):
        accounts.remove_member(membership=Membership.objects.get(user=alice), by=alice)

    assert not AuditEvent.objects.exists()


def test_what_changes_nothing_is_not_told_twice(team: Team, alice: User, bob: User) -> None:
    token, _secret = accounts.create_token(team=team, name="laptop", scope="read", by=alice)
    accounts.revoke_token(token=token, by=alice)
    accounts.revoke_token(token=token, by=alice)
    link = ShareLink.objects.create(team=team, kind="run", target={}, title="Ramp")
    revoke_link(link=link, by=bob)
    revoke_link(link=link, by=bob)

    assert acts() == [
        ("token.created", "laptop"), ("token.revoked", "laptop"), ("share_link.revoked", "Ramp"),
    ]  # fmt: skip


def test_members(team: Team, alice: User, bob: User, charlie: User) -> None:
    address = accounts.invite(team=team, role="member", by=alice)
    accounts.accept_invitation(secret=address.rpartition("/")[2], by=charlie)
    membership = Membership.objects.get(team=team, user=charlie)
    accounts.change_role(membership=membership, role="viewer", by=alice)
    accounts.remove_member(membership=membership, by=alice)

    assert acts() == [
        ("invitation.created", "Member"),
        ("member.joined", "Member"),
        ("member.changed", "Charlie"),
        ("member.removed", "Charlie"),
    ]
    changed = AuditEvent.objects.get(act="member.changed")
    assert changed.details == {"was": "member", "role": "viewer"}


def test_the_command_line_tells_of_a_new_owner_once(db: None) -> None:
    for _time in range(2):
        accounts.create_owner(email="ada@example.org", team_name="Lab")

    assert acts() == [("member.joined", "Owner")]


def test_a_cancelled_run_is_told_of_once_and_not_as_a_job(bob: User) -> None:
    split = TrainableSplitFactory.create()
    Membership.objects.filter(user=bob).update(team=split.dataset.team)
    run = RunFactory.create(team=split.dataset.team, dataset=split.dataset, split=split, name="A")

    cancel_run(run=run, by=bob)

    assert acts() == [("run.cancelled", "A")]


def test_every_act_is_of_a_kind_that_can_be_asked_for() -> None:
    assert {kind_of(act) for act in Act.values} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_of_kind(team: Team, kind: str) -> None:
    for act in Act:
        record(act, "x_1", team=team, by=None, name="x")

    found = AuditEvent.objects.all().of_kind(kind)

    assert {event.kind for event in found} == {kind}


def test_facts_are_words(team: Team) -> None:
    details: dict[str, Any] = {"n_runs": 3, "of": ["a", "b"]}
    event = AuditEvent(act=Act.RUN_MIXED, details=details)

    assert event.facts == [("runs", "3"), ("of", "a, b")]
