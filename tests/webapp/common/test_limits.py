"""Limits are those of the site: two processes count together, on the broker."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest
from django.conf import LazySettings
from django.core.cache import caches
from django.db import connection

from webapp.common import limits

LONG = 86_400  # no new period begins meanwhile
PROGRAM = """
import sys, django
django.setup()
from django.db import connection
from webapp.common import limits
connection.settings_dict["NAME"] = sys.argv[1]
print(limits.count(sys.argv[2], seconds=86_400))
"""


@pytest.fixture
def what() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def broker_away(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_asked_again_at", 0.0)
    here = settings.CACHES["limits"]
    settings.CACHES = settings.CACHES | {"limits": here | {"LOCATION": "redis://127.0.0.1:9/0"}}


def in_another_process(what: str, **variables: str) -> int:
    command = [sys.executable, "-c", PROGRAM, str(connection.settings_dict["NAME"]), what]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "webapp.settings"} | variables
    return int(subprocess.check_output(command, env=environment, text=True))


def test_two_processes_count_together(what: str) -> None:
    counted = [limits.count(what, seconds=LONG), in_another_process(what)]

    assert [*counted, limits.count(what, seconds=LONG)] == [1, 2, 3]


def test_each_thing_and_each_database_has_its_own_count(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [limits.count(each, seconds=LONG) for each in (what, what, f"{what}2")] == [1, 2, 1]

    monkeypatch.setitem(connection.settings_dict, "NAME", f"other-{what}")
    assert limits.count(what, seconds=LONG) == 1


def test_a_count_ends_with_its_period(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 119.0
    monkeypatch.setattr(limits.time, "time", lambda: now)
    assert (limits.count(what, seconds=60), limits.seconds_left(60)) == (1, 1)
    now = 120.0
    assert (limits.count(what, seconds=60), limits.seconds_left(60)) == (1, 60)


def test_while_the_broker_is_away_each_process_counts(
    what: str, broker_away: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = limits._count
    monkeypatch.setattr(
        limits, "_count", lambda *each: (asked.append(type(each[0]).__name__), real(*each))[1]
    )

    assert [limits.count(what, seconds=LONG) for _ in range(3)] == [1, 2, 3]

    assert asked == ["BrokerCache", "LocMemCache", "LocMemCache", "LocMemCache"]


def test_the_broker_is_asked_again_after_a_while(
    what: str, broker_away: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits.count(what, seconds=LONG)
    later = limits.time.monotonic() + limits.AWAY_SECONDS
    monkeypatch.setattr(limits.time, "monotonic", lambda: later)

    location = os.environ["IWAKAN_BROKER_URL"]
    here = settings.CACHES["limits"]
    settings.CACHES = settings.CACHES | {"limits": here | {"LOCATION": location}}
    limits.count(what, seconds=LONG)

    assert in_another_process(what) == 2


def test_a_broker_that_no_cache_can_reach_leaves_the_count_to_each_process(what: str) -> None:
    elsewhere = {"IWAKAN_BROKER_URL": "sentinel://127.0.0.1:9"}

    assert [in_another_process(what, **elsewhere) for _ in range(2)] == [1, 1]


def test_the_broker_is_never_emptied() -> None:
    with pytest.raises(RuntimeError, match="empty the broker"):
        caches["limits"].clear()


def test_what_is_kept_there_holds_no_code() -> None:
    serializer = limits.JsonSerializer()

    assert serializer.loads(serializer.dumps({"a": [1, "x"]})) == {"a": [1, "x"]}
    with pytest.raises(ValueError, match="can't decode"):
        serializer.loads(b"\x80\x04K\x01.")  # a pickle of 1
