import threading

import pytest

from tests.factories.jobs import JobFactory
from tests.patience import PATIENCE, wait_until
from webapp.jobs.models import WorkerNode
from webapp.runs.models import Method
from workers import node
from workers.node import Node


@pytest.fixture
def started(transactional_db, monkeypatch):
    monkeypatch.setattr(node, "HEARTBEAT_SECONDS", 0.05)
    before = set(threading.enumerate())
    this = Node(queues=["cpu"], slots=2)
    yield this
    this.retire()
    for thread in set(threading.enumerate()) - before:
        thread.join(PATIENCE)


def row():
    return WorkerNode.objects.get()


def test_node_is_known_from_start_to_retirement(started):
    first_seen = row().last_seen_at
    started.start()

    facts = wait_until(lambda: row().facts)
    wait_until(Method.objects.filter(name="conv_ae").exists)

    assert facts["cpu_count"] >= 1
    assert facts["memory_bytes"] > 10**8
    assert facts["torch"].startswith("2.")
    wait_until(lambda: row().last_seen_at > first_seen and row().is_alive)
    started.retire()
    assert not row().is_alive


@pytest.mark.parametrize(
    ("n_cores", "slots", "told", "threads"),
    [(8, 2, 0, 4), (8, 3, 0, 2), (2, 4, 0, 1), (8, 2, 6, 6)],
    ids=["a share", "rounded down", "at least one", "as the operator says"],
)
def test_a_job_gets_its_share_of_the_cores(
    db, settings, monkeypatch, n_cores, slots, told, threads
):
    settings.WORKER_THREADS = told
    monkeypatch.setattr(node.os, "sched_getaffinity", lambda pid: set(range(n_cores)))
    job = JobFactory.create(held=True, worker__slots=slots)

    assert node.share_of_cores(job) == threads


def test_ask_says_what_a_child_complained_about():
    with pytest.raises(RuntimeError, match="No module named"):
        node.ask("-m", "workers.nothing")
