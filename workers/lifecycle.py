"""From the start of a worker process to its end, at Celery's signals."""

from typing import Any

from celery.concurrency import get_implementation
from celery.concurrency.thread import TaskPool
from celery.signals import worker_init, worker_ready, worker_shutdown, worker_shutting_down

from webapp.jobs.models import Job
from workers import lease
from workers.node import Node

_node: Node | None = None


def node() -> Node:
    """This process, once it has started as a worker."""
    assert _node is not None, "no worker has started in this process"
    return _node


def refusal(*, is_threads: bool, slots: int, prefetch: int, queues: set[str]) -> str:
    """Why a worker of this kind must not start; empty when it may."""
    if not is_threads:
        return "The pool must be threads (-P threads): children of a forked pool hang in torch."
    if prefetch != 1:
        return "The prefetch multiplier must be 1: a busy worker would hold others' messages."
    if unknown := queues - set(Job.Queue.values):
        return f"There is no queue {', '.join(sorted(unknown))}: name one with -Q cpu or -Q gpu."
    if len(queues) > 1:
        return "A worker serves one queue: start one for cpu and one per device for gpu."
    if Job.Queue.GPU in queues and slots != 1:
        return "A gpu worker runs one job at a time (-c 1): start one per device."
    return ""


@worker_init.connect
def check(sender: Any, **kwargs: Any) -> None:
    sentence = refusal(
        is_threads=issubclass(get_implementation(sender.pool_cls), TaskPool),
        slots=sender.concurrency,
        prefetch=sender.prefetch_multiplier,
        queues=set(sender.app.amqp.queues.consume_from),
    )
    if sentence:
        raise SystemExit(sentence)


@worker_ready.connect
def start(sender: Any, **kwargs: Any) -> None:
    global _node
    queues = list(sender.app.amqp.queues.consume_from)
    _node = Node(queues=queues, slots=sender.controller.concurrency)
    _node.start()


@worker_shutting_down.connect
def stop(**kwargs: Any) -> None:
    """Celery waits for running tasks: they end soon, because they hand their jobs back."""
    lease.is_stopping.set()
    if _node is not None:
        _node.is_stopping.set()


@worker_shutdown.connect
def retire(**kwargs: Any) -> None:
    if _node is not None:
        _node.retire()
