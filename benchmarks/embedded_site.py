"""An empty site on an embedded Postgres, for benchmarks that go through its services."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

from webapp.stack import postgres


@contextlib.contextmanager
def site() -> Iterator[None]:
    """Django is set up inside: what needs its models is imported there."""
    with tempfile.TemporaryDirectory() as home:
        Path(home).chmod(0o755)  # Postgres runs as another user
        server = postgres.start(Path(home))
        try:
            os.environ |= {
                "DATABASE_URL": server.url,
                "DJANGO_SETTINGS_MODULE": "webapp.settings",
                "IWAKAN_HTTPS": "false",
                "IWAKAN_SECRET_KEY": "benchmark",
            }
            django.setup()
            call_command("migrate", verbosity=0)
            yield
        finally:
            connection.close()
            server.stop()
