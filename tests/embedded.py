"""Pytest plug-in: a real Postgres and a real broker for the whole test run.

Loaded with `-p`, it starts them before pytest-django reads the settings. With
DATABASE_URL or IWAKAN_BROKER_URL set, those servers are used instead.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from webapp.stack import outside, postgres, valkey

# Several processes share the cores here. Threads of one small matrix product would wait for each
# other at full speed: four times the work. What is read when NumPy is loaded is set before that.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

STARTED: list[Any] = []
USED: list[Path] = []  # outside the checkout
HOME = Path(tempfile.gettempdir()) / f"iwakan-tests-{os.getpid()}"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    os.environ.setdefault("IWAKAN_SECRET_KEY", "tests only, long enough to satisfy the checks")
    os.environ.setdefault("IWAKAN_HTTPS", "false")
    os.environ.setdefault("IWAKAN_VAR", str(HOME / "var"))
    # Playwright keeps an event loop in this thread, which Django takes for async code.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    if "DATABASE_URL" not in os.environ:
        server = postgres.start(HOME, options=postgres.FAST_AND_UNSAFE)
        os.environ["DATABASE_URL"] = server.url
        STARTED.append(server)
        USED.extend(outside.used_by(HOME))
    if "IWAKAN_BROKER_URL" not in os.environ:
        broker = valkey.start(HOME)
        os.environ["IWAKAN_BROKER_URL"] = broker.url
        STARTED.append(broker)
    return (yield)


def pytest_report_header() -> list[str]:
    return [f"Postgres's user cannot enter the checkout and uses {path}" for path in USED]


def pytest_unconfigure() -> None:
    for server in STARTED:
        server.stop()
    if STARTED:
        outside.remove(HOME)
        shutil.rmtree(HOME, ignore_errors=True)
