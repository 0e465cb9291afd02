"""Logging in and out, and being slowed down."""

from datetime import timedelta

import pytest
from django.conf import LazySettings, global_settings
from django.contrib.auth import hashers
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from tests.race import race
from webapp.accounts.login import FREE_TRIES, TRIES_PER_PERIOD, check_password
from webapp.accounts.models import LoginTries, User
from webapp.common.addresses import client_address
from webapp.common.errors import TooManyTriesError, UserError

REAL_HASHER = global_settings.PASSWORD_HASHERS[0]
PASSWORD = "correct horse battery"
LOGIN = "/login"


def try_login(client: Client, email: str, password: str = PASSWORD, **extra: str):
    return client.post(LOGIN, {"email": email, "password": password, **extra})


def is_logged_in(client: Client) -> bool:
    return client.get(reverse("accounts:profile")).status_code == 200


def test_login_right_password(client: Client, alice: User) -> None:
    response = try_login(client, alice.email.upper())

    assert response.status_code == 302
    assert is_logged_in(client)


def test_login_leads_where_the_person_wanted_to_go(client: Client, alice: User) -> None:
    response = client.get("/team")
    assert response.headers["Location"] == "/login?next=/team"

    assert try_login(client, alice.email, next="/team").headers["Location"] == "/team"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:x"])
def test_login_never_leads_off_the_site(client: Client, alice: User, elsewhere: str) -> None:
    assert try_login(client, alice.email, next=elsewhere).headers["Location"] == "/"


@pytest.mark.parametrize("wanted", ["nowhere", "accounts:team", "\ufffd"])
def test_login_leads_home_from_what_is_no_path(client: Client, alice: User, wanted: str) -> None:
    assert try_login(client, alice.email, next=wanted).headers["Location"] == "/"


@pytest.mark.parametrize("email", ["person-unknown@example.org", ""])
def test_login_wrong_password_and_unknown_person_read_the_same(
    client: Client, alice: User, email: str
) -> None:
    response = try_login(client, email or alice.email, "wrong password")

    assert response.status_code == 422
    assert "Email and password do not match." in response.content.decode()
    assert not is_logged_in(client)


