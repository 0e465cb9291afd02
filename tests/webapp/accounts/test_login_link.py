"""Links that log one person in, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from tests.patience import PATIENCE
from tests.race import race, wait_until_somebody_waits_for_a_lock
from webapp.accounts import services
from webapp.accounts.models import LoginLink, Membership, Role, Team, User
from webapp.common.errors import ConflictError


def path_of(link: str) -> str:
    return link.removeprefix("http://127.0.0.1:8000")


def secret_of(link: str) -> str:
    return link.rpartition("/")[2]


def test_login_link_asks_for_a_click_before_it_is_used(client: Client, alice: User) -> None:
    path = path_of(services.create_login_link(user=alice))

    assert client.get(path).status_code == 200
    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 302
    assert client.get("/profile").context["user"] == alice


def test_login_link_leads_on(client: Client, alice: User) -> None:
    path = path_of(services.create_login_link(user=alice))

    page = client.get(f"{path}?next=/tokens").content.decode()

    assert 'name="next" value="/tokens"' in page
    assert client.post(path, {"next": "/tokens"}).headers["Location"] == "/tokens"


def test_login_link_second_use_is_refused(client: Client, alice: User) -> None:
    path = path_of(services.create_login_link(user=alice))
    client.post(path)

    response = Client().post(path)

    assert response.status_code == 409
    assert "This link was used before or has expired." in response.content.decode()


def test_login_link_expired(alice: User) -> None:
    secret = secret_of(services.create_login_link(user=alice))
    LoginLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    with pytest.raises(ConflictError):
        services.use_login_link(secret)


@pytest.mark.django_db(transaction=True)
def test_login_link_raced_lets_one_in(alice: User) -> None:
    secret = secret_of(services.create_login_link(user=alice))

    outcomes = race(lambda: services.use_login_link(secret), n_threads=8)

    assert outcomes.count(alice) == 1
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 7


@pytest.mark.django_db(transaction=True)
def test_login_link_in_use_opens_for_nobody_else(alice: User) -> None:
    secret = secret_of(services.create_login_link(user=alice))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.use_login_link(secret)
            rival = pool.submit(race, lambda: services.use_login_link(secret), n_threads=1)
            wait_until_somebody_waits_for_a_lock()

        assert [type(outcome) for outcome in rival.result(timeout=PATIENCE)] == [ConflictError]


def test_login_link_of_somebody_who_has_left(alice: User) -> None:
    secret = secret_of(services.create_login_link(user=alice))
    User.objects.update(is_active=False)

    with pytest.raises(ConflictError):
        services.use_login_link(secret)


def create_owner(*arguments: str) -> str:
    output = StringIO()
    call_command("create_owner", *arguments, stdout=output)
    return output.getvalue()


def test_create_owner_makes_a_person_without_password(client: Client, db: None) -> None:
    printed = create_owner("--email=mai@example.org", "--team=Night watch", "--name=Mai")

    membership = Membership.objects.get(user__email="mai@example.org")
    assert membership.role == Role.OWNER
    assert membership.team.name == "Night watch"
    assert not membership.user.has_usable_password()
    assert client.post(path_of(printed.split()[-1])).status_code == 302


def test_create_owner_again_gives_the_same_person_a_new_link(db: None) -> None:
    create_owner("--email=mai@example.org", "--team=Night watch")

    create_owner("--email=MAI@example.org", "--team=Night watch")

    assert User.objects.count() == Team.objects.count() == 1
    assert LoginLink.objects.count() == 2


def test_create_owner_needs_an_email(db: None) -> None:
    with pytest.raises(CommandError, match="not an email address"):
        create_owner("--email=mai", "--team=Night watch")


def test_fresh_installation_has_no_account(db: None) -> None:
    assert not User.objects.exists()
    assert not Team.objects.exists()
