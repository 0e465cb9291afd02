"""Tests have tables made from the models; a site has those that its migrations made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

COLUMNS = """
SELECT table_name, column_name, data_type, character_maximum_length, is_nullable,
       column_default, collation_name, is_identity
FROM information_schema.columns WHERE table_schema = 'public'
"""
# Names of constraints of single columns end in a hash of what they were called first.
CONSTRAINTS = """
SELECT conrelid::regclass::text, contype, pg_get_constraintdef(oid), condeferrable
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""
INDEXES = """
SELECT tablename, regexp_replace(indexdef, 'INDEX .* ON', 'INDEX ON')
FROM pg_indexes WHERE schemaname = 'public'
"""
NOT_OURS = ("django_", "auth_")  # Django keeps what its own tables began with


@pytest.fixture
def migrated(db: None) -> Iterator[str]:
    """The address of a new database that `manage.py migrate` has made."""
    mine = connection.settings_dict
    server = f"postgresql://{mine['USER']}:{mine['PASSWORD']}@{mine['HOST']}:{mine['PORT']}"
    name = f"{mine['NAME']}_migrated"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as session:
        session.execute(f'CREATE DATABASE "{name}"')
        try:
            address = f"{server}/{name}"
            subprocess.run(
                [sys.executable, settings.BASE_DIR / "manage.py", "migrate", "--verbosity", "0"],
                env=os.environ | {"DATABASE_URL": address},
                cwd=settings.BASE_DIR,
                check=True,
            )
            yield address
        finally:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def answers(session: Any, question: str) -> set[tuple[Any, ...]]:
    rows = session.execute(question).fetchall()
    return {row for row in rows if not row[0].startswith(NOT_OURS)}


def test_migrations_end_in_the_tables_of_the_models(migrated: str) -> None:
    with connection.cursor() as from_models, psycopg.connect(migrated) as from_migrations:
        for question in (COLUMNS, CONSTRAINTS, INDEXES):
            made = answers(from_migrations, question)
            assert len(made) > 50
            assert made == answers(from_models.connection, question)
