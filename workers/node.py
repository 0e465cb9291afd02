"""This worker process: how it introduces itself, stays known, and stops."""

from __future__ import annotations

import compileall
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from webapp.common.errors import DATABASE_AWAY
from webapp.datasets.detectors import publish_detectors
from webapp.datasets.extractors import publish_extractors
from webapp.jobs import services
from webapp.jobs.models import Job, WorkerNode
from webapp.runs.services import publish_methods
from workers import walls
from workers.child import environment
from workers.lease import patiently

logger = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 5.0
ASK_SECONDS = 120.0  # the first import of torch on a cold disk takes its time


def share_of_cores(job: Job) -> int:
    """Threads for a job on this node, all of whose slots may be busy at once."""
    slots = job.worker.slots if job.worker else 1
    return settings.WORKER_THREADS or max(1, len(os.sched_getaffinity(0)) // slots)


class Node:
    """A worker process from ready to stopped."""

    def __init__(self, *, queues: Sequence[str], slots: int) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.is_stopping = threading.Event()
        self._queues = queues
        self._slots = slots
        self._facts: dict[str, Any] = {}
        self._has_stopped = threading.Event()
        self.row: WorkerNode = patiently(self._announce)

    def start(self) -> None:
        """Be known from now on; look at the machine and publish what it can do meanwhile."""
        for work in (self._beat, self._introduce):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()

    def retire(self) -> None:
        self._has_stopped.set()
        services.retire(self.name)

    def _announce(self) -> WorkerNode:
        return services.announce(
            self.name, queues=self._queues, slots=self._slots, facts=self._facts
        )

    def _beat(self) -> None:
        while not self._has_stopped.wait(HEARTBEAT_SECONDS):
            try:
                self._announce()
            except DATABASE_AWAY:
                connection.close()
        connection.close()

    def _introduce(self) -> None:
        """What needs torch is asked of a child: the worker itself stays small.

        Children cannot keep what they compile, since their walls let them read programs only.
        """
        try:
            compileall.compile_dir(Path(settings.BASE_DIR) / "ml", quiet=2)
            self._facts = ask("-m", "workers.hardware") | asdict(walls.standing())
            publish_methods(ask("-m", "ml", "methods", "--json"))
            publish_extractors(ask("-m", "ml", "extractors", "--json"))
            publish_detectors(ask("-m", "ml", "detectors", "--json"))
        except Exception:
            logger.exception("the machine or its methods are unknown; jobs run all the same")
        finally:
            connection.close()


def ask(*arguments: str) -> Any:
    """The JSON that a Python child prints, which is within walls as those of jobs are."""
    with tempfile.TemporaryDirectory() as folder:
        answer = subprocess.run(
            walls.around([sys.executable, *arguments], folder=Path(folder), spec={}),
            env=environment(Path(folder)),
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=False,
        )
    if answer.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed: {answer.stderr.strip()}")
    return json.loads(answer.stdout)
