"""Explaining scores on demand: which segments raise them, and where in the frames.

A job does it, for runs whose method reads features or clips here. What it makes is kept beside the
scores under the frames it was made of as its `target`; nothing is explained twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
from webapp.results.models import GRAD_CAM, SEGMENTS, Explanation, ScoreSet
from webapp.runs import stages, training
from webapp.runs.models import Run

KIND = "explain"
TIME_LIMIT_SECONDS = 3600
MOST_PARTS = 12  # of one job
LAYER = re.compile(r"[\w.]{1,120}")  # what modules of networks can be called
Frames = tuple[int, int]  # the first, and the one after the last


@dataclass(frozen=True, kw_only=True)
class Part:
    """Frames of a video, or all of them."""

    video: Video
    frames: Frames | None = None

    @property
    def target(self) -> str:
        """As it is stored: the frames, or nothing for all. Raise UserError for others."""
        if self.frames is None:
            return ""
        first, end = self.frames
        if not 0 <= first < end <= self.video.n_frames:
            values: dict[str, Any] = {"first": first, "end": end, "n": self.video.n_frames}
            sentence = _("Frames %(first)d to %(end)d are no part of a video of %(n)d frames.")
            raise UserError(sentence % values, field="from_frame")
        return "" if (first, end) == (0, self.video.n_frames) else f"{first}-{end}"

    def to_json(self) -> dict[str, Any]:
        return {
            "video": self.video.pk,
            "frames": list(self.frames) if self.frames else None,
            "target": self.target,
        }


def explain(
    *, run: Run, video: Video, frames: Frames | None = None, layer: str = "", by: User
) -> Job:
    """Submit a job that explains the scores of `frames`, or of all, as the layer sees them.

    Without a `layer`, as the network's own choice does. Raise UserError where the run has nothing
    to be explained by, ConflictError where that is explained already or is about to be.
    """
    return explain_parts(run=run, parts=[Part(video=video, frames=frames)], layer=layer, by=by)


@transaction.atomic
def explain_parts(*, run: Run, parts: Sequence[Part], layer: str = "", by: User) -> Job:
    """Submit one job for all of them. Raise as `explain` does."""
    require(by, Permission.RUN_SUBMIT, team=run.team)
    keep(run, *(part.video for part in parts))
    if reason := why_not(run):
        raise UserError(reason, code="not_explainable")
    _check_asked(parts, layer)
    training.checkpoint_to_score(run)
    for part in parts:
        _check_new(run, _scores_of(run, part.video), part, layer)
    spec = {
        "parts": [part.to_json() for part in parts], "layer": layer,
        "score_set": ScoreSet.objects.get(run=run).pk,
    }  # fmt: skip
    job = stages.submit_job(
        run, KIND, queue=jobs.light_queue(), by=by, spec=spec,
        time_limit_seconds=TIME_LIMIT_SECONDS,
    )  # fmt: skip
    for part in parts:
        told = {"video": part.video.name, "frames": part.target, "layer": layer}
        record(AuditEvent.Act.RUN_EXPLAINED, run, team=run.team, by=by, **told)
    return job


def why_not(run: Run) -> str:
    """Why its scores cannot be explained on demand; empty where they can."""
    if run.method is None:
        return _("Scores that were brought in or mixed have no method here to explain them.")
    if run.feature_set_id is None and not run.method.reads_clips:
        return _(
            "%s reads frames: where its errors lie in the picture is kept when it scores, as the "
            "heat map shows."
        ) % run.method.title  # fmt: skip
    return ""


def last_job(run: Run) -> Job | None:
    """The newest that explains its scores, unless that succeeded: then what it made is there."""
    job = Job.objects.filter(kind=KIND, subject_id=run.pk).order_by("-id").first()
    return None if job is None or job.status == Job.Status.SUCCEEDED else job


def new_parts(run: Run, parts: Sequence[Part]) -> list[Part]:
    """Those that are neither explained, by the layer unless told, nor about to be."""
    videos = {part.video.pk for part in parts}
    there = Explanation.objects.filter(
        score_set__run=run, video__in=videos, kind=_kind(run), layer=""
    ).values_list("video", "target")
    going_on = Job.objects.filter(kind=KIND, subject_id=run.pk, spec__layer="", finished_at=None)
    asked = [each for spec in going_on.values_list("spec", flat=True) for each in spec["parts"]]
    done = {*there, *((each["video"], each["target"]) for each in asked)}
    return [part for part in parts if (part.video.pk, part.target) not in done]


def check_scores(job: Job, run: Run) -> None:
    """Raise UserError where the scores that were to be explained are gone."""
    if not ScoreSet.objects.filter(pk=job.spec["score_set"], run=run).exists():
        raise UserError(_("The scores of %s that were to be explained are gone.") % run)


def jobs_on(video: Video, run_ids: list[str]) -> JobQuerySet:
    """Those that explain scores of these runs on the video, the newest first."""
    found = Job.objects.filter(
        kind=KIND, subject_id__in=run_ids, spec__parts__contains=[{"video": video.pk}]
    )
    return found.order_by("-id")


def _check_asked(parts: Sequence[Part], layer: str) -> None:
    if layer and not LAYER.fullmatch(layer):
        sentence = _("“%s” is no name of a layer: such as backbone.layer3 is expected.")
        raise UserError(sentence % layer[:120], field="layer")
    if not 1 <= len(parts) <= MOST_PARTS:
        sentence = _("A job explains 1 to %(most)d parts of videos, and these are %(n)d.")
        raise UserError(sentence % {"most": MOST_PARTS, "n": len(parts)})


def _scores_of(run: Run, video: Video) -> ScoreSet:
    score_set = ScoreSet.objects.filter(run=run, videos__video=video).first()
    if score_set is None:
        sentence = _("%(run)s has no scores of %(video)s.")
        raise UserError(sentence % {"run": run, "video": video.name}, code="no_scores")
    return score_set


def _kind(run: Run, layer: str = "") -> str:
    """Of what a job makes in any case. Segments do not depend on a layer: by one, maps are new."""
    return GRAD_CAM if layer or run.feature_set_id is None else SEGMENTS


def _check_new(run: Run, score_set: ScoreSet, part: Part, layer: str) -> None:
    named = {"run": run, "video": part.video.name}
    there = Explanation.objects.filter(
        score_set=score_set, video=part.video, kind=_kind(run, layer), target=part.target,
        layer=layer,
    )  # fmt: skip
    if there.exists():
        sentence = _("These frames of %(video)s are explained for %(run)s already.")
        raise ConflictError(sentence % named, code="already_explained")
    alike = [{"video": part.video.pk, "target": part.target}]
    going_on = jobs_on(part.video, [run.pk]).filter(
        spec__parts__contains=alike, spec__layer=layer, finished_at=None
    )
    if going_on.exists():
        sentence = _("These frames of %(video)s are being explained for %(run)s.")
        raise ConflictError(sentence % named, code="being_explained")
