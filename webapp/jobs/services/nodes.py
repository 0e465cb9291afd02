"""The workers as the site knows them."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db.models.functions import Now

from webapp.jobs.models import WorkerNode


def announce(name: str, *, queues: Sequence[str], slots: int, facts: dict[str, Any]) -> WorkerNode:
    """A worker is alive: make its row or bring it up to date."""
    current = {"queues": list(queues), "slots": slots, "facts": facts, "last_seen_at": Now()}
    node, _ = WorkerNode.objects.update_or_create(
        name=name,
        defaults=current | {"stopped_at": None},
        create_defaults=current | {"started_at": Now()},
    )
    node.refresh_from_db()  # the times are the database's
    return node


def retire(name: str) -> None:
    """A worker stopped in good order: nobody waits for it from now on."""
    WorkerNode.objects.filter(name=name).update(stopped_at=Now())


def forget_silent_workers(*, after: datetime.timedelta = datetime.timedelta(days=1)) -> int:
    """Drop workers that nobody has heard of; their jobs keep the name in their provenance."""
    n_forgotten, _ = WorkerNode.objects.filter(last_seen_at__lt=Now() - after).delete()
    return n_forgotten
