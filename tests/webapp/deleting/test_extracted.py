"""Features that were made here, deleted: what other sets use, or have just taken, stays."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from tests.factories.datasets import DatasetFactory, FeatureSetFactory, VideoFactory
from tests.race import wait_until_it_waits_or_ends
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.datasets import extracted
from webapp.datasets.models import Dataset, ExtractedFile, FeatureSet
from webapp.datasets.recipes import key_of
from webapp.deleting import contents, services
from webapp.deleting.holds import HeldError
from webapp.jobs import stages
from webapp.jobs.models import Job, Stage
from webapp.jobs.services import submit
from workers.housekeeping import Housekeeper

RECIPE = {"extractor": "flow", "version": 1, "options": {}, "weights": "", "weights_sha256": "",
          "frames_per_row": 16, "remainder": "drop"}  # fmt: skip


def made(dataset: Dataset) -> FeatureSet:
    """A set with all that lies there, and the rest made by its job, which has ended."""
    feature_set = FeatureSetFactory.create(dataset=dataset, folder="", recipe=RECIPE, name="flow")
    extracted.take_known(feature_set)
    job = stages.begin(
        [[]],
        lambda spec: submit(
            team=dataset.team, kind="extract", subject_id=feature_set.pk, title="", queue="cpu",
            spec=spec, by=None,
        ),
    )  # fmt: skip
    for video in extracted.to_make(feature_set):
        path = extracted.folder_of(job) / f"{video.pk}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(video.pk.encode())
        event = {"video_id": video.pk, "path": str(path), "sha256": "a" * 64, "n_rows": 1,
                 "shape": [1, 400], "health": {}}  # fmt: skip
        extracted.keep(feature_set, event, job=job)
    (extracted.folder_of(job) / ".stray.npy.7").parent.mkdir(parents=True, exist_ok=True)
    (extracted.folder_of(job) / ".stray.npy.7").write_bytes(b"half")
    Job.objects.filter(pk=job.pk).update(status="succeeded", finished_at=job.created_at)
    return feature_set


@pytest.fixture
def sets(team: Team) -> tuple[FeatureSet, FeatureSet]:
    """The second has a video more, of the content that the first has, and one that it has not."""
    first, second = (DatasetFactory.create(team=team) for _ in range(2))
    for name in "ab":
        VideoFactory.create(dataset=first, name=name, sha256=name * 64)
    for name in "bc":
        VideoFactory.create(dataset=second, name=name, sha256=name * 64)
    return made(first), made(second)


def files_left() -> list[Path]:
    top = Path(extracted.storage.location)
    return sorted(path for path in top.rglob("*") if path.is_file())


def test_what_another_set_uses_stays(sets: tuple[FeatureSet, FeatureSet], maria: User) -> None:
    first, second = sets
    assert ExtractedFile.objects.count() == 3
    hangs = contents.of_feature_set(first)
    assert (hangs.n_files, hangs.n_bytes) == (1, len(first.files.all()[0].video_id))
    assert hangs.consequences == ["1 file that another set uses, too, stays."]
    assert hangs.counts == {"feature_files": 2, "jobs": 1}

    services.delete_feature_set(feature_set=first, by=maria)
    Housekeeper().make_pass()

    assert ExtractedFile.objects.count() == 2
    assert len(files_left()) == 3  # with the stray one of the second
    assert all(path.exists() for path in map(_path, second.files.all()))
    assert Stage.objects.count() == Job.objects.count() == 1
    assert AuditEvent.objects.get().details["n_files"] == 1
    assert contents.of_feature_set(second).consequences == [
        "No other set uses its files: they go with it."
    ]
    services.delete_feature_set(feature_set=second, by=maria)
    Housekeeper().make_pass()
    assert files_left() == []
    assert not ExtractedFile.objects.exists()


def _path(file: Any) -> Path:
    return Path(extracted.storage.path(file.path))


def test_they_go_with_their_dataset(sets: tuple[FeatureSet, FeatureSet], maria: User) -> None:
    first, second = sets
    assert contents.of_dataset(first.dataset).n_files == 1

    services.delete_dataset(dataset=first.dataset, by=maria)
    services.delete_dataset(dataset=second.dataset, by=maria)
    Housekeeper().make_pass()

    assert files_left() == []
    assert not ExtractedFile.objects.exists()
    assert not Job.objects.exists()


def test_work_that_goes_on_holds_the_set(sets: tuple[FeatureSet, FeatureSet], maria: User) -> None:
    first, _second = sets
    Job.objects.filter(subject_id=first.pk).update(status="running", finished_at=None)

    with pytest.raises(HeldError, match="Work for it has not ended"):
        services.delete_feature_set(feature_set=first, by=maria)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_deleted_first", [False, True])
def test_nobody_loses_what_he_has_just_taken(
    team: Team, maria: User, is_deleted_first: bool
) -> None:
    dataset = DatasetFactory.create(team=team)
    video = VideoFactory.create(dataset=dataset)
    going = made(dataset)
    taker = FeatureSetFactory.create(dataset=dataset, folder="", recipe=RECIPE, name="other")
    acts = [
        lambda: extracted.take_known(taker),
        lambda: services.delete_feature_set(feature_set=going, by=maria),
    ]
    first, second = reversed(acts) if is_deleted_first else acts

    def afterwards() -> None:
        try:
            second()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            first()
            work = pool.submit(afterwards)
            wait_until_it_waits_or_ends(work)
        work.result()
    Housekeeper().make_pass()

    taken = list(taker.files.all())
    assert len(taken) == (0 if is_deleted_first else 1)
    assert len(files_left()) == len(taken)
    assert ExtractedFile.objects.filter(key=key_of(RECIPE, video)).count() == len(taken)
