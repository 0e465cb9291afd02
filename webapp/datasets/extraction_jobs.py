"""The jobs that make features here: what each has to do, and when their set is ready."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from ml.data.features.health import Health
from ml.findings import Finding, counted, shortened
from webapp.common.errors import UserError
from webapp.datasets import extracted, extraction, features, recipes
from webapp.datasets.folders import resolve_path
from webapp.datasets.models import FeatureFile, FeatureSet
from webapp.datasets.records import as_record
from webapp.jobs import services as jobs
from webapp.jobs import stages
from webapp.jobs.models import Job


def set_of(job: Job) -> FeatureSet:
    return FeatureSet.objects.select_related("dataset").get(pk=job.subject_id)


def held_set_of(job: Job) -> FeatureSet:
    """No other shard writes what it tells into the set until the end of the transaction."""
    sets = FeatureSet.objects.select_for_update(of=["self"], no_key=True)
    return sets.select_related("dataset").get(pk=job.subject_id)


def work_of(job: Job) -> dict[str, Any]:
    """What the child of `job` is to make, but for its threads. Raise UserError.

    What another set has had made meanwhile is taken over first, and files are removed that jobs
    of this set left behind, untold.
    """
    feature_set = set_of(job)
    with jobs.fenced(job):
        extracted.take_known(feature_set)
    for name in extracted.strays(feature_set):
        extracted.storage.delete(name)
    shard = stages.videos_of(job)
    missing = extracted.to_make(feature_set)
    videos = [video for video in missing if not shard or video.pk in shard]
    recipe = feature_set.recipe
    return {
        **recipes.identity_of(recipe),
        # Once more: since the submission it may have gone or become a link to elsewhere.
        "weights": str(resolve_path(recipe["weights"], field="")) if recipe["weights"] else None,
        "videos": [as_record(video, feature_set.dataset) for video in videos],
        "names": {video.pk: video.name for video in videos},
        "contents": {video.pk: video.sha256 for video in videos},
        "n_done": max(0, len(shard) - len(videos)) if shard else feature_set.files.count(),
        "out_dir": str(extracted.folder_of(job)),
    }


def record_facts(feature_set: FeatureSet, facts: dict[str, Any]) -> None:
    """What the extractor told of itself, as it was made."""
    if feature_set.recipe.get("facts") != facts:
        feature_set.recipe["facts"] = facts
        feature_set.preprocessing = {"description": facts["preprocessing"]}
        feature_set.provenance = facts["provenance"]
        feature_set.save(update_fields=["recipe", "preprocessing", "provenance", "updated_at"])


def finish_shard(job: Job) -> None:
    """All videos of the shard are stored or told of; the last shard makes the set ready.

    Inside the transaction that ends the job.
    """
    held = held_set_of(job)
    if stages.land(job):
        _complete(held)
    else:
        extraction.follow(held.pk)


def _complete(feature_set: FeatureSet) -> None:
    """What the files are like together. From now on the set is ready."""
    files = feature_set.files.select_related("extracted", "video").defer("video__pts_seconds")
    found = list(files.order_by("video__name"))
    made = [file.extracted for file in found if file.extracted]
    if not made:
        sentence = _("Features could be made of none of the videos of %s.") % feature_set.dataset
        raise UserError(f"{sentence} {_first_fault(feature_set)}".strip(), code="no_features")
    health = Health.merged(row.health for row in made)
    _forget_mended(feature_set, found)
    for finding in (*_of_videos(feature_set, found), *health.findings(feature_set.extractor)):
        features.add_to_report(feature_set, finding)
    features.conclude(
        feature_set, n_crops=made[0].n_crops, dimension=made[0].dimension, layout="npy",
        health=health.to_json() | {"rules": _rules(found, feature_set.frames_per_row)},
    )  # fmt: skip


def _first_fault(feature_set: FeatureSet) -> str:
    errors = [each for each in feature_set.report if each["level"] == "error"]
    return f"{errors[0]['subject']}: {errors[0]['text']}" if errors else ""


def _forget_mended(feature_set: FeatureSet, files: Sequence[FeatureFile]) -> None:
    """What failed in one try and went well in a later one is no finding."""
    there = {file.video.name for file in files}
    feature_set.report = [
        each
        for each in feature_set.report
        if each["level"] != "error" or each["subject"] not in there
    ]


def _of_videos(feature_set: FeatureSet, files: Sequence[FeatureFile]) -> Iterator[Finding]:
    there = [file.video_id for file in files]
    missing = feature_set.dataset.videos.ready().exclude(pk__in=there).order_by("name")
    if names := list(missing.values_list("name", flat=True)):
        text = f"no features of {counted(len(names), 'video')}: {shortened(names)}"
        yield Finding(level="warning", subject="videos", text=text)
    length = feature_set.frames_per_row
    if short := [file.video.name for file in files if file.video.n_frames < length]:
        text = (
            f"{counted(len(short), 'video')} shorter than a row of {length} frames, made one by "
            f"repeating the last frame: {shortened(short)}"
        )
        yield Finding(level="warning", subject="short videos", text=text)


def _rules(files: Sequence[FeatureFile], frames_per_row: int) -> dict[str, int]:
    """Of how many videos rows follow from frames by which rule of `ml.data.features.lengths`."""
    n_whole = sum(file.n_rows == file.video.n_frames // frames_per_row for file in files)
    counts = {"whole": n_whole, "padded": len(files) - n_whole}
    return {rule: n for rule, n in counts.items() if n}