def test_login_closed_account(client: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(is_active=False)

    assert try_login(client, alice.email).status_code == 422


def test_login_person_without_password(client: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()

    assert try_login(client, alice.email, "!").status_code == 422


def test_login_slowed_after_ten_wrong_tries(client: Client, alice: User) -> None:
    for _ in range(FREE_TRIES):
        assert try_login(client, alice.email, "wrong").status_code == 422

    response = try_login(client, alice.email)

    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert "Too many wrong passwords. Try again in" in response.content.decode()


def test_login_slowed_address_does_not_slow_another(client: Client, alice: User) -> None:
    for _ in range(FREE_TRIES):
        try_login(client, alice.email, "wrong")

    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert try_login(elsewhere, alice.email).status_code == 302


def test_login_after_the_pause_and_twice_as_long_after_the_next(db: None, alice: User) -> None:
    tries = slowed(alice, count=FREE_TRIES, seconds_ago=31)
    with pytest.raises(UserError, match="do not match"):
        check_password(email=alice.email, password="wrong", address="a")

    LoginTries.objects.filter(pk=tries.pk).update(last_at=timezone.now() - timedelta(seconds=31))
    with pytest.raises(TooManyTriesError) as refused:
        check_password(email=alice.email, password=PASSWORD, address="a")
    assert 25 <= refused.value.retry_after_seconds <= 30  # of 60


def slowed(user: User, *, count: int, seconds_ago: int) -> LoginTries:
    with pytest.raises(UserError):
        check_password(email=user.email, password="wrong", address="a")
    last_at = timezone.now() - timedelta(seconds=seconds_ago)
    LoginTries.objects.update(count=count, last_at=last_at)
    return LoginTries.objects.get()


def test_login_success_forgets_the_wrong_tries(client: Client, alice: User) -> None:
    for _ in range(FREE_TRIES - 1):
        try_login(client, alice.email, "wrong")
    try_login(client, alice.email)

    assert not LoginTries.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_login_parallel_guesses_get_no_more_tries(alice: User) -> None:
    def guess() -> None:
        check_password(email=alice.email, password="wrong", address="a")

    outcomes = race(guess, n_threads=FREE_TRIES + 6)

    n_slowed = sum(isinstance(outcome, TooManyTriesError) for outcome in outcomes)
    assert n_slowed == 6


@pytest.mark.parametrize("who", ["known", "unknown", "closed"])
def test_login_costs_the_same_hashing_whoever_tries(
    alice: User, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """Hashing is what takes long: by it a stranger could tell who has an account."""
    settings.PASSWORD_HASHERS = [REAL_HASHER]
    alice.set_password(PASSWORD)
    alice.is_active = who != "closed"
    alice.save()
    rounds = []

    def count(password: str, salt: str, iterations: int, **more: object) -> bytes:
        rounds.append(iterations)
        return b"hashed"

    monkeypatch.setattr(hashers, "pbkdf2", count)
    email = "nobody@example.org" if who == "unknown" else alice.email
    with pytest.raises(UserError):
        check_password(email=email, password="wrong", address="a")

    assert rounds == [hashers.PBKDF2PasswordHasher.iterations]


def test_login_spraying_one_password_from_one_address_is_slowed(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, still_clock: None
) -> None:
    monkeypatch.setitem(TRIES_PER_PERIOD, "address", 3)

    statuses = [
        try_login(client, f"person{number}@example.org", "Summer2026!").status_code
        for number in range(5)
    ]

    assert statuses == [422, 422, 422, 429, 429]
    assert try_login(Client(REMOTE_ADDR="192.0.2.7"), alice.email).status_code == 302


def test_login_guesses_at_one_account_from_many_addresses_are_slowed_but_not_its_owner(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch, still_clock: None
) -> None:
    try_login(client, alice.email)
    client.post("/logout")
    monkeypatch.setitem(TRIES_PER_PERIOD, "account", 3)
    strangers = [Client(REMOTE_ADDR=f"192.0.2.{number}") for number in range(5)]

    statuses = [try_login(each, alice.email, "wrong").status_code for each in strangers]

    assert statuses == [422, 422, 429, 429, 429]  # her own first login was counted, too
    assert try_login(client, alice.email).status_code == 302


def test_login_device_of_somebody_else_is_a_stranger(
    client: Client, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch, still_clock: None
) -> None:
    bob.set_password(PASSWORD)
    bob.save()
    try_login(client, bob.email)
    client.post("/logout")
    monkeypatch.setitem(TRIES_PER_PERIOD, "site", 1)

    assert try_login(client, alice.email).status_code == 429


@pytest.mark.parametrize(
    ("remote", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),  # written by anybody
        ("10.0.0.1", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        ("10.0.0.1", "198.51.100.9, 10.0.0.2", "198.51.100.9"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_client_address_behind_proxies(
    settings: LazySettings, remote: str, forwarded: str, address: str
) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.1", "10.0.0.2"]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = RequestFactory(headers=headers, REMOTE_ADDR=remote).get("/login")

    assert client_address(request) == address


def test_login_without_csrf_token_is_refused(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)

    response = try_login(client, alice.email)

    assert response.status_code == 403
    assert "Reload the page" in response.content.decode()
    assert not is_logged_in(client)


def test_logout_needs_a_post(as_alice: Client) -> None:
    assert as_alice.get("/logout").status_code == 405
    assert is_logged_in(as_alice)

    assert as_alice.post("/logout").headers["Location"] == "/login"
    assert not is_logged_in(as_alice)


def test_password_change_ends_other_sessions(client: Client, alice: User) -> None:
    elsewhere = Client()
    try_login(client, alice.email)
    try_login(elsewhere, alice.email)

    new = "battery staple horse"
    client.post("/profile/password", {"old": PASSWORD, "new": new})

    assert is_logged_in(client)
    assert not is_logged_in(elsewhere)
    assert try_login(Client(), alice.email, new).status_code == 302


def test_part_of_a_page_is_never_the_login_form(db: None) -> None:
    response = Client().get("/queue", headers={"HX-Request": "true"})

    assert response["HX-Refresh"] == "true"
    assert response.content == b""
