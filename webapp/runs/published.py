"""Brings in weights that were trained elsewhere: a job makes a checkpoint of the file."""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import Any

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.jobs.models import Job
from webapp.jobs.services import submit
from webapp.runs.models import Method, Run, Weights

MAX_FILE_BYTES = 256 * 1024**2
MAX_NAME_LENGTH = 120
MAX_SOURCE_LENGTH = 300
MAX_FILE_NAME_LENGTH = 100


@transaction.atomic
def bring_weights(
    *,
    team: Team,
    file_name: str,
    data: bytes,
    name: str = "",
    method: Method | None = None,
    source: str = "",
    selection: str = Run.Selection.UNKNOWN,
    by: User,
) -> Weights:
    """Keep the file and submit the job that reads it. Raise UserError.

    Of `method`, or of whichever the file is of.
    """
    require(by, Permission.RUN_SUBMIT, team=team)
    _check_data(data)
    stored_name = _stored_name(file_name)
    weights = Weights(
        team=team,
        name=_checked("name", name.strip() or stored_name, MAX_NAME_LENGTH),
        file_name=stored_name,
        sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(data),
        source=_checked("source", source, MAX_SOURCE_LENGTH),
        selection=_known_selection(selection),
        created_by=by,
    )
    weights.file.save(stored_name, ContentFile(data), save=False)
    weights.job = _submit(weights, method, by)
    weights.save()
    act = AuditEvent.Act.WEIGHTS_BROUGHT
    record(act, weights, team=team, by=by, file=weights.file_name, sha256=weights.sha256)
    return weights


def begin(weights: Weights, *, job: Job) -> None:
    """From now on `job` reads the file."""
    Weights.objects.filter(pk=weights.pk).update(job=job)


def finish_reading(weights: Weights, result: dict[str, Any]) -> None:
    """The checkpoint is stored: what was found. From now on the weights are ready."""
    method = Method.objects.filter(pk=result["method"]).first()
    if method is None:
        sentence = _("%(file)s holds weights of %(method)s, which no worker has told of yet.")
        raise UserError(sentence % {"file": weights.file_name, "method": result["method"]})
    weights.method = method
    weights.layout = result["layout"]
    weights.config = result["config"]
    weights.notes = result["notes"]
    weights.save(update_fields=["method", "layout", "config", "notes", "updated_at"])


def _submit(weights: Weights, method: Method | None, by: User) -> Job:
    return submit(
        team=weights.team,
        kind="weights",
        subject_id=weights.pk,
        title=f"Read the weights {weights}",
        queue=Job.Queue.CPU,
        spec={"method": method.pk if method else ""},
        by=by,
    )


def _check_data(data: bytes) -> None:
    if not data:
        raise UserError(_("Send a file with something in it."), code="empty", field="file")
    if len(data) > MAX_FILE_BYTES:
        sentence = _("The file is larger than %d MiB.") % (MAX_FILE_BYTES // 1024**2)
        raise UserError(sentence, code="too_large", field="file")


def _checked(field: str, text: str, longest: int) -> str:
    if len(text.strip()) > longest:
        sentence = _("%(field)s: more than %(max)d characters.")
        raise UserError(sentence % {"field": field, "max": longest}, field=field)
    return text.strip()


def _known_selection(selection: str) -> str:
    if selection not in Run.Selection.values:
        sentence = _("selection: %(value)s is not one of %(choices)s")
        words = {"value": selection, "choices": ", ".join(Run.Selection.values)}
        raise UserError(sentence % words, field="selection")
    return selection


def _stored_name(file_name: str) -> str:
    """With its ending, which says how it is read, and without what a path could mean."""
    name = PurePosixPath(file_name.replace("\\", "/")).name.lstrip(".-")
    try:
        return get_valid_filename(name)[-MAX_FILE_NAME_LENGTH:]
    except SuspiciousFileOperation as error:
        raise UserError(_("file: %s is not a name of a file.") % file_name, field="file") from error
