"""Numbers of what is never changed and only followed by its next version."""

from __future__ import annotations

from typing import Any

from django.db.models import Manager, Max

from webapp.common.holding import fresh
from webapp.datasets.models import Dataset


def next_version(dataset: Dataset, sets: Manager[Any], name: str) -> int:
    """Of those of the dataset's `sets` that bear the name, from 1 on.

    Two at once would take one number: the dataset is held until the end of the transaction. Raise
    ConflictError where it has been deleted meanwhile.
    """
    fresh(Dataset.objects.select_for_update(of=["self"]), dataset)
    newest = sets.filter(name=name).aggregate(newest=Max("version"))["newest"]
    return (newest or 0) + 1
