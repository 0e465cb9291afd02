"""What was extracted, once for each content of a video and each way to make features of it.

Sets share it: a video whose features lie there is not decoded again. Rows are held in the order of
their ids wherever they are given to a set or taken away, so that none goes while a set takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from webapp.common.beneath import path_beneath
from webapp.datasets.models import ExtractedFile, FeatureFile, FeatureSet, Video
from webapp.datasets.models.storage import FeaturesStorage
from webapp.datasets.recipes import CONTENT, key_of
from webapp.jobs.models import Job

storage = FeaturesStorage()


def folder_of(job: Job) -> Path:
    """Where `job` may write: nothing else does, so that a job that is given up disturbs none."""
    return Path(storage.path(f"{job.subject_id}/{job.pk}"))


@transaction.atomic
def take_known(feature_set: FeatureSet) -> None:
    """Give the set what lies there already of its videos."""
    lacking = _lacking(feature_set)
    known = {row.key: row for row in _held(feature_set, set(lacking.values()))}
    _give(feature_set, ((video, known[key]) for video, key in lacking.items() if key in known))


def to_make(feature_set: FeatureSet) -> list[Video]:
    """Of each content that the set lacks one video, those of a name before others first."""
    of_key: dict[str, Video] = {}
    for video, key in _lacking(feature_set).items():
        of_key.setdefault(key, video)
    return list(of_key.values())


@transaction.atomic
def keep(feature_set: FeatureSet, event: dict[str, Any], *, job: Job) -> None:
    """Store what `job` has made of one video, for all of the set's videos with its content.

    Where another set has had the same made meanwhile, that stays, and this goes.
    """
    video = Video.objects.without_times().get(pk=event["video_id"])
    name = _name_of(event["path"], job)
    row = _row(feature_set, key_of(feature_set.recipe, video), name, event, job)
    alike = feature_set.dataset.videos.ready().filter(
        **{field: getattr(video, field) for field in CONTENT}
    )
    videos = {each.pk: each for each in [video, *alike.without_times()]}
    _give(feature_set, ((each, row) for each in videos.values()))
    if row.file.name != name:
        transaction.on_commit(partial(storage.delete, name))


def of_sets(ids: Iterable[str]) -> QuerySet[ExtractedFile]:
    """What goes with these sets: no other one uses it."""
    wanted = list(ids)
    used = FeatureFile.objects.filter(extracted=OuterRef("pk"))
    rows = ExtractedFile.objects.filter(Exists(used.filter(feature_set__in=wanted)))
    return rows.exclude(Exists(used.exclude(feature_set__in=wanted)))


def made_with(feature_set: FeatureSet) -> list[dict[str, Any]]:
    """Each code, software and device that made some of it, once."""
    rows = ExtractedFile.objects.filter(uses__feature_set=feature_set)
    found: list[dict[str, Any]] = []
    for provenance in rows.order_by("pk").values_list("made_with", flat=True):
        facts = {key: value for key, value in provenance.items() if key != "worker"}
        if facts not in found:
            found.append(facts)
    return found


def hold(ids: Iterable[str]) -> None:
    """No other set can take what these have until the end of the transaction."""
    rows = ExtractedFile.objects.filter(uses__feature_set__in=list(ids)).order_by("pk")
    list(ExtractedFile.objects.filter(pk__in=rows.values("pk")).order_by("pk").select_for_update())


def strays(feature_set: FeatureSet) -> list[str]:
    """Names of files that no row has, of jobs that have ended: they were killed before they told.

    What jobs that go on have not told yet is theirs.
    """
    jobs = Job.objects.filter(subject_id=feature_set.pk).exclude(status__in=Job.TERMINAL)
    going_on = set(jobs.values_list("pk", flat=True))
    top = Path(storage.path(feature_set.pk))
    found = [path for path in _files_below(top) if path.parent.name not in going_on]
    names = [path.relative_to(storage.location).as_posix() for path in found]
    named = set(ExtractedFile.objects.filter(file__in=names).values_list("file", flat=True))
    return [name for name in names if name not in named]


def _lacking(feature_set: FeatureSet) -> dict[Video, str]:
    """Keys of the videos that have no features in the set, in the order of their names."""
    has = FeatureFile.objects.filter(feature_set=feature_set, video=OuterRef("pk"))
    videos = feature_set.dataset.videos.ready().exclude(Exists(has)).order_by("name")
    return {video: key_of(feature_set.recipe, video) for video in videos.without_times()}


def _held(feature_set: FeatureSet, keys: set[str]) -> list[ExtractedFile]:
    rows = ExtractedFile.objects.filter(team=feature_set.dataset.team_id, key__in=keys)
    return list(rows.order_by("pk").select_for_update(no_key=True))


def _give(feature_set: FeatureSet, given: Iterable[tuple[Video, ExtractedFile]]) -> None:
    """Told twice, it is stored once."""
    FeatureFile.objects.bulk_create(
        [
            FeatureFile(
                feature_set=feature_set, video=video, extracted=row, path=str(row.file.name),
                sha256=row.sha256, n_rows=row.n_rows,
            )
            for video, row in given
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def _row(
    feature_set: FeatureSet, key: str, name: str, event: dict[str, Any], job: Job
) -> ExtractedFile:
    """The one of this key, held; ours unless another was there before."""
    n_crops, dimension = event["shape"]
    ours = ExtractedFile(
        team_id=feature_set.dataset.team_id, key=key, file=name, sha256=event["sha256"],
        n_bytes=storage.size(name), n_rows=event["n_rows"], n_crops=n_crops,
        dimension=dimension, health=event["health"], made_with=job.provenance,
    )  # fmt: skip
    while True:
        ExtractedFile.objects.bulk_create([ours], ignore_conflicts=True)
        if found := _held(feature_set, {key}):
            return found[0]


def _name_of(path: str, job: Job) -> str:
    """Below FEATURES_ROOT. Raise OutsideFolder for what is no file of the job's."""
    found = path_beneath(folder_of(job), path).resolve()
    return found.relative_to(Path(storage.location).resolve()).as_posix()


def _files_below(top: Path) -> Iterator[Path]:
    return (path for path in top.rglob("*") if path.is_file())
