"""What tests leave behind in the database, or open at its server, is removed.

Django empties every table with TRUNCATE, makes new files for all of them, and then writes down all
permissions anew. A test fills a few tables, whose rows are gone in a thirtieth of the time.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import psycopg
from django.db import connection, transaction
from psycopg import sql

KEPT = {"auth_permission", "django_content_type"}  # made with the tables, and no test's own


def clear_tables() -> None:
    """Remove all rows, once whoever is still writing has ended."""
    names = _tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(_listed(names)))
        cursor.execute(_which_have_rows(names))
        for (name,) in cursor.fetchall():  # references are looked at when all rows are gone
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))


def end_sessions(database: Mapping[str, Any]) -> None:
    """All that the server has open in this database alone; other test processes have theirs."""
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=database["USER"],
        password=database["PASSWORD"],
        dbname="postgres",
        autocommit=True,
    ) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [database["NAME"]],
        )


@cache
def _tables() -> tuple[str, ...]:
    there = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted(set(there) - KEPT))


def _listed(names: tuple[str, ...]) -> sql.Composable:
    return sql.SQL(", ").join(map(sql.Identifier, names))


@cache
def _which_have_rows(names: tuple[str, ...]) -> sql.Composable:
    question = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    return sql.SQL(" UNION ALL ").join(
        question.format(sql.Literal(name), sql.Identifier(name)) for name in names
    )
