"""A light kind of job to load the queue with, and the processes that know it.

    python -m celery -A benchmarks.light worker -P threads -c 1 -Q cpu
    python -m benchmarks.light                                            its housekeeper

What a job stores goes into two tables without any constraint, so that whatever is written
twice is seen twice.
"""

import os
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
django.setup()

from django.db import connection  # noqa: E402

from ml.reports import Event  # noqa: E402
from webapp.jobs.models import Job  # noqa: E402
from workers import kinds  # noqa: E402
from workers.celery import app  # noqa: E402
from workers.housekeeping import Housekeeper  # noqa: E402

# Far shorter than the jobs: every message is delivered again and again.
app.conf.broker_transport_options = app.conf.broker_transport_options | {
    "visibility_timeout": 2,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}


def query(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def make_tables() -> None:
    query("CREATE TABLE light_step (subject text, job text, step int)")
    query("CREATE TABLE light_result (subject text, job text)")


@kinds.register("light", child=[str(Path(__file__).with_name("light_child.py"))])
class Light:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        steps = query("SELECT max(step) FROM light_step WHERE subject = %s", job.subject_id)
        return job.spec | {"first_step": steps[0][0] or 0}

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        row = (job.subject_id, job.pk, event["step"])
        query("INSERT INTO light_step VALUES (%s, %s, %s)", *row)

    def on_success(self, job: Job, folder: Path) -> None:
        query("INSERT INTO light_result VALUES (%s, %s)", job.subject_id, job.pk)

    def on_replaced(self, old: Job, new: Job) -> None:
        """Steps and results are found by subject: nothing points at a job."""


if __name__ == "__main__":
    Housekeeper().run()
