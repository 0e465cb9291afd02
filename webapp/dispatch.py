"""The only door to the workers: rings for them by name, so that the site never imports them."""

import logging

from celery import Celery
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def make_client() -> Celery:
    # Not the current app: in a worker process that is the worker's own.
    client = Celery("web", set_as_current=False)
    client.config_from_object("django.conf:settings", namespace="CELERY")
    # A dead broker must not hang a web request: the housekeeper rings again.
    client.conf.broker_transport_options = {
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
        "max_retries": 0,
    }
    client.conf.task_publish_retry = False
    return client


client = make_client()


def ring(queue: str) -> bool:
    """Tell the workers of `queue` that a job waits. False when the broker cannot be reached.

    The message is a hint: which job is next says the database, so a lost or doubled
    message does no harm.
    """
    try:
        client.send_task(
            "workers.tasks.run_next", kwargs={"queue": queue}, queue=queue, ignore_result=True
        )
    except (OperationalError, OSError) as error:
        logger.warning("broker unreachable, queue %s not rung: %s", queue, error)
        return False
    return True
