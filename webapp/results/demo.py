"""The demo's story: a generated dataset imported, a run trained and scored, a page to look at."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.conf import settings
from django.urls import reverse

from ml.evaluation import METRICS
from webapp.accounts import services as accounts
from webapp.accounts.models import Team, User
from webapp.common.demo_steps import numbered
from webapp.common.errors import UserError
from webapp.datasets import services as datasets
from webapp.datasets.models import Dataset
from webapp.jobs.models import Job
from webapp.results.models import Evaluation
from webapp.runs import services as runs
from webapp.runs.models import Method, Run

TEAM = "Demo"
EMAIL = "demo@iwakan.invalid"
DATASET = "Corridor"
METHOD = "conv_ae"
# Far below the paper's size, so that two cores end in about half a minute.
CONFIG: dict[str, Any] = {
    "input_size": 64,
    "channels": [32, 16, 8],
    "strides": [1],
    "optimiser": "adam",
    "learning_rate": 0.003,
    "epochs": 6,
}
POLL_SECONDS = 0.3
PROGRESS_SECONDS = 10  # between two lines that say how far a job is
PATIENCE_SECONDS = 900

Say = Callable[[str], None]


def run_demo(say: Say) -> str:
    """Run the whole story and return the address of the page it ends on. Raise UserError."""
    owner = accounts.create_owner(email=EMAIL, team_name=TEAM, name="Demo")
    team = Team.objects.get(name=TEAM)
    dataset = _dataset(team, owner, say)
    run = _run(dataset, owner, say)
    for evaluation in Evaluation.objects.filter(score_set__run=run).select_related("protocol"):
        name = evaluation.protocol.settings["metric"]
        say(f"  {evaluation.protocol}: {METRICS[name].title} {_shown(evaluation.metrics[name])}")
    say(numbered("Page", "the video with the highest score, under the link below"))
    return accounts.create_login_link(user=owner) + "?" + urlencode({"next": _video_page(run)})


def _dataset(team: Team, owner: User, say: Say) -> Dataset:
    """The generated dataset, imported now or by an earlier demo."""
    imported = Dataset.objects.filter(team=team, name=DATASET).exclude(content_hash="").first()
    if imported is not None:
        say(numbered("Import", "done by an earlier demo"))
        return imported
    folder = Path(settings.DATA_ROOTS[0]) / "corridor"
    say(numbered("Rendering", f"20 clips of a corridor into {folder} …"))
    _render(folder)
    say(numbered("Import", "probing, counting frames, making proxies and posters …"))
    dataset = Dataset.objects.filter(team=team, name=DATASET).first()
    if dataset is None:
        dataset = datasets.create_dataset(team=team, name=DATASET, folder=str(folder), by=owner)
    else:
        datasets.import_again(dataset=dataset, by=owner)
    dataset.refresh_from_db()
    _wait_for_job(dataset.import_job, say)
    dataset.refresh_from_db()
    return dataset


def _render(folder: Path) -> None:
    command = [sys.executable, "-m", "ml", "demo-data", str(folder), "--seed", "0"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise UserError(f"The demo videos could not be rendered: {result.stderr.strip()}")


def _run(dataset: Dataset, owner: User, say: Say) -> Run:
    _wait_until(lambda: Method.objects.filter(pk=METHOD).exists(), "a worker to publish methods")
    run = runs.create_run(
        team=dataset.team,
        dataset=dataset,
        split=dataset.splits.get(),
        method=Method.objects.get(pk=METHOD),
        config=CONFIG,
        by=owner,
    )
    say(numbered("Training", f"{run.method} on {dataset}, {CONFIG['epochs']} epochs …"))
    _wait_for_job(run.current_job, say)
    run.refresh_from_db()
    say(numbered("Scoring", "every frame of the test videos …"))
    _wait_for_job(run.current_job, say)
    return run


class _Pace:
    """Says how far a job is whenever that has changed, but not more often than one can read."""

    def __init__(self, job: Job, say: Say) -> None:
        self.job = job
        self.say = say
        self.reported_at = time.monotonic()
        self.reported: dict[str, Any] = {}

    def has_ended(self) -> bool:
        self.job.refresh_from_db()
        now = time.monotonic()
        if self.job.progress != self.reported and now - self.reported_at >= PROGRESS_SECONDS:
            self.reported, self.reported_at = self.job.progress, now
            self.say(f"  {_how_far(self.reported)}")
        return self.job.is_terminal


def _how_far(progress: dict[str, Any]) -> str:
    return f"{progress['stage']}: {progress['done']:g} of {progress['total']} {progress['unit']}"


def _wait_for_job(job: Job | None, say: Say) -> None:
    """Raise UserError with the job's own reason unless it succeeds."""
    assert job is not None
    _wait_until(_Pace(job, say).has_ended, str(job))
    if job.status != Job.Status.SUCCEEDED:
        raise UserError(f"{job}: {job.get_status_display()}. {job.reason}")


def _wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise UserError(f"Waited {PATIENCE_SECONDS} seconds for {what}.")
        time.sleep(POLL_SECONDS)


def _video_page(run: Run) -> str:
    """The abnormal test video with the highest score: there is something to see."""
    scored = run.score_set.videos.filter(video__intervals__annotation_set=run.annotation_set)
    highest = max(scored.distinct(), key=lambda one: max(np.frombuffer(one.values, "<f4")))
    return reverse("results:video", args=[highest.video_id]) + f"?run={run.pk}"


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
