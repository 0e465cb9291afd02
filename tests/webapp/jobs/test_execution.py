import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp.jobs import services
from webapp.jobs.models import Job, WorkerNode


def at_once(*works):
    """Run all in threads that start together; their results in order."""
    start = threading.Barrier(len(works))

    def run(work):
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def claimed(job: Job, worker: WorkerNode) -> Job:
    taken = services.claim(job.pk, worker=worker)
    assert taken is not None
    return taken


@pytest.fixture
def held(team):
    return JobFactory.create(team=team, held=True)


def test_claim_takes_a_waiting_job(team, worker):
    job = claimed(JobFactory.create(team=team), worker)

    assert job.status == Job.Status.STARTING
    assert (job.fence, job.worker) == (1, worker)
    assert job.started_at
    assert job.lease_until
    assert job.lease_until > job.started_at
    assert job.provenance == {"worker": "lab1:100"}


def test_claim_delivered_twice_finds_nothing_to_do(team, worker):
    job = JobFactory.create(team=team)
    services.claim(job.pk, worker=worker)

    assert services.claim(job.pk, worker=worker) is None
    assert services.claim("job_unknown", worker=worker) is None


@pytest.mark.django_db(transaction=True)
def test_claim_race_has_one_winner_per_job():
    workers = WorkerNodeFactory.create_batch(4)
    jobs = JobFactory.create_batch(8, status=Job.Status.QUEUED, kind="score")

    def claim_all(worker):
        claimed = []
        while job := services.claim_next("cpu", worker=worker):
            claimed.append(job.pk)
        return claimed

    claims = at_once(*(lambda worker=worker: claim_all(worker) for worker in workers))

    assert sorted(job for claimed in claims for job in claimed) == sorted(job.pk for job in jobs)
    assert set(Job.objects.values_list("fence", flat=True)) == {1}


def test_claim_next_lets_teams_take_turns(worker):
    first, second = JobFactory.create_batch(2, kind="score")
    JobFactory.create_batch(3, team=first.team, kind="score")

    claimed = [services.claim_next("cpu", worker=worker) for _ in range(2)]

    assert claimed == [first, second]


def test_claim_next_leaves_other_queues_alone(worker):
    JobFactory.create(queue="gpu")

    assert services.claim_next("cpu", worker=worker) is None


def test_claim_next_keeps_a_slot_from_trainings(team, worker):
    trainings = JobFactory.create_batch(2, team=team)
    first = services.claim_next("cpu", worker=worker)
    assert first == trainings[0]
    assert services.claim_next("cpu", worker=worker) is None

    short = JobFactory.create(team=team, kind="import")
    assert services.claim_next("cpu", worker=worker) == short

    services.finish(first, status="failed")
    assert services.claim_next("cpu", worker=worker) == trainings[1]


def test_claim_next_takes_trainings_into_the_only_slot(team):
    one = WorkerNodeFactory.create(slots=1)
    job = JobFactory.create(team=team)

    assert services.claim_next("cpu", worker=one) == job


def test_claim_next_counts_what_the_worker_itself_holds(team, worker):
    JobFactory.create(held=True, worker=WorkerNodeFactory.create(slots=2))
    job = JobFactory.create(team=team)

    assert services.claim_next("cpu", worker=worker) == job


def test_mark_running_only_from_starting(team, worker):
    job = claimed(JobFactory.create(team=team), worker)

    assert services.mark_running(job)
    assert not services.mark_running(job)


def test_renew_lease_moves_it_forward(held):
    assert services.renew_lease(held)

    assert Job.objects.get().lease_until > held.lease_until


def test_finish_stores_the_end(held):
    assert services.finish(held, status=Job.Status.SUCCEEDED, result={"loss": 0.1})

    held.refresh_from_db()
    assert (held.status, held.result, held.lease_until) == ("succeeded", {"loss": 0.1}, None)
    assert held.finished_at is not None


