"""Holds rows that a change relies on, so that nobody deletes them before it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from webapp.common.errors import ConflictError

Row = TypeVar("Row", bound=Model)


def keep(*rows: Model | None) -> None:
    """Until the end of the transaction. Raise ConflictError where one is gone already.

    A lock that hinders neither each other nor any change but deletion. Foreign keys take the same
    one, yet only at the commit, when it is too late for a sentence.
    """
    for row in rows:
        if row is not None and not keep_ids(type(row), [row.pk]):
            raise _gone(row)


def fresh(rows: QuerySet[Row], row: Row) -> Row:
    """`row` as it is now, out of `rows`, which lock it. Raise ConflictError where it is gone.

    Not after `keep`: two who kept a row and then both want all of it would wait for each other.
    """
    found = rows.filter(pk=row.pk).first()
    if found is None:
        raise _gone(row)
    return found


def _gone(row: Model) -> ConflictError:
    return ConflictError(_("%s has been deleted meanwhile.") % row, code="deleted")


def keep_ids(model: type[Model], ids: Iterable[str]) -> list[str]:
    """Those of `ids` that are there, in one order for all who come."""
    table, pk = model._meta.db_table, model._meta.pk.column
    statement = f'SELECT "{pk}" FROM "{table}" WHERE "{pk}" = ANY(%s) ORDER BY "{pk}" FOR KEY SHARE'
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(ids)])
        return [row[0] for row in cursor.fetchall()]
