"""What happens to jobs while workers and broker are killed: one function per scenario."""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from django.core.management import call_command

from benchmarks.light import make_tables, query
from webapp.accounts.models import Membership, Role, Team, User
from webapp.jobs import services
from webapp.jobs.models import Job
from webapp.stack import processes, valkey

WORKER = ("-m", "celery", "-A", "benchmarks.light", "worker", "-P", "threads", "-Q", "cpu")


class Lab:
    """The processes of one measurement, their output below `home`."""

    def __init__(self, home: Path, broker: valkey.Valkey) -> None:
        call_command("migrate", verbosity=0)
        make_tables()
        self.home = home
        self.broker = broker
        self.team = Team.objects.create(name="Benchmark")
        self.person = User.objects.create_user("bench@example.org", name="Benchmark")
        Membership.objects.create(team=self.team, user=self.person, role=Role.OWNER)

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, *arguments]
        return processes.start(command, log=self.log(name), cwd=settings.BASE_DIR)

    def start_worker(self, name: str = "worker", *, slots: int = 1) -> subprocess.Popen[bytes]:
        return self.start(name, *WORKER, "-c", str(slots), "--loglevel", "INFO", "-n", f"{name}@%h")

    def log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def submit(self, subject: str, *, n_steps: int, is_stubborn: bool = False) -> Job:
        spec = {"n_steps": n_steps, "seconds_per_step": 0.25, "is_stubborn": is_stubborn}
        return services.submit(
            team=self.team, kind="light", subject_id=subject, title=subject, queue="cpu",
            spec=spec, by=self.person,
        )  # fmt: skip


@contextmanager
def running(*started: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in started:
            processes.stop(process, processes.signal.SIGTERM, patience=20)


def wait_for(is_so: Callable[[], Any], *, seconds: float) -> float:
    """Seconds until it was so. Raises TimeoutError."""
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"not so within {seconds:g} seconds")
        time.sleep(0.1)
    return time.monotonic() - began


def jobs_of(prefix: str) -> Any:
    return Job.objects.filter(subject_id__startswith=prefix)


def is_over(prefix: str) -> bool:
    return not jobs_of(prefix).exclude(status__in=Job.TERMINAL).exists()


def n_duplicate_results(prefix: str) -> int:
    counts = query(
        "SELECT count(*) FROM light_result WHERE subject LIKE %s GROUP BY subject", f"{prefix}%"
    )
    return sum(count - 1 for (count,) in counts)


def n_results(prefix: str) -> int:
    [[count]] = query(
        "SELECT count(DISTINCT subject) FROM light_result WHERE subject LIKE %s", f"{prefix}%"
    )
    return int(count)


def kill_workers(lab: Lab, *, n_runs: int = 5, n_kills: int = 10, seed: int) -> dict[str, Any]:
    """Kill the whole worker again and again, each time while a job is running."""
    dice = random.Random(seed)
    for number in range(n_runs):
        lab.submit(f"kill-{number}", n_steps=20)
    n_killed = 0
    worker = lab.start_worker()
    while n_killed < n_kills and not is_over("kill"):
        wait_for(partial(_is_hit, worker.pid), seconds=90)
        time.sleep(dice.uniform(0.2, 2))
        worker.kill()
        worker.wait()
        n_killed += 1
        worker = lab.start_worker()
    with running(worker):
        seconds = wait_for(lambda: is_over("kill"), seconds=120)
    ends = list(jobs_of("kill").filter(retries=None))
    n_succeeded = sum(job.status == "succeeded" for job in ends)
    return {
        "runs": n_runs,
        "kills": n_killed,
        "jobs": jobs_of("kill").count(),
        "seconds_from_last_kill_to_all_terminal": round(seconds, 1),
        "succeeded": n_succeeded,
        "given_up_after_three_losses": sum(
            job.status == "lost" and "try 3 of 3" in job.reason for job in ends
        ),
        "stuck": jobs_of("kill").exclude(status__in=Job.TERMINAL).count(),
        "duplicate_results": n_duplicate_results("kill"),
        "succeeded_without_result": n_succeeded - n_results("kill"),
        "steps_stored_twice": _n_repeated_steps("kill"),
    }


