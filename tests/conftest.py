"""Fixtures for all tests: the people in every story and where real data lie.

Alice owns a team, Bob is a member of it, Vera may only look, Charlie is a stranger with a
team of his own.
"""

import gc
import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import hypothesis
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker

from tests import clearing, evaluating
from tests.factories.accounts import MembershipFactory, TeamFactory
from webapp.accounts import login
from webapp.accounts.models import Role, Team, User
from webapp.common import limits
from webapp.results.scores import intake, virtual
from webapp.sharing import opened

# How long an example takes says something of the machine and nothing of the code.
PATIENT: dict[str, Any] = {
    "deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]
}  # fmt: skip
hypothesis.settings.register_profile("iwakan", max_examples=40, **PATIENT)
hypothesis.settings.register_profile("thorough", max_examples=500, **PATIENT)  # for `make soak`
hypothesis.settings.load_profile("iwakan")
ON_CI = os.environ.get("CI") == "true"
settings.WHITENOISE_AUTOREFRESH = True  # else each test client lists all static files anew
TransactionTestCase._fixture_teardown = lambda case: clearing.clear_tables()  # type: ignore[method-assign]
FAST_HASHER = "django.contrib.auth.hashers.MD5PasswordHasher"
SHARED_DATA = Path(
    os.environ.get("IWAKAN_SHARED_DATA", settings.BASE_DIR.parent / "shared" / "data")
)


# Files that take long. They begin first, for else one of them runs alone at the end.
LONG = ("tests/integration/", "tests/workers/", "tests/webapp/stack/", "tests/browser/",
        "tests/cases/", "tests/test_developing.py", "tests/ml/test_child.py",
        "tests/ml/training/test_ranks.py", "tests/ml/test_methods.py",
        "tests/webapp/test_permission_matrix.py")  # fmt: skip
# Most of what tests make lives on with the database's rows: looking through it often finds nothing.
gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def skip_or_fail(reason: str) -> None:
    """On CI a service or browser that is missing is a failure, elsewhere a skip."""
    if ON_CI:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """End what is left of servers and threads, whose sessions would hold the test database.

    Asked from outside it: this process's own sessions there are among those that end, and its
    pool, which would open new ones meanwhile, is closed before.
    """
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.close_pool()
        clearing.end_sessions(connection.settings_dict)


@pytest.fixture(autouse=True)
def _own_folders(settings: object, tmp_path: Path) -> None:
    """Media and work folders of this test alone."""
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]
    settings.FEATURES_ROOT = tmp_path / "media" / "features"  # type: ignore[attr-defined]
    settings.WORK_DIR = tmp_path / "work"  # type: ignore[attr-defined]
    settings.DATA_ROOTS = [tmp_path / "data"]  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _fast_passwords(settings: object) -> None:
    """The real hasher takes a third of a second for each person a test makes."""
    settings.PASSWORD_HASHERS = [FAST_HASHER]  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _many_strangers(monkeypatch: pytest.MonkeyPatch) -> None:
    """All tests of an hour come from one address."""
    monkeypatch.setattr(opened, "MISSES_PER_PERIOD", 1_000_000)
    for what in login.TRIES_PER_PERIOD:
        monkeypatch.setitem(login.TRIES_PER_PERIOD, what, 1_000_000)


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """No period of a limit ends during the test, and nothing has been counted in this one."""
    at = float(uuid4().int % 10**9)
    still = SimpleNamespace(time=lambda: at, monotonic=time.monotonic)
    monkeypatch.setattr(limits, "time", still)


@pytest.fixture
def eager_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that has evaluated what came in before anybody asks for the numbers."""
    for module in (intake, virtual):
        monkeypatch.setattr(module, "submit_evaluation", evaluating.submit_and_end)


@pytest.fixture
def team(db: None) -> Team:
    return TeamFactory.create(name="Corridor lab")


@pytest.fixture
def alice(team: Team) -> User:
    return MembershipFactory.create(team=team, role=Role.OWNER, user__name="Alice").user


@pytest.fixture
def bob(team: Team) -> User:
    return MembershipFactory.create(team=team, role=Role.MEMBER, user__name="Bob").user


@pytest.fixture
def vera(team: Team) -> User:
    return MembershipFactory.create(team=team, role=Role.VIEWER, user__name="Vera").user


@pytest.fixture
def charlie(db: None) -> User:
    """A stranger: owner of another team."""
    return MembershipFactory.create(role=Role.OWNER, user__name="Charlie").user


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User) -> Client:
    return logged_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return logged_in(bob)


@pytest.fixture
def as_vera(vera: User) -> Client:
    return logged_in(vera)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return logged_in(charlie)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real datasets; a test that needs them skips where the folder is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"no real data at {SHARED_DATA}: set IWAKAN_SHARED_DATA")
    return SHARED_DATA