@pytest.mark.parametrize(
    ("status", "ends"),
    [
        ("created", []),
        ("queued", []),
        ("starting", ["failed", "timed_out", "lost"]),
        ("running", ["succeeded", "failed", "timed_out", "lost"]),
        ("cancelling", ["cancelled"]),
    ],
)
def test_finish_only_as_its_state_allows(team, status, ends):
    """What has not run cannot have succeeded."""
    for end in Job.TERMINAL:
        job = JobFactory.create(team=team, held=True, status=status)

        assert services.finish(job, status=end) == (end in ends)

        job.refresh_from_db()
        assert job.status == (end if end in ends else status)


def test_finish_twice_keeps_the_first(held):
    services.finish(held, status=Job.Status.FAILED, failure="bad_input", reason="No videos.")

    assert not services.finish(held, status=Job.Status.SUCCEEDED)
    assert Job.objects.get().reason == "No videos."


def test_finish_as_cancelled_only_when_asked_to(held, bob):
    assert not services.finish(held, status=Job.Status.CANCELLED)
    services.request_cancel(job=held, by=bob)

    assert not services.finish(held, status=Job.Status.SUCCEEDED)
    assert services.finish(held, status=Job.Status.CANCELLED)


def test_zombie_writes_change_nothing(held):
    """A worker that wakes up after its job was given up."""
    services.finish(held, status=Job.Status.LOST)
    before = Job.objects.values().get()

    assert not services.renew_lease(held)
    assert not services.mark_running(held)
    assert not services.report_progress(held, {"done": 1})
    assert not services.finish(held, status=Job.Status.SUCCEEDED)
    for write in (
        lambda: services.append_log(held, b"still here\n"),
        lambda: services.record_facts(held, {"torch": "2"}),
        lambda: services.fenced(held).__enter__(),
    ):
        with pytest.raises(services.JobSuperseded):
            write()
    assert Job.objects.values().get() == before
    assert not held.log_chunks.exists()


def test_fenced_refuses_an_older_fence(held):
    Job.objects.update(fence=2)

    with pytest.raises(services.JobSuperseded), services.fenced(held):
        pass


def test_fenced_undoes_everything_when_it_fails(held):
    def finish_and_fall() -> None:
        with services.fenced(held) as fresh:
            services.finish(fresh, status=Job.Status.SUCCEEDED)
            raise LookupError

    with pytest.raises(LookupError):
        finish_and_fall()

    assert Job.objects.get().status == Job.Status.RUNNING


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round", range(5))
def test_cancel_against_finish_has_one_end(round, held, bob):
    def cancel():
        try:
            return services.request_cancel(job=held, by=bob).status
        except services.submission.ConflictError:
            return "too late"

    cancelled, finished = at_once(
        cancel, lambda: services.finish(held, status=Job.Status.SUCCEEDED)
    )

    status = Job.objects.get().status
    assert (status, cancelled, finished) in {
        ("succeeded", "too late", True),
        ("cancelling", "cancelling", False),
    }


def test_record_facts_adds_to_the_provenance(held):
    services.record_facts(held, {"torch": "2.13.0"})
    services.record_facts(held, {"device": "cpu"})

    assert Job.objects.get().provenance == {"torch": "2.13.0", "device": "cpu"}


def test_hand_back_queues_a_successor_that_costs_no_try(held, replaced):
    services.hand_back(
        held, reason="The worker was stopped.", on_replaced=lambda *pair: replaced.append(pair)
    )

    held.refresh_from_db()
    successor = held.retries.get()
    assert (held.status, held.reason) == ("lost", "The worker was stopped.")
    assert (successor.retry_of, successor.tries) == (held, held.tries)
    assert successor.spec == held.spec
    assert replaced == [(held, successor)]


def test_hand_back_of_a_lost_job_queues_nothing(held):
    services.finish(held, status=Job.Status.LOST)

    assert services.hand_back(held, reason="", on_replaced=lambda *pair: None) is None
    assert Job.objects.count() == 1