def _is_hit(worker_pid: int) -> bool:
    """Whether a kill now would hit a running job; also when there is nothing left to hit."""
    on_worker = Job.objects.filter(status="running", worker__name__endswith=f":{worker_pid}")
    return is_over("kill") or on_worker.exists()


def _n_repeated_steps(prefix: str) -> int:
    [[count]] = query(
        "SELECT count(*) - count(DISTINCT (subject, step)) FROM light_step WHERE subject LIKE %s",
        f"{prefix}%",
    )
    return int(count)


def outlive_broker_timeouts(lab: Lab) -> dict[str, Any]:
    """A healthy job 20 times longer than the visibility timeout, two workers listening."""
    job = lab.submit("long-0", n_steps=160)
    with running(lab.start_worker("long-1"), lab.start_worker("long-2")):
        wait_for(lambda: is_over("long"), seconds=120)
    deliveries = sum(lab.log(f"long-{n}").read_text().count("received") for n in (1, 2))
    job.refresh_from_db()
    return {
        "visibility_timeout_seconds": 2,
        "job_seconds": round(job.running_time.total_seconds(), 1) if job.running_time else None,
        "status": job.status,
        "deliveries": deliveries,
        "starts": job.fence,
        "duplicate_results": n_duplicate_results("long"),
    }


def cancel(lab: Lab, *, repeats: int = 5) -> dict[str, Any]:
    """Cancel a job whose child ignores TERM and has a child of its own."""
    seconds = []
    with running(lab.start_worker("cancel")):
        for number in range(repeats):
            job = lab.submit(f"cancel-{number}", n_steps=4000, is_stubborn=True)
            wait_for(partial(_has_group, job, 2), seconds=30)
            group = _group_of(job)
            services.request_cancel(job=job, by=lab.person)
            seconds.append(wait_for(partial(_are_gone, group), seconds=30))
    ends = jobs_of("cancel").order_by().values_list("status", flat=True)
    return {
        "repeats": repeats,
        "seconds_until_the_group_is_gone": [round(each, 2) for each in seconds],
        "slowest_seconds": round(max(seconds), 2),
        "statuses": sorted(set(ends)),
    }


def _group_of(job: Job) -> list[int]:
    """Processes that work in the job's folder."""
    folder = str(Path(settings.WORK_DIR) / job.pk)
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if _works_in(path, folder)]


def _has_group(job: Job, size: int) -> bool:
    return len(_group_of(job)) == size


def _are_gone(pids: list[int]) -> bool:
    return not any(map(_lives, pids))


def _works_in(process: Path, folder: str) -> bool:
    try:
        return str((process / "cwd").readlink()) == folder
    except OSError:
        return False


def _lives(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def lose_broker(lab: Lab, *, seconds_away: float = 20) -> dict[str, Any]:
    """FLUSHALL and stop with two jobs running and ten queued; two more come meanwhile."""
    port = int(lab.broker.url.rpartition(":")[2].partition("/")[0])
    with running(lab.start_worker("broker", slots=2)):
        for number in range(12):
            lab.submit(f"broker-{number}", n_steps=12)
        wait_for(lambda: jobs_of("broker").filter(status="running").count() == 2, seconds=30)
        with redis.Redis.from_url(lab.broker.url) as client:
            client.flushall()
        lab.broker.stop()
        time.sleep(seconds_away)
        lab.submit("broker-12", n_steps=12)
        lab.submit("broker-13", n_steps=12)
        n_started = jobs_of("broker").filter(fence__gt=0).count()
        lab.broker = valkey.start(lab.home, port=port)
        first_start = wait_for(
            lambda: jobs_of("broker").filter(fence__gt=0).count() > n_started, seconds=90
        )
        wait_for(lambda: is_over("broker"), seconds=180)
    statuses = list(jobs_of("broker").values_list("status", flat=True))
    return {
        "seconds_away": seconds_away,
        "jobs": len(statuses),
        "succeeded": statuses.count("succeeded"),
        "lost": len(statuses) - statuses.count("succeeded"),
        "duplicate_results": n_duplicate_results("broker"),
        "seconds_from_return_to_first_start": round(first_start, 1),
    }
