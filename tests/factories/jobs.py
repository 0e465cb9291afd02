"""Makes workers, and jobs in any state."""

from datetime import timedelta

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.factories.accounts import TeamFactory
from webapp.jobs.models import Job, WorkerNode


class WorkerNodeFactory(DjangoModelFactory[WorkerNode]):
    class Meta:
        model = WorkerNode

    name = factory.Sequence(lambda n: f"machine:{n}")
    queues = factory.LazyFunction(lambda: ["cpu"])
    slots = 1
    started_at = factory.LazyFunction(timezone.now)
    last_seen_at = factory.LazyFunction(timezone.now)


class JobFactory(DjangoModelFactory[Job]):
    """A waiting job; with the trait `held` one that a worker runs, with `ended` a finished one."""

    class Meta:
        model = Job

    class Params:
        held = factory.Trait(
            status=Job.Status.RUNNING,
            fence=1,
            worker=factory.SubFactory(WorkerNodeFactory),
            started_at=factory.LazyFunction(timezone.now),
            lease_until=factory.LazyFunction(lambda: timezone.now() + timedelta(seconds=10)),
        )
        ended = factory.Trait(
            status=Job.Status.SUCCEEDED, finished_at=factory.LazyFunction(timezone.now)
        )

    # In the order of creation, also within a millisecond.
    id = factory.Sequence(lambda n: f"job_{n:026}")
    team = factory.SubFactory(TeamFactory)
    kind = "train"
    subject_id = factory.Sequence(lambda n: f"run_{n}")
    title = factory.Sequence(lambda n: f"Job {n}")
    queue = Job.Queue.CPU
