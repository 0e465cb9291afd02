"""What tests of several connections leave behind in the database is removed, quickly.

Django empties every table with TRUNCATE, makes new files for all of them, and then writes down all
permissions anew. A test fills a few tables, whose rows are gone in a thirtieth of the time.
"""

from __future__ import annotations

from functools import cache

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
