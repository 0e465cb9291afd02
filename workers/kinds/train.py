"""Training of a run: goes on from its last checkpoint, is followed by its scoring."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.common.beneath import open_beneath
from webapp.jobs.models import Job
from webapp.runs import services, training
from webapp.runs.models import Run
from workers.kinds import register
from workers.node import share_of_cores
from workers.run_files import fetch_checkpoint, run_of, videos_to_select_on, videos_to_train_on

logger = logging.getLogger(__name__)


@register("train")
class Train:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        run = run_of(job)
        last = training.last_checkpoint(run)
        return {
            "verb": "train",
            "method": run.method_id,
            "config": run.config,
            "seed": run.seed,
            "videos": videos_to_train_on(run) + videos_to_select_on(run),
            "selects_on": "test" if run.is_selected_on_test else "validation",
            "resume": fetch_checkpoint(last, folder / "resume") if last else None,
            "starts_from": None if last else _first_weights(run, folder),
            "out_dir": str(folder / "out"),
            "device": "auto",
            "threads": None if last else share_of_cores(job),  # those of its checkpoint
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        match event:
            case {"event": "point"}:
                training.record_point(
                    run_id=job.subject_id,
                    step=event["step"],
                    epoch=event["epoch"],
                    values=event["values"],
                )
            case {"event": "checkpoint"}:
                _record_checkpoint(job, event, folder)

    def on_success(self, job: Job, folder: Path) -> None:
        services.training_finished(run_of(job), job)

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)


def _record_checkpoint(job: Job, event: Event, folder: Path) -> None:
    """Unless it is gone: a training deletes old ones once it has written newer ones.

    Where this process gets too little time, they are reported, but not read yet.
    """
    names = (event["weights"], event["state"])
    try:
        with open_beneath(folder, names[0]) as weights, open_beneath(folder, names[1]) as state:
            training.record_checkpoint(
                job=job,
                step=event["step"],
                epoch=event["epoch"],
                is_best=event["is_best"],
                is_final=event["is_final"],
                weights=weights,
                state=state,
            )
    except FileNotFoundError:
        # The last one is never deleted, and what else is missing is another fault.
        if event["is_final"] or all((folder / name).exists() for name in names):
            raise
        logger.info("%s: the checkpoint of step %s is gone already", job.pk, event["step"])


def _first_weights(run: Run, folder: Path) -> dict[str, str] | None:
    begun = run.starts_from
    return fetch_checkpoint(begun, folder / "starts_from") if begun else None
