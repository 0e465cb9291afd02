"""An empty site on an embedded Postgres, for benchmarks that go through its services."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

from webapp.stack import outside, postgres


@contextlib.contextmanager
def site() -> Iterator[None]:
    """Django is set up inside: what needs its models is imported there."""
    with database() as (_home, url):
        os.environ |= {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
            "IWAKAN_HTTPS": "false",
            "IWAKAN_SECRET_KEY": "benchmark only, long enough to satisfy the checks",
        }
        try:
            django.setup()
            call_command("migrate", verbosity=0)
            yield
        finally:
            connection.close()


@contextlib.contextmanager
def database() -> Iterator[tuple[Path, str]]:
    """A throw-away folder, and the address of a database whose server keeps its files there."""
    with tempfile.TemporaryDirectory(prefix="iwakan-bench-") as folder:
        home = Path(folder)
        home.chmod(0o755)  # Postgres runs as another user
        server = postgres.start(home)
        try:
            yield home, server.url
        finally:
            server.stop()
            outside.remove(home)


def uploaded_run(labels: Mapping[str, Sequence[int]]) -> tuple[Any, Any]:
    """A run that waits for scores of videos with these labels, and the person who brings them."""
    from tests.factories.accounts import MembershipFactory
    from tests.factories.results import labelled_run
    from webapp.results.scores.uploads import create_uploaded_run

    template = labelled_run(labels, current_job__ended=True)  # no worker is to take that job
    by = MembershipFactory.create(team=template.team).user
    run = create_uploaded_run(
        team=template.team,
        dataset=template.dataset,
        split=template.split,
        method_title="theirs",
        by=by,
    )
    return run, by
