"""Makes features here: a stage of jobs, each of which works on a shard of a dataset's videos.

What is made of a video is stored at once, so that a worker that is killed loses one video at most,
and no more than that is ever computed twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import fresh
from webapp.datasets import extracted, features, recipes, survey
from webapp.datasets.models import Dataset, Extractor, FeatureSet
from webapp.datasets.versions import next_version
from webapp.jobs import services as jobs
from webapp.jobs import stages
from webapp.jobs.models import Job
from webapp.jobs.sharding import cut

KIND = "extract"
TIME_LIMIT_SECONDS = 7 * 86_400


@transaction.atomic
def extract(
    *,
    dataset: Dataset,
    name: str,
    extractor: Extractor,
    options: Mapping[str, Any] | None = None,
    weights: str = "",
    frames_per_row: int = 16,
    remainder: str = "drop",
    queue: str = "",
    by: User,
) -> FeatureSet:
    """Submit the making of features of all of a dataset's videos. Raise UserError.

    `weights` is a path below a data root, for an extractor that takes some.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    features.check_name(name)
    _check_videos(dataset)
    recipe = recipes.write(
        extractor, options=options or {}, weights=weights, frames_per_row=frames_per_row,
        remainder=remainder,
    )  # fmt: skip
    version = next_version(dataset, dataset.feature_sets, name.strip())  # holds the dataset
    _check_not_going_on(dataset, recipe)
    feature_set = FeatureSet.objects.create(
        dataset=dataset,
        name=survey.storable(name.strip()),
        version=version,
        recipe=recipe,
        extractor=extractor.title,
        weights_sha256=recipe["weights_sha256"],
        preprocessing={"description": extractor.preprocessing},
        frames_per_row=frames_per_row,
        created_by=by,
    )
    _begin(feature_set, queue=queue or _queue_for(extractor, recipe), by=by)
    record(
        AuditEvent.Act.FEATURE_SET_EXTRACTED, feature_set, team=dataset.team, by=by,
        dataset=dataset.name, extractor=extractor.title,
    )  # fmt: skip
    return feature_set


@transaction.atomic
def resume(*, feature_set: FeatureSet, by: User) -> Job:
    """Go on after a bad end with what is missing. Raise ConflictError where there was none."""
    require(by, Permission.DATASET_IMPORT, team=feature_set.dataset.team)
    held = fresh(FeatureSet.objects.select_for_update(of=["self"]), feature_set)
    if not held.is_made_here:
        sentence = _("%s was made elsewhere: its folder can be read again.") % held
        raise ConflictError(sentence, code="made_elsewhere")
    if held.state != "failed":
        text = _("%(features)s is %(state)s: there is nothing to resume.")
        values = {"features": held, "state": held.state}
        raise ConflictError(text % values, code="not_failed")
    for old in stages.open_jobs(held, KIND):
        new = _submit(held, queue=old.queue, by=by, retry_of=old, spec=old.spec)
        job_replaced(old=old, new=new)
    held.refresh_from_db(fields=["job"])
    assert held.job is not None, "features that are not ready have a job"
    record(AuditEvent.Act.FEATURE_SET_RESUMED, held, team=held.dataset.team, by=by)
    return held.job


def cancel(*, feature_set: FeatureSet, by: User) -> None:
    """End all its jobs; what is stored stays, for a resume. Raise ConflictError without any.

    The set is not locked: a worker that ends its job holds that and then needs the set.
    """
    team = feature_set.dataset.team
    require(by, Permission.RUN_CANCEL, team=team)
    with transaction.atomic():
        if not stages.cancel_all(feature_set.pk, by=by):
            sentence = _("No work on %s goes on: there is nothing to cancel.")
            raise ConflictError(sentence % feature_set, code="job_ended")
        record(AuditEvent.Act.FEATURE_SET_CANCELLED, feature_set, team=team, by=by)
    follow(feature_set.pk)


def job_replaced(*, old: Job, new: Job) -> None:
    """The work of `old` is done again by `new`."""
    stages.replace(old=old, new=new)
    FeatureSet.objects.filter(job=old).update(job=new)


@transaction.atomic
def follow(feature_set_id: str) -> None:
    """Give the set the job that now leads its stage."""
    held = FeatureSet.objects.select_for_update(no_key=True).get(pk=feature_set_id)
    if job := stages.leading_job(feature_set_id, KIND):
        FeatureSet.objects.filter(pk=held.pk).update(job=job)


# For the housekeeper.
end_broken_stages = partial(stages.end_broken_stages, (KIND,), follow=follow)


def _begin(feature_set: FeatureSet, *, queue: str, by: User) -> None:
    extracted.take_known(feature_set)
    lengths = {video.pk: video.n_frames for video in extracted.to_make(feature_set)}
    feature_set.job = stages.begin(
        cut(lengths, n_slots=jobs.n_long_slots(queue)),
        lambda spec: _submit(feature_set, queue=queue, by=by, spec=spec),
    )
    feature_set.save(update_fields=["job"])


def _submit(feature_set: FeatureSet, *, queue: str, by: User, **values: Any) -> Job:
    return jobs.submit(
        team=feature_set.dataset.team,
        kind=KIND,
        subject_id=feature_set.pk,
        title=f"Make the features {feature_set} of {feature_set.dataset.name}",
        queue=queue,
        by=by,
        time_limit_seconds=TIME_LIMIT_SECONDS,
        **values,
    )


def _queue_for(extractor: Extractor, recipe: recipes.Recipe) -> str:
    """What has no network computes on the CPU, wherever it runs."""
    has_network = extractor.takes_weights or recipe["weights_sha256"]
    return jobs.default_queue() if has_network else jobs.light_queue()


def _check_videos(dataset: Dataset) -> None:
    if dataset.is_listed:
        sentence = _("The videos of %s are not here: register features that were made of them.")
        raise UserError(sentence % dataset, code="no_videos_here", field="dataset")
    features.check_has_videos(dataset)


def _check_not_going_on(dataset: Dataset, recipe: recipes.Recipe) -> None:
    """Two sets at once would both decode what neither has yet."""
    unfinished = dataset.feature_sets.filter(content_hash="").exclude(recipe={})
    for other in unfinished.select_related("job"):
        is_same = recipes.identity_of(other.recipe) == recipes.identity_of(recipe)
        if is_same and other.state == "reading":
            sentence = _("The same features are being made already: %s.") % other
            raise ConflictError(sentence, code="being_made")
