"""Tokens at the door of the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.webapp.api.conftest import WithToken
from webapp.accounts.models import ApiToken, Membership, Team, User

ME = "/api/v1/me"


def with_header(value: str) -> Client:
    return Client(headers={"authorization": value})


def test_me_by_token(reader: Client, vera: User, team: Team) -> None:
    me = reader.get(ME).json()

    assert me["id"] == vera.pk
    assert me["teams"] == [{"id": team.pk, "name": team.name, "role": "viewer"}]
    assert me["token"]["scope"] == "read"
    assert "secret" not in me["token"]


def test_me_by_session(as_alice: Client, alice: User) -> None:
    me = as_alice.get(ME).json()

    assert me["email"] == alice.email
    assert me["token"] is None


def test_me_token_shows_its_team_alone(
    with_token: WithToken, alice: User, charlie: User, team: Team
) -> None:
    charlie.teams.get().memberships.create(user=alice, role="owner")

    me = with_token(alice, team=team).get(ME).json()

    assert [each["id"] for each in me["teams"]] == [team.pk]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer iwk_unknown", "Bearer \x7fäö", "Basic YTpi", "iwk_unknown"]
)
def test_no_usable_token_401(db: None, header: str) -> None:
    response = with_header(header).get(ME)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_token_ended_counts_from_the_next_request(reader: Client, change: dict) -> None:
    assert reader.get(ME).status_code == 200

    ApiToken.objects.update(**change)

    assert reader.get(ME).status_code == 401


def test_token_of_a_closed_account(reader: Client, vera: User) -> None:
    User.objects.filter(pk=vera.pk).update(is_active=False)

    assert reader.get(ME).status_code == 401


def test_token_of_somebody_who_left_sees_nothing(reader: Client, vera: User) -> None:
    Membership.objects.filter(user=vera).delete()

    assert reader.get(ME).json()["teams"] == []
    assert reader.get("/api/v1/datasets").json()["results"] == []


def test_token_use_is_noted_once_a_minute(reader: Client) -> None:
    reader.get(ME)
    first = ApiToken.objects.get().last_used_at
    reader.get(ME)
    assert ApiToken.objects.get().last_used_at == first

    ApiToken.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    reader.get(ME)
    assert ApiToken.objects.get().last_used_at > first


def test_tokens_made_listed_and_revoked_by_session(as_bob: Client) -> None:
    made = as_bob.post("/api/v1/tokens", {"name": "ci", "scope": "submit"}, "application/json")

    assert made.status_code == 201
    token = made.json()
    assert with_header(f"Bearer {token['secret']}").get(ME).status_code == 200
    [listed] = as_bob.get("/api/v1/tokens").json()["results"]
    assert listed["id"] == token["id"]
    assert "secret" not in listed
    assert as_bob.delete(f"/api/v1/tokens/{token['id']}").status_code == 204
    assert with_header(f"Bearer {token['secret']}").get(ME).status_code == 401


def test_tokens_are_no_business_of_tokens(with_token: WithToken, alice: User) -> None:
    client = with_token(alice, "manage")

    assert client.get("/api/v1/tokens").status_code == 403
    assert client.post("/api/v1/tokens", {}, "application/json").status_code == 403


def test_token_of_another_person_cannot_be_revoked(
    as_alice: Client, reader: Client, vera: User
) -> None:
    token = vera.api_tokens.get()

    assert as_alice.delete(f"/api/v1/tokens/{token.pk}").status_code == 404
    assert reader.get(ME).status_code == 200


def test_session_post_without_csrf_token_is_refused(bob: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)

    response = client.post("/api/v1/tokens", {"name": "ci", "scope": "read"}, "application/json")

    assert response.status_code == 403
    assert not ApiToken.objects.exists()


def test_secrets_are_nowhere_in_the_database(as_bob: Client) -> None:
    made = as_bob.post("/api/v1/tokens", {"name": "ci", "scope": "submit"}, "application/json")

    secret = made.json()["secret"].removeprefix("iwk_")
    assert not [table for table, rows in dump().items() if secret in rows]


def dump() -> dict[str, str]:
    """Every table of the database as text."""
    with connection.cursor() as cursor:
        tables = {}
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT string_agg(t::text, chr(10)) FROM "{table}" t')
            tables[table] = cursor.fetchone()[0] or ""
    return tables
