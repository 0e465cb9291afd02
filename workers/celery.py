"""The Celery app. It carries rings and nothing else: the jobs are in Postgres.

python -m celery -A workers.celery worker -P threads -c 2 -Q cpu
python -m celery -A workers.celery worker -P threads -c 1 -Q gpu    one per device
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")

# `lifecycle` connects the signals; both are imported once Celery has set Django up.
app = Celery("workers", include=["workers.tasks", "workers.lifecycle"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    # Nothing that arrives from the broker may carry code.
    task_serializer="json",
    accept_content=["json"],
    # Threads that wait for children: a forked pool would hang torch and break CUDA.
    worker_pool="threads",
    # A second message held by a busy worker would keep it from a free one. For the same reason
    # a message is acknowledged late: acknowledged early, the next one would be fetched at once.
    worker_prefetch_multiplier=1,
    task_acks_late=True,
    broker_transport_options={
        # A late acknowledgement that is overdue makes Redis deliver again. That would do no
        # harm (the claim finds nothing), so it only has to be rare.
        "visibility_timeout": 30 * 24 * 3600,
        "socket_keepalive": True,
        "health_check_interval": 10,  # notice a connection that died in silence
    },
    # The end of a job is in its row.
    task_ignore_result=True,
    # A broker that is away for a night must not end the worker, nor its running jobs.
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # Logging and standard output are Django's and the process's own.
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
    timezone="UTC",
)
