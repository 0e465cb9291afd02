import errno
import logging
import signal
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.factories.jobs import JobFactory
from tests.patience import PATIENCE, wait_until
from tests.workers.conftest import acting_job, ended, is_held
from webapp.jobs import services
from webapp.jobs.models import Job
from workers import supervisor, watch

SLEEP = ["sleep", 10 * PATIENCE]


def taken(path):
    """The file, once the child holds it."""
    wait_until(lambda: path.exists() and path.read_text())
    return path


def test_run_next_without_jobs(worker):
    assert supervisor.run_next("cpu", worker=worker) is None


def test_run_next_of_a_stopping_worker_claims_nothing(worker):
    is_stopping = threading.Event()
    is_stopping.set()
    job = acting_job()

    assert supervisor.run_next("cpu", worker=worker, is_stopping=is_stopping) is None
    assert services.queue_position(job) == 1


def test_job_succeeds_with_all_that_its_child_told(run, act):
    job = run(
        ["send", "facts", {"values": {"torch": "2.13.0"}}],
        ["send", "progress", {"stage": "train", "done": 1, "total": 4, "unit": "epochs"}],
        ["send", "point", {"step": 1}],
        ["write", "epoch 1"],
        ["send", "result", {"values": {"loss": 0.5}}],
    )

    assert (job.status, job.failure, job.reason) == ("succeeded", "", "")
    assert job.provenance == {"worker": "lab1:100", "torch": "2.13.0"}
    assert (job.progress["done"], job.progress["total"]) == (1, 4)
    logged = services.read_log(job, after=0)[0].splitlines()
    assert logged == [b"facts torch=2.13.0", b"point step=1", b"epoch 1"]
    assert job.result == {"loss": 0.5}
    assert act.seen == [
        {"event": "point", "step": 1},
        {"event": "succeeded", "result": {"loss": 0.5}},
    ]
    assert not (settings.WORK_DIR / job.pk).exists()


def test_job_with_an_event_larger_than_a_pipe(run, act):
    pts = list(range(100_000))

    assert run(["send", "video", {"pts": pts}]).status == "succeeded"
    assert act.seen[0]["pts"] == pts


