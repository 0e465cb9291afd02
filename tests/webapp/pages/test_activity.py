"""Who did what: the page of a team's activity."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.factories.runs import RunFactory
from webapp.accounts.models import ApiToken, Membership, Team, User
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.pages import activity

Act = AuditEvent.Act
ADDRESS = "/activity"


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def rows_of(response) -> list[str]:
    body = response.content.decode().partition("<tbody>")[2]
    return [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in body.split("<tr>")[1:]]


def test_it_says_who_did_what_with_which_token(team: Team, bob: User, as_vera: Client) -> None:
    run = RunFactory.create(team=team, name="Ramp")
    record(Act.RUN_SUBMITTED, run, team=team, by=bob, seed=3)
    bob.api_token = ApiToken(id="token_1", team=team, user=bob, name="laptop")
    record(Act.RUN_DELETED, "run_gone", team=team, by=bob, name="Old")
    record(Act.DATASET_IMPORTED, run.dataset, team=team, by=None)

    page = as_vera.get(ADDRESS)

    newest, deleted, submitted = rows_of(page)
    assert "The site itself" in newest
    assert "Bob laptop deleted the run Old" in deleted
    assert "Bob submitted the run Ramp seed 3" in submitted
    assert f'href="{run.get_absolute_url()}"' in page.content.decode()
    assert "run_gone" not in page.content.decode()


def test_it_is_of_one_team(team: Team, bob: User, as_charlie: Client) -> None:
    record(Act.PROTOCOL_CREATED, "1", team=team, by=bob, name="Ours")

    assert "Nothing was done yet" in text_of(as_charlie.get(ADDRESS))


@pytest.fixture
def events(team: Team, alice: User, bob: User) -> None:
    record(Act.PROTOCOL_CREATED, "1", team=team, by=alice, name="Ours")
    record(Act.RUN_CANCELLED, "run_1", team=team, by=bob, name="Ramp")
    record(Act.RUN_DELETED, "run_1", team=team, by=alice, name="Ramp")


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize(
    ("kind", "who", "acts"),
    [
        ("run", "", ["deleted the run", "cancelled the run"]),
        ("", "Alice", ["deleted the run", "made the protocol"]),
        ("run", "Bob", ["cancelled the run"]),
        ("dataset", "", []),
        ("nonsense", "", ["deleted the run", "cancelled the run", "made the protocol"]),
    ],
)
def test_it_can_be_narrowed(as_bob: Client, kind: str, who: str, acts: list[str]) -> None:
    person = User.objects.get(name=who).pk if who else ""

    page = as_bob.get(ADDRESS, {"kind": kind, "person": person})

    assert len(rows_of(page)) == len(acts)
    assert all(act in row for act, row in zip(acts, rows_of(page), strict=True))
    if not acts:
        assert "Nothing fits these filters." in text_of(page)


@pytest.mark.usefixtures("events")
def test_who_has_left_can_still_be_asked_for(as_bob: Client, alice: User) -> None:
    Membership.objects.filter(user=alice).delete()

    assert len(rows_of(as_bob.get(ADDRESS, {"person": alice.pk}))) == 2


def test_it_goes_on_below_the_last_row(
    team: Team, bob: User, as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "PAGE_SIZE", 2)
    for number in range(3):
        event = record(Act.RUN_SUBMITTED, f"run_{number}", team=team, by=bob, name=f"No. {number}")
        AuditEvent.objects.filter(pk=event.pk).update(id=f"act_00{number}")
    first = as_bob.get(ADDRESS)
    record(Act.RUN_SUBMITTED, "run_9", team=team, by=bob, name="Newer")

    [query] = re.findall(r'rel="next" href="([^"]+)"', first.content.decode())
    second = as_bob.get(ADDRESS + query.replace("&amp;", "&"))

    assert "No. 2" in text_of(first)
    assert "No. 0" not in text_of(first)
    assert [row for row in rows_of(second) if "No. 0" in row] == rows_of(second)


def test_the_number_of_queries_does_not_grow_with_the_rows(
    team: Team,
    bob: User,
    as_bob: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(5):
        run = RunFactory.create(team=team)
        record(Act.RUN_SUBMITTED, run, team=team, by=bob)
        record(Act.DATASET_CREATED, run.dataset, team=team, by=bob)

    with django_assert_max_num_queries(9):
        as_bob.get(ADDRESS)


def test_the_menu_leads_there(as_vera: Client) -> None:
    assert f'href="{reverse("activity")}"' in as_vera.get("/").content.decode()
