"""Share links over REST."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from webapp.api.models import IdempotentAnswer
from webapp.sharing.models import ShareLink

LINKS = "/api/v1/share-links"


@pytest.fixture
def manager(with_token, bob) -> Client:
    return with_token(bob, "manage")


def share(client: Client, headers=None, **body):
    return client.post(LINKS, body, "application/json", headers=headers or {})


def path_of(answer) -> str:
    return "/s/" + answer.json()["address"].rpartition("/")[2]


def test_shares_each_kind(manager, scored_run, client):
    video = scored_run.dataset.videos.get(name="a")
    moment = {"video": video.pk, "runs": [scored_run.pk], "frame": 2, "window": [1, 4]}
    for body in (
        {"kind": "run", "runs": [scored_run.pk]},
        {"kind": "comparison", "runs": [scored_run.pk], "protocol": "frame-raw"},
        {"kind": "leaderboard", "dataset": scored_run.dataset_id},
        {"kind": "moment", "threshold": 0.5, **moment},
    ):
        answer = share(manager, **body)
        assert answer.status_code == 201
        assert client.get(path_of(answer)).status_code == 200


def test_tells_the_address_once(manager, reader, scored_run):
    made = share(manager, kind="run", runs=[scored_run.pk], note="for Dana").json()
    [listed] = reader.get(LINKS).json()["results"]
    shown = reader.get(f"{LINKS}/{made['id']}").json()
    assert made["address"].startswith("http")
    assert listed == shown == {name: value for name, value in made.items() if name != "address"}
    assert shown["note"] == "for Dana"
    assert shown["created_by"] == "Bob"


def test_the_same_key_makes_one_link_and_keeps_no_secret(manager, scored_run):
    key = {"idempotency-key": "one"}
    first, again = (share(manager, key, kind="run", runs=[scored_run.pk]) for _ in range(2))
    secret = path_of(first).removeprefix("/s/")
    assert ShareLink.objects.count() == IdempotentAnswer.objects.count() == 1
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json() | {"address": None}
    for table in ("sharing_sharelink", "api_idempotentanswer"):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT string_agg({table}::text, '') FROM {table}")
            [[rows]] = cursor.fetchall()
        assert secret not in rows


def test_views_are_counted_and_told(manager, reader, scored_run, client):
    made = share(manager, kind="run", runs=[scored_run.pk])
    client.get(path_of(made))
    assert reader.get(f"{LINKS}/{made.json()['id']}").json()["n_views"] == 1


def test_revokes_for_good(manager, reader, scored_run, client):
    made = share(manager, kind="run", runs=[scored_run.pk])
    address = f"{LINKS}/{made.json()['id']}"
    for _ in range(2):
        assert manager.delete(address).status_code == 204
    assert client.get(path_of(made)).status_code == 404
    first_time = reader.get(address).json()["revoked_at"]
    manager.delete(address)
    assert reader.get(address).json()["revoked_at"] == first_time is not None


@pytest.mark.parametrize("scope", ["read", "submit"])
def test_smaller_scopes_neither_share_nor_revoke(manager, with_token, bob, scored_run, scope):
    made = share(manager, kind="run", runs=[scored_run.pk]).json()
    smaller = with_token(bob, scope)
    assert share(smaller, kind="run", runs=[scored_run.pk]).status_code == 403
    assert smaller.delete(f"{LINKS}/{made['id']}").status_code == 403
    assert smaller.get(f"{LINKS}/{made['id']}").status_code == 200


def test_strangers_find_nothing(manager, stranger, scored_run):
    made = share(manager, kind="run", runs=[scored_run.pk]).json()
    assert stranger.get(LINKS).json()["results"] == []
    assert stranger.get(f"{LINKS}/{made['id']}").status_code == 404
    assert stranger.delete(f"{LINKS}/{made['id']}").status_code == 404
    assert share(stranger, kind="run", runs=[scored_run.pk]).status_code == 404


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "run"}, "/runs"),
        ({"kind": "everything"}, "/kind"),
        ({"kind": "leaderboard", "runs": ["x"]}, "/dataset"),
        ({"kind": "run", "runs": ["x"], "video": "y"}, "/video"),
        ({"kind": "run", "runs": ["x"], "secret": "mine"}, "/secret"),
        ({"kind": "run", "runs": ["x"], "expires_in_days": 8}, "/expires_in_days"),
        ({"kind": "run", "runs": ["x"], "note": "a" * 201}, "/note"),
        ({"kind": "moment", "video": "x", "runs": ["y"], "window": [1]}, "/window"),
        ({"kind": "moment", "video": "x", "runs": ["y"], "threshold": "nan"}, "/threshold"),
        ({"kind": "moment", "video": "x", "runs": ["y"], "threshold": "-inf"}, "/threshold"),
    ],
)
def test_refuses_what_does_not_fit(manager, body, pointer):
    answer = share(manager, **body)
    assert answer.status_code == 422
    assert pointer in [each["pointer"] for each in answer.json()["errors"]]


def test_a_picture_is_of_a_moment(manager, scored_run):
    answer = share(manager, kind="run", runs=[scored_run.pk], includes_video=True)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/includes_video")


def test_lives_until_revoked_where_it_is_asked_for(manager, scored_run):
    answer = share(manager, kind="run", runs=[scored_run.pk], expires_in_days=None)
    assert answer.json()["expires_at"] is None
