"""The one way in which a job ends: a guarded UPDATE and the event that tells of it, or neither."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from webapp.jobs.models import Job, JobEvent, JobQuerySet


@transaction.atomic
def end(ending: JobQuerySet, *, status: str, **changes: Any) -> bool:
    """End the job that `ending` finds, which holds it back until we are done. False if none."""
    now = timezone.now()
    found = ending.select_for_update(no_key=True).values_list("pk", flat=True).first()
    if found is None:
        return False
    fields = {"status": status, "finished_at": now, "lease_until": None}
    Job.objects.filter(pk=found).update(**fields, **changes)
    JobEvent.objects.create(job_id=found, status=status, at=now)
    return True