def test_child_knows_no_secret(run, act, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://hidden")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")

    job = run(["tell_environment"])

    variables = act.seen[0]["variables"]
    assert "hidden" not in str(variables)
    assert not [name for name in variables if "IWAKAN" in name]
    assert act.seen[0]["folder"] == str(settings.WORK_DIR / job.pk)


def test_failure_as_the_child_tells_it(run):
    failed = {"failure": "bad_input", "sentence": "No normal videos.", "traceback": "Trace…"}

    job = run(["send", "failed", failed], ["exit", 1])

    assert (job.status, job.failure) == ("failed", "bad_input")
    assert (job.reason, job.traceback) == ("No normal videos.", "Trace…")


@pytest.mark.parametrize(
    ("steps", "failure", "reason"),
    [
        ([["end_by", "SIGKILL"]], "out_of_memory", "memory ran out"),
        ([["end_by", "SIGSEGV"]], "method_error", "signal SIGSEGV"),
        ([["exit", 143]], "method_error", "signal SIGTERM"),
        ([["exit", 3]], "method_error", "status 3 without saying why"),
        ([["write", "MemoryError"], ["exit", 1]], "out_of_memory", "memory limit"),
    ],
)
def test_failure_without_a_word_is_read_from_the_exit(run, steps, failure, reason):
    job = run(["write", "last words"], *steps)

    assert (job.status, job.failure) == ("failed", failure)
    assert reason in job.reason
    assert "last words" in job.traceback


@pytest.mark.parametrize("hook", ["prepare", "event", "success"])
def test_refusal_of_the_kind_fails_the_job_with_its_sentence(run, act, hook):
    job = run(["send", "point", {"step": 1}], spec={f"refuse_{hook}": "The folder is gone."})

    assert (job.status, job.failure) == ("failed", "bad_input")
    assert job.reason == "The folder is gone."
    assert "succeeded" not in [event["event"] for event in act.seen]


def test_full_disk_fails_the_job_with_its_reason(run):
    job = run(["send", "checkpoint", {}], spec={"refuse_event": {"errno": errno.ENOSPC}})

    assert (job.status, job.failure) == ("failed", "storage_full")
    assert job.reason.startswith("The disk is full")


def test_unknown_kind_fails_the_job(worker):
    job = acting_job()
    Job.objects.update(kind="dance")

    supervisor.run_next("cpu", worker=worker)

    job.refresh_from_db()
    assert (job.status, job.failure) == ("failed", "platform_error")
    assert "no kind of job is called 'dance'" in job.reason


def test_time_limit_ends_the_job(run):
    job = run(SLEEP, time_limit_seconds=0)

    assert (job.status, job.failure) == ("timed_out", "timeout")


def test_cancel_ends_the_process_group(run_in_thread, bob, tmp_path, settings, monkeypatch):
    """What ignores TERM gets the short grace of a cancelled job, not that of a checkpoint."""
    assert settings.JOB_CANCEL_GRACE_SECONDS < 5
    monkeypatch.setattr(watch, "CHECKPOINT_GRACE_SECONDS", 10 * PATIENCE)
    grandchild, child = tmp_path / "grandchild", tmp_path / "child"
    job = acting_job(
        ["ignore_term"], ["leave_behind", str(grandchild)], ["hold", str(child)], SLEEP,
        team=bob.teams.get(),
    )  # fmt: skip
    run_in_thread()
    files = [taken(child), taken(grandchild)]

    services.request_cancel(job=job, by=bob)

    assert ended(job).status == "cancelled"
    assert job.reason == "Bob asked to cancel it."
    assert not any(map(is_held, files))


def test_cancel_keeps_the_last_checkpoint(run_in_thread, act, bob, tmp_path, settings):
    settings.JOB_CANCEL_GRACE_SECONDS = PATIENCE
    job = acting_job(
        ["save_on_term"], ["hold", str(tmp_path / "held")], SLEEP, team=bob.teams.get()
    )
    run_in_thread()
    taken(tmp_path / "held")

    services.request_cancel(job=job, by=bob)

    assert ended(job).status == "cancelled"
    assert act.seen == [{"event": "checkpoint", "step": 7}]


def test_stop_of_the_worker_hands_the_job_back(run_in_thread, act, tmp_path, monkeypatch):
    monkeypatch.setattr(watch, "CHECKPOINT_GRACE_SECONDS", PATIENCE)
    job = acting_job(["save_on_term"], ["hold", str(tmp_path / "held")], SLEEP)
    is_stopping = run_in_thread()
    taken(tmp_path / "held")

    is_stopping.set()

    assert ended(job).status == "lost"
    assert job.reason.startswith("The worker was stopped.")
    successor = job.retries.get()
    assert (successor.status in Job.WAITING, successor.tries) == (True, 1)
    assert act.seen == [{"event": "checkpoint", "step": 7}]
    assert act.replaced == [(job.pk, successor.pk)]


def test_lost_job_ends_the_child_and_changes_nothing(run_in_thread, settings, tmp_path, caplog):
    settings.JOB_LEASE_SECONDS = 0.6
    job = acting_job(["hold", str(tmp_path / "held")], SLEEP)
    run_in_thread()
    child = taken(tmp_path / "held")
    Job.objects.update(status=Job.Status.LOST, finished_at=job.created_at, lease_until=None)
    before = Job.objects.values().get()

    with caplog.at_level(logging.WARNING):
        wait_until(lambda: "no longer ours" in caplog.text)

    assert not is_held(child)
    assert Job.objects.values().get() == before
    assert not (Path(settings.WORK_DIR) / job.pk).exists()


def test_log_grows_while_the_child_works(run_in_thread):
    job = acting_job(["write", "first"], SLEEP)
    run_in_thread()

    wait_until(lambda: services.read_log(job, after=0)[0] == b"first\n")

    job.refresh_from_db()
    assert job.status == Job.Status.RUNNING


def test_database_outage_does_not_end_the_job(run_in_thread, tmp_path):
    go, held = tmp_path / "go", tmp_path / "held"
    job = acting_job(["write", "before"], ["hold", str(held)], ["wait_for", str(go)])
    run_in_thread()
    taken(held)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    go.touch()

    assert ended(job).status == "succeeded"
    assert services.read_log(job, after=0)[0] == b"before\n"


def test_grace_is_over_at_last(run_in_thread, monkeypatch, tmp_path):
    monkeypatch.setattr(watch, "CHECKPOINT_GRACE_SECONDS", 0.3)
    job = acting_job(["ignore_term"], ["hold", str(tmp_path / "held")], SLEEP)
    is_stopping = run_in_thread()
    child = taken(tmp_path / "held")

    is_stopping.set()

    assert ended(job).status == "lost"
    assert not is_held(child)


def test_killed_supervisor_leaves_no_child(start, tmp_path):
    job = acting_job(["ignore_term"], ["hold", str(tmp_path / "held")], SLEEP)
    process = start("-m", "tests.workers.run_one")
    child = taken(tmp_path / "held")

    process.kill()

    wait_until(lambda: not is_held(child))
    job.refresh_from_db()
    assert job.status == Job.Status.RUNNING  # until the reaper comes


def test_frozen_supervisor_wakes_up_and_changes_nothing(start, tmp_path):
    """A zombie: it held the job, lost it, and its child has more to tell."""
    job = acting_job(
        ["hold", str(tmp_path / "held")], ["wait_for", str(tmp_path / "go")],
        ["send", "point", {"step": 1}], ["write", "late"],
        ["send", "result", {"values": {"loss": 0}}], ["hold", str(tmp_path / "done")],
    )  # fmt: skip
    process = start("-m", "tests.workers.run_one")
    taken(tmp_path / "held")
    process.send_signal(signal.SIGSTOP)
    Job.objects.update(lease_until="2020-01-01T00:00Z")
    services.reap(on_replaced=lambda old, new: None)
    before = list(Job.objects.order_by("pk").values())

    (tmp_path / "go").touch()
    taken(tmp_path / "done")
    process.send_signal(signal.SIGCONT)

    assert process.wait(PATIENCE) == 0
    assert list(Job.objects.order_by("pk").values()) == before
    assert not job.log_chunks.exists()


def test_whoever_ends_rings_for_a_training_that_was_kept_out_meanwhile(worker, monkeypatch):
    rung = []
    monkeypatch.setattr("webapp.dispatch.ring", lambda queue: rung.append(queue) or True)
    acting_job()
    JobFactory.create(kind="train", status="queued")

    supervisor.run_next("cpu", worker=worker)

    assert rung == ["cpu"]
