"""Numbers as a job: how long an upload, and a cancel while its numbers are made, hold a request.

    python -m benchmarks.evaluation_jobs

One score for each of 1.1 M frames in 290 videos comes as a zip of arrays through the API's view;
a worker's supervisor with a real child makes the numbers. The peer is what a request did before:
all presets evaluated on the spot. Then 200 videos × 5,000 frames, cancelled while the child works.
"""

from __future__ import annotations

import io
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import report
from benchmarks.embedded_site import site, uploaded_run

SEED = 7
N_VIDEOS, N_FRAMES = 290, 3_800  # 1.1 M, as UCF-Crime's test part
N_LONG, N_LONG_FRAMES = 200, 5_000
SECONDS_OF_WORK = 1.0  # of the child before it is cancelled
FINDS_NOTHING = 0.05  # seconds between two looks


def main() -> None:
    with site(), tempfile.TemporaryDirectory() as folder:
        use_work_folder(Path(folder))
        figures = {"upload": upload(), "cancel": cancel()}
    report.save("evaluation_jobs", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def use_work_folder(folder: Path) -> None:
    from django.conf import settings

    settings.WORK_DIR = folder


def upload() -> dict[str, Any]:
    from django.test import Client

    from webapp.accounts import services as accounts

    run, by = a_run(N_VIDEOS, N_FRAMES)
    _token, secret = accounts.create_token(team=run.team, name="b", scope="submit", by=by)
    client = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {secret}"})
    data = archive(run)
    answers: list[Any] = []

    def put() -> None:
        address = f"/api/v1/runs/{run.pk}/scores"
        answers.append(client.put(address, data, content_type="application/octet-stream"))

    held = report.seconds(put)
    assert answers[0].json()["is_complete"], answers[0].content
    numbers = report.seconds(work)
    run.refresh_from_db()
    assert run.status == "succeeded", run.job.reason
    return {
        "frames": N_VIDEOS * N_FRAMES,
        "seconds_of_the_request": round(held, 2),
        "seconds_until_the_numbers_once_a_worker_is_free": round(numbers, 2),
        "seconds_of_the_same_numbers_on_the_spot": round(report.seconds(on_the_spot(run)), 2),
    }


def cancel() -> dict[str, Any]:
    from ml.scores.files import Layout
    from webapp.jobs import services
    from webapp.jobs.models import Job
    from webapp.results.scores.uploads import store_score_set

    run, by = a_run(N_LONG, N_LONG_FRAMES)
    store_score_set(run=run, data=archive(run), layout=Layout(), by=by)
    worker = threading.Thread(target=work)
    worker.start()
    job = Job.objects.get(subject_id=run.pk)
    while job.status != Job.Status.RUNNING:
        assert worker.is_alive(), f"{job.status}: {job.reason}"
        time.sleep(FINDS_NOTHING)
        job.refresh_from_db()
    time.sleep(SECONDS_OF_WORK)
    answered = report.seconds(lambda: services.request_cancel(job=job, by=by))
    gone = report.seconds(worker.join)
    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED, job.status
    return {
        "frames": N_LONG * N_LONG_FRAMES,
        "seconds_until_the_answer": round(answered, 3),
        "seconds_until_the_job_has_ended": round(answered + gone, 2),
    }


def work() -> None:
    """What a worker does with the job whose turn it is."""
    from django.db import connection

    from webapp.jobs.services import announce
    from workers import supervisor

    worker = announce("bench:1", queues=["cpu"], slots=2, facts={})
    supervisor.run_next("cpu", worker=worker)
    connection.close()


def on_the_spot(run: Any) -> Any:
    from tests.evaluating import evaluate_under_each
    from webapp.results.models import Evaluation
    from webapp.results.protocols.presets import ensure_protocols

    Evaluation.objects.filter(score_set__run=run).delete()
    return lambda: evaluate_under_each(run.score_set, ensure_protocols())


def a_run(n_videos: int, n_frames: int) -> tuple[Any, Any]:
    """One that waits for scores of videos with an event each, and the person who brings them."""
    labels = np.zeros(n_frames, int)
    labels[n_frames // 3 : n_frames // 2] = 1
    return uploaded_run({f"video{n:03}": labels.tolist() for n in range(n_videos)})


def archive(run: Any) -> bytes:
    random = np.random.default_rng(SEED)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, n_frames in run.dataset.videos.values_list("name", "n_frames"):
            array = io.BytesIO()
            np.save(array, random.random(n_frames, np.float32))
            archive.writestr(f"{name}.npy", array.getvalue())
    return file.getvalue()


if __name__ == "__main__":
    main()
