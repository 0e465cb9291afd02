"""Workers, jobs and what happens to successors."""

import pytest

from tests.factories.jobs import WorkerNodeFactory
from webapp.jobs.models import Job, WorkerNode


@pytest.fixture
def worker(db: None) -> WorkerNode:
    return WorkerNodeFactory.create(name="lab1:100", slots=2)


@pytest.fixture
def replaced() -> list[tuple[Job, Job]]:
    """Collects what `on_replaced` is told: hand `lambda *pair: replaced.append(pair)` over."""
    return []
