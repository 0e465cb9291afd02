"""Explaining scores on demand: which segments raise them, and where in the frames.

A job does it, for runs whose method reads features here. What it makes is kept beside the scores
under the frames it was made of as its `target`; nothing is explained twice.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import keep
from webapp.datasets.models import Video
from webapp.jobs import services as jobs
from webapp.jobs.models import Job, JobQuerySet
from webapp.results.models import SEGMENTS, Explanation, ScoreSet
from webapp.runs import stages, training
from webapp.runs.models import Run

KIND = "explain"
TIME_LIMIT_SECONDS = 3600
Frames = tuple[int, int]  # the first, and the one after the last


@transaction.atomic
def explain(*, run: Run, video: Video, frames: Frames | None = None, by: User) -> Job:
    """Submit a job that explains the scores of `frames`, or of all.

    Raise UserError where the run has nothing to be explained by, ConflictError where these frames
    are explained already or are about to be.
    """
    require(by, Permission.RUN_SUBMIT, team=run.team)
    keep(run, video)
    if reason := why_not(run):
        raise UserError(reason, code="not_explainable")
    training.checkpoint_to_score(run)
    score_set = ScoreSet.objects.filter(run=run, videos__video=video).first()
    if score_set is None:
        sentence = _("%(run)s has no scores of %(video)s.")
        raise UserError(sentence % {"run": run, "video": video.name}, code="no_scores")
    target = _target(frames, video)
    _check_new(run, video, score_set, target)
    spec = {
        "video": video.pk, "frames": frames and list(frames), "target": target,
        "score_set": score_set.pk,
    }  # fmt: skip
    job = stages.submit_job(
        run, KIND, queue=jobs.light_queue(), by=by, spec=spec,
        time_limit_seconds=TIME_LIMIT_SECONDS,
    )  # fmt: skip
    record(AuditEvent.Act.RUN_EXPLAINED, run, team=run.team, by=by, video=video.name, frames=target)
    return job


def why_not(run: Run) -> str:
    """Why its scores cannot be explained by segments; empty where they can."""
    if run.method is None:
        return _("Scores that were brought in or mixed have no method here to explain them.")
    if run.method.reads_clips:
        return _("%s looks at clips, and scores of clips are not explained yet.") % run.method.title
    if run.feature_set_id is None:
        return _(
            "%s reads frames: where its errors lie in the picture is kept when it scores, as the "
            "heat map shows."
        ) % run.method.title  # fmt: skip
    return ""


def check_scores(job: Job, run: Run) -> None:
    """Raise UserError where the scores that were to be explained are gone."""
    if not ScoreSet.objects.filter(pk=job.spec["score_set"], run=run).exists():
        raise UserError(_("The scores of %s that were to be explained are gone.") % run)


def jobs_on(video: Video, run_ids: list[str]) -> JobQuerySet:
    """Those that explain scores of these runs on the video, the newest first."""
    found = Job.objects.filter(kind=KIND, subject_id__in=run_ids, spec__video=video.pk)
    return found.order_by("-id")


def _check_new(run: Run, video: Video, score_set: ScoreSet, target: str) -> None:
    named = {"run": run, "video": video.name}
    there = Explanation.objects.filter(
        score_set=score_set, video=video, kind=SEGMENTS, target=target
    )
    if there.exists():
        sentence = _("These frames of %(video)s are explained for %(run)s already.")
        raise ConflictError(sentence % named, code="already_explained")
    going_on = jobs_on(video, [run.pk]).filter(spec__target=target, finished_at=None)
    if going_on.exists():
        sentence = _("These frames of %(video)s are being explained for %(run)s.")
        raise ConflictError(sentence % named, code="being_explained")


def _target(frames: Frames | None, video: Video) -> str:
    """As it is stored: the frames, or nothing for all of them."""
    if frames is None:
        return ""
    first, end = frames
    if not 0 <= first < end <= video.n_frames:
        values: dict[str, Any] = {"first": first, "end": end, "n": video.n_frames}
        sentence = _("Frames %(first)d to %(end)d are no part of a video of %(n)d frames.")
        raise UserError(sentence % values, field="from_frame")
    return "" if (first, end) == (0, video.n_frames) else f"{first}-{end}"
