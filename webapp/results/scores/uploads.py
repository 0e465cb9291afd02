"""Runs that were trained elsewhere: their scores come in, video by video or all at once.

What a file says becomes scores of videos here; how they wait and are stored is in `intake`.
Validation videos may have scores too, before the last test video has: all of them or none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from ml.records import BadInput
from ml.scores.files import Layout, ScoreFile, Series, item_of, one_after_another, read, spread
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import fresh, keep
from webapp.datasets.models import Dataset, Part, Split, Video
from webapp.datasets.order import clips_in_order, stated_order
from webapp.results.scores.intake import Placed, Progress, land
from webapp.results.scores.video_names import Named, some
from webapp.runs.checks import LONGEST_NAME, check_unchanged, ground_truth_of
from webapp.runs.models import LARGEST_SEED, SUPERVISION, Run


@transaction.atomic
def create_uploaded_run(
    *,
    team: Team,
    dataset: Dataset,
    split: Split,
    method_title: str,
    name: str = "",
    supervision: str = "",
    features: str = "",
    reference: str = "",
    selection: str = Run.Selection.UNKNOWN,
    seed: int = 0,
    by: User,
) -> Run:
    """A run that waits for scores. Raise UserError, with the field, where it cannot be."""
    require(by, Permission.RUN_SUBMIT, team=team)
    keep(dataset)
    _check_split(team, dataset, split)
    _check_fields(method_title, supervision, selection, seed)
    run = Run.objects.create(
        team=team,
        name=(name.strip() or f"{method_title.strip()} on {dataset.name}")[:LONGEST_NAME],
        kind=Run.Kind.UPLOADED,
        dataset=dataset,
        split=split,
        annotation_set=ground_truth_of(dataset),
        method_title=method_title.strip(),
        supervision=supervision,
        features=features.strip(),
        reference=reference.strip(),
        selection=selection,
        seed=seed,
        dataset_hash=dataset.content_hash,
        created_by=by,
    )
    record(AuditEvent.Act.RUN_UPLOADED, run, team=team, by=by, dataset=dataset.name)
    return run


@transaction.atomic
def store_scores(*, run: Run, video: Video, data: bytes, layout: Layout, by: User) -> Progress:
    """Scores of one test or validation video. The same ones again change nothing."""
    require(by, Permission.RUN_SUBMIT, team=run.team)
    found = _parsed(data)
    series = found.series or _only_of(found, video, run)
    return _store(run, {video: series}, layout, found.notes, by)


@transaction.atomic
def store_score_set(*, run: Run, data: bytes, layout: Layout, by: User) -> Progress:
    """Scores of several videos by name, or of all test videos in one array, one after the other."""
    require(by, Permission.RUN_SUBMIT, team=run.team)
    found = _parsed(data)
    if found.series is not None:
        cut, notes = _cut(found.series, run.split, layout)
        return _store(run, cut, layout, (*found.notes, *notes), by)
    return _store(run, Named(run).all(found.by_video), layout, found.notes, by)


def find_video(run: Run, wanted: str) -> Video:
    """The test or validation video of this id or name; a name need not have its folders."""
    return next(iter(Named(run).all({wanted: None})))


def _only_of(found: ScoreFile, video: Video, run: Run) -> Series:
    """What a file that names its videos has for one; it must be of no other."""
    named = Named(run)
    if [named.find(name) for name in found.by_video] != [video]:
        sentence = _("The file holds the scores of %(names)s, not of %(video)s alone; send a set.")
        words = {"names": some(list(found.by_video)), "video": video}
        raise UserError(sentence % words, code="other_video")
    return next(iter(found.by_video.values()))


def _store(
    run: Run, given: Mapping[Video, Series], layout: Layout, notes: Sequence[str], by: User
) -> Progress:
    held = Run.objects.select_for_update(of=("self",)).select_related("split", "team")
    run = fresh(held, run)
    if run.kind != Run.Kind.UPLOADED:
        sentence = _("%s makes its own scores: only runs that bring scores take some.")
        raise ConflictError(sentence % run, code="not_uploaded")
    placed, spread_notes = _spread(given, layout)
    _check_videos(run, list(given))
    if run.scored_at is None:  # what comes to a complete run changes nothing
        record(AuditEvent.Act.SCORES_BROUGHT, run, team=run.team, by=by, n_videos=len(given))
    reached = land(run=run, given=placed, by=by)
    return replace(reached, notes=[*notes, *spread_notes])


def _check_videos(run: Run, given: list[Video]) -> None:
    named = Named(run)
    expected = {video.pk for video in (*named.tested, *named.held_out)}
    if strangers := [video.name for video in given if video.pk not in expected]:
        sentence = _("No test or validation video of the split %(split)s: %(videos)s")
        raise UserError(
            sentence % {"split": run.split, "videos": some(strangers)}, code="unknown_video"
        )


def _cut(series: Series, split: Split, layout: Layout) -> tuple[dict[Video, Series], Sequence[str]]:
    """One array for all videos: only when there is exactly one score per frame of each."""
    videos = clips_in_order(split, Part.TEST)
    if layout.unit != "frame" or layout.first_frame or layout.missing_at_end:
        raise UserError(
            _("One array for all videos needs one score for each of their frames: name the videos.")
        )
    expected = sum(video.n_frames for video in videos)
    try:
        values, notes = one_after_another(series, layout, expected)
    except BadInput as error:
        sentence = _("The file names no videos, and %(order)s: %(error)s.")
        words = {"order": stated_order(split, videos), "error": error}
        raise UserError(sentence % words, code="wrong_length") from error
    ends = np.cumsum([video.n_frames for video in videos])[:-1]
    parts = np.split(values, ends)
    cut = {v: Series(values=each) for v, each in zip(videos, parts, strict=True)}
    order = _("The file names no videos: %s.") % stated_order(split, videos)
    return cut, [*notes, *([order] if len(videos) > 1 else [])]


def _parsed(data: bytes) -> ScoreFile:
    try:
        return read(data)
    except BadInput as error:
        raise UserError(_("The scores cannot be read: %s.") % error, code="unreadable") from error


def _spread(given: Mapping[Video, Series], layout: Layout) -> tuple[dict[Video, Placed], list[str]]:
    try:
        items = [item_of(v.name, series, layout, v.n_frames) for v, series in given.items()]
        scores, notes = spread(items)
    except BadInput as error:
        raise UserError(f"{error}.", code="does_not_fit") from error
    found = zip(given, scores, items, strict=True)
    return {video: Placed(each, item.layout.rule) for video, each, item in found}, notes


def _check_split(team: Team, dataset: Dataset, split: Split) -> None:
    if dataset.team_id != team.pk:
        raise UserError(_("%s belongs to another team.") % dataset, field="dataset")
    if split.dataset_id != dataset.pk:
        raise UserError(_("%s is not a split of this dataset.") % split, field="split")
    check_unchanged(split)
    if not Video.objects.ready().in_split(split, Part.TEST).exists():
        raise UserError(_("%s has no test videos that scores could be for.") % split, field="split")


def _check_fields(method_title: str, supervision: str, selection: str, seed: int) -> None:
    if not method_title.strip():
        raise UserError(_("Say which method made the scores."), field="method_title")
    if supervision and supervision not in SUPERVISION:
        known = ", ".join(SUPERVISION)
        raise UserError(_("supervision is none of %s") % known, field="supervision")
    if selection not in Run.Selection.values:
        known = ", ".join(Run.Selection.values)
        raise UserError(_("selection is none of %s") % known, field="selection")
    if not 0 <= seed <= LARGEST_SEED:
        raise UserError(_("The seed lies between 0 and %d.") % LARGEST_SEED, field="seed")
