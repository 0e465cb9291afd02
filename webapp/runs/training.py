"""What a training leaves behind: the points of its curve and its checkpoints."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from io import BufferedReader
from typing import Any

from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _

from webapp.common.errors import UserError
from webapp.jobs.models import Job
from webapp.runs.models import Checkpoint, Run, TrainingPoint, Weights

KEPT_CHECKPOINTS = 2  # besides the best and the final one: a broken last one has a predecessor


def record_point(*, run_id: str, step: int, epoch: float, values: dict[str, float]) -> None:
    """A resumed run comes to the same steps again: the newer value stands."""
    TrainingPoint.objects.update_or_create(
        run_id=run_id, step=step, defaults={"epoch": epoch, "values": values}
    )


@transaction.atomic
def record_checkpoint(
    *,
    job: Job,
    step: int,
    epoch: float,
    weights: BufferedReader,
    state: BufferedReader,
    is_best: bool,
    is_final: bool,
) -> Checkpoint:
    """Copy a checkpoint of `job`'s run to the storage and drop those that it makes needless."""
    run_id = job.subject_id
    replaced = Checkpoint.objects.filter(run_id=run_id, step=step).first()
    stem = f"runs/{run_id}/{job.pk}/step-{step:08d}"
    values = _stored_pair(job, weights, state, stem) | {
        "epoch": epoch,
        # A training that is resumed at its best step does not call it the best again.
        "is_best": is_best or bool(replaced and replaced.is_best),
        "is_final": is_final,
    }
    checkpoint, _ = Checkpoint.objects.update_or_create(run_id=run_id, step=step, defaults=values)
    if replaced:
        _delete_files_on_commit(replaced)
    if is_best:
        Checkpoint.objects.filter(run_id=run_id).exclude(step=step).update(is_best=False)
    _drop_old(run_id)
    return checkpoint


def record_published(
    *, weights: Weights, job: Job, file: BufferedReader, state: BufferedReader
) -> Checkpoint:
    """Copy what was made of `weights` to the storage; made again, it takes the other's place."""
    replaced = Checkpoint.objects.filter(published=weights).first()
    stem = f"weights/{weights.pk}/{job.pk}/checkpoint"
    values = _stored_pair(job, file, state, stem) | {"step": 0, "epoch": 0, "is_final": True}
    checkpoint, _ = Checkpoint.objects.update_or_create(published=weights, defaults=values)
    if replaced:
        _delete_files_on_commit(replaced)
    return checkpoint


def last_checkpoint(run: Run) -> Checkpoint | None:
    """Where training goes on."""
    return run.checkpoints.order_by("step").last()


def checkpoint_to_score(run: Run) -> Checkpoint:
    """The one that the run's selection rule chooses, of the run that trained for it.

    Of a run with weights that were brought in, what was made of these.
    """
    if run.weights is not None:
        return run.weights.checkpoint
    is_best = run.selection in Run.BY_BEST
    kept = run.trainer.checkpoints
    chosen = kept.filter(is_best=True) if is_best else kept.all()
    checkpoint = chosen.order_by("step").last()
    if checkpoint is None:
        sentence = _("%(run)s has no checkpoint to score by the rule “%(rule)s”.")
        raise UserError(sentence % {"run": run, "rule": run.get_selection_display()})
    return checkpoint


def _drop_old(run_id: str) -> None:
    plain = Checkpoint.objects.filter(
        run_id=run_id, is_best=False, is_final=False, started_runs=None
    )
    for checkpoint in plain.order_by("-step")[KEPT_CHECKPOINTS:]:
        _delete_files_on_commit(checkpoint)
        checkpoint.delete()


def _delete_files_on_commit(checkpoint: Checkpoint) -> None:
    for file in (checkpoint.weights, checkpoint.state):
        transaction.on_commit(partial(default_storage.delete, str(file.name)))


def _stored_pair(
    job: Job, weights: BufferedReader, state: BufferedReader, stem: str
) -> dict[str, Any]:
    return {
        "job": job,
        "weights": _store(weights, stem + ".safetensors"),
        "state": _store(state, stem + ".json"),
        "sha256": _sha256(weights),
        "n_bytes": os.fstat(weights.fileno()).st_size,
    }


def _store(file: BufferedReader, name: str) -> str:
    """Copy `file` into the storage; nothing is left there when that fails."""
    name = default_storage.get_available_name(name)
    try:
        return default_storage.save(name, File(file))
    except OSError:
        default_storage.delete(name)
        raise


def _sha256(file: BufferedReader) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()
