"""Files go after the rows that named them, also where the storage fails first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from webapp.accounts.models import User
from webapp.datasets.models import Dataset
from webapp.deleting import files, services
from webapp.deleting.models import LONGEST_PAUSE, FileToSweep
from webapp.runs.models import Checkpoint, Run
from workers.housekeeping import Housekeeper


@pytest.fixture
def name(db: None) -> str:
    return default_storage.save("runs/gone/weights", ContentFile(b"weights"))


def test_the_files_of_a_deleted_run_are_there_until_the_housekeeper_comes(
    run: Run, maria: User
) -> None:
    names = files.names_of(files.OF_RUN, [run.pk])
    services.delete_run(run=run, by=maria)
    assert all(map(default_storage.exists, names))

    Housekeeper().make_pass()

    assert len(names) == 4
    assert not any(map(default_storage.exists, names))
    assert not FileToSweep.objects.exists()


def test_a_storage_that_fails_is_tried_again_later(
    name: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    files.sweep_later([name], subject_id="run_gone")
    with monkeypatch.context() as outage:
        outage.setattr(FileSystemStorage, "delete", broken)
        assert files.sweep_files() == 0

    row = FileToSweep.objects.get()
    assert (row.n_tries, row.fault) == (1, "OSError: the storage is away")
    assert row.try_at > timezone.now()
    assert "the storage is away" in caplog.text
    assert files.sweep_files() == 0  # its time has not come
    FileToSweep.objects.update(try_at=timezone.now())
    assert files.sweep_files() == 1
    assert not default_storage.exists(name)


def broken(*_args: Any) -> None:
    raise OSError("the storage is away")


def test_one_file_that_cannot_be_removed_holds_up_no_other(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.sweep_later(["stuck", name], subject_id="run_gone")
    remove = FileSystemStorage.delete
    monkeypatch.setattr(
        FileSystemStorage,
        "delete",
        lambda self, wanted: broken() if wanted == "stuck" else remove(self, wanted),
    )

    files.sweep_files()
    files.sweep_files()

    assert [row.name for row in FileToSweep.objects.all()] == ["stuck"]
    assert not default_storage.exists(name)


def test_a_file_that_was_removed_before_a_crash_is_no_fault(db: None) -> None:
    files.sweep_later(["runs/gone/weights"], subject_id="run_gone")

    assert files.sweep_files() == 1
    assert not FileToSweep.objects.exists()


def test_a_file_that_another_row_names_stays(run: Run) -> None:
    weights = Checkpoint.objects.get().weights.name
    files.sweep_later([weights], subject_id="run_gone")

    files.sweep_files()

    assert default_storage.exists(weights)
    assert not FileToSweep.objects.exists()


def test_a_pass_takes_some_of_many(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "FILES_PER_PASS", 3)
    files.sweep_later(map(str, range(5)), subject_id="run_gone")

    assert [files.sweep_files(), files.sweep_files(), files.sweep_files()] == [3, 2, 0]


def test_pauses_grow_to_a_limit() -> None:
    pauses = [FileToSweep(n_tries=n).pause for n in (0, 1, 2, 100)]

    assert pauses == [timedelta(seconds=s) for s in (30, 60, 120)] + [LONGEST_PAUSE]


def test_sizes_are_told_unless_the_storage_fails(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = files.names_of(files.OF_DATASET, [dataset.pk])
    assert files.measured([*names, "gone"]) == 6 * len(b"picture") + len(b"gate 4gate,1,2")

    monkeypatch.setattr(FileSystemStorage, "size", broken)
    assert files.measured(names) is None
    monkeypatch.setattr(files, "MOST_MEASURED", 3)
    assert files.measured(names) is None
