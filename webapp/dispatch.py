"""The only door to the workers: sends a task by name, so that the site never imports them."""

import logging

from celery import Celery
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)
client = Celery("web")
client.config_from_object("django.conf:settings", namespace="CELERY")
# A dead broker must not hang a web request: the sweeper rings again.
client.conf.broker_transport_options = {
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "max_retries": 0,
}
client.conf.task_publish_retry = False


def ring(task: str, *, queue: str, **kwargs: str) -> bool:
    """Tell the workers that `task` may run. False when the broker cannot be reached.

    The message is a hint: the job's row says what is to be done, so a lost or doubled
    message does no harm.
    """
    try:
        client.send_task(f"workers.tasks.{task}", kwargs=kwargs, queue=queue, ignore_result=True)
    except (OperationalError, OSError) as error:
        logger.warning("broker unreachable, %s not sent: %s", task, error)
        return False
    return True
