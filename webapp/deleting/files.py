"""Which files hang on what, and their removal once the rows that named them are gone.

Videos, and features that people brought, lie on the server in place and are in no field of a file:
nothing here can touch them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.conf import DEFAULT_STORAGE_ALIAS
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import FileField, Model
from django.utils import timezone

from webapp.datasets import extracted
from webapp.datasets.models import AnnotationImport, ClipPreview, Dataset, Video
from webapp.deleting.models import FileToSweep
from webapp.results.models import Explanation, PendingExplanation
from webapp.runs.models import Checkpoint, Weights

logger = logging.getLogger(__name__)
FILES_PER_PASS = 100  # the housekeeper has jobs to look after, too
FEATURES = "features"  # the storage of what is extracted here
MOST_MEASURED = 2_000  # each may be a question to a storage far away


@dataclass(frozen=True)
class Stored:
    """A field that names a file, and the way from its row to what is deleted."""

    model: type[Model]
    field: str
    path: str

    def names(self, ids: Iterable[str]) -> list[str]:
        rows = self.model._default_manager.filter(**{f"{self.path}__in": list(ids)})
        return list(rows.exclude(**{self.field: ""}).values_list(self.field, flat=True))


OF_SCORES = (
    Stored(Explanation, "sheet", "score_set__run"),
    Stored(PendingExplanation, "sheet", "run"),
)
OF_RUN = (
    *OF_SCORES,
    Stored(Checkpoint, "weights", "run"),
    Stored(Checkpoint, "state", "run"),
)
OF_WEIGHTS = (
    Stored(Weights, "file", "pk"),
    Stored(Checkpoint, "weights", "published"),
    Stored(Checkpoint, "state", "published"),
)
OF_DATASET = (
    Stored(Dataset, "list_file", "pk"),
    Stored(Video, "proxy", "dataset"),
    Stored(Video, "poster", "dataset"),
    Stored(Video, "contact_sheet", "dataset"),
    Stored(ClipPreview, "sheet", "video__dataset"),
    Stored(AnnotationImport, "file", "dataset"),
)


def names_of(fields: Iterable[Stored], ids: Iterable[str]) -> list[str]:
    wanted = list(ids)
    return [name for each in fields for name in each.names(wanted)]


def names_of_features(ids: Iterable[str]) -> list[str]:
    """Of what was extracted for these feature sets and is used by no other."""
    return list(extracted.of_sets(ids).values_list("file", flat=True))


def measured(names: list[str], storage: str = DEFAULT_STORAGE_ALIAS) -> int | None:
    """Bytes in the storage; None where they are too many to ask for, or it does not answer."""
    if len(names) > MOST_MEASURED:
        return None
    try:
        return sum(_size(name, storage) for name in names)
    except Exception:  # whatever a storage may raise: the number is only for people
        logger.warning("the storage does not tell sizes", exc_info=True)
        return None


def _size(name: str, storage: str) -> int:
    try:
        return storages[storage].size(name)
    except FileNotFoundError:
        return 0


def sweep_later(
    names: Iterable[str], *, subject_id: str, storage: str = DEFAULT_STORAGE_ALIAS
) -> None:
    """Inside the transaction that deletes the rows."""
    shared = {"storage": storage, "subject_id": subject_id, "try_at": timezone.now()}
    rows = (FileToSweep(name=name, **shared) for name in names)
    FileToSweep.objects.bulk_create(rows, batch_size=1_000)


def sweep_files() -> int:
    """Remove some of what is due; a storage that fails is left alone until the next pass."""
    n_swept = 0
    while n_swept < FILES_PER_PASS and _sweep_next():
        n_swept += 1
    return n_swept


@transaction.atomic
def _sweep_next() -> bool:
    """False where nothing is due, or the storage has failed. Two at once take different files."""
    due = FileToSweep.objects.filter(try_at__lte=timezone.now()).order_by("try_at", "pk")
    file = due.select_for_update(skip_locked=True).first()
    if file is None:
        return False
    if not is_named(file.name) and not _removed(file):
        return False
    file.delete()
    return True


def _removed(file: FileToSweep) -> bool:
    """Or put off. A file that is not there was removed by a try that died before its end."""
    try:
        storages[file.storage].delete(file.name)
    except Exception as error:  # whatever a storage may raise
        logger.warning("%s could not be removed: %s", file.name, error)
        file.fault = f"{type(error).__name__}: {error}"
        file.try_at = timezone.now() + file.pause
        file.n_tries += 1
        file.save(update_fields=["fault", "try_at", "n_tries"])
        return False
    return True


def is_named(name: str) -> bool:
    """By any row that is left."""
    return any(
        model._default_manager.filter(**{field.name: name}).exists()
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FileField)
    )
