"""Runs that were trained elsewhere: their scores come in, video by video or all at once.

Scores wait until those of every test video are there. Then, in one transaction, they become
the run's score set and are evaluated. Nothing is ever half stored. Validation videos may have
scores too, before the last test video has: all of them or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from ml.records import BadInput, Scores, natural_key
from ml.score_files import Layout, ScoreFile, Values, read, spread
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Dataset, Part, Split, Video
from webapp.results.models import PendingScores, ValidationScores, VideoScores
from webapp.results.services import evaluate_all, save_scores
from webapp.runs.models import LARGEST_SEED, SUPERVISION, Run
from webapp.runs.services import LONGEST_NAME, check_unchanged, ground_truth_of

MAX_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far an upload is. `missing` are names of videos that need scores and have none."""

    run: Run
    missing: list[str]

    @property
    def is_complete(self) -> bool:
        return not self.missing


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
    _check_split(team, dataset, split)
    _check_said(method_title, supervision, selection, seed)
    return Run.objects.create(
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


@transaction.atomic
def store_scores(*, run: Run, video: Video, data: bytes, layout: Layout, by: User) -> Progress:
    """Scores of one test or validation video. The same ones again change nothing."""
    require(by, Permission.RUN_SUBMIT, team=run.team)
    values = _parsed(data).values
    if values is None:
        raise UserError(_("The file holds the scores of several videos; send them as a set."))
    return _store(run, {video: values}, layout)


@transaction.atomic
def store_score_set(*, run: Run, data: bytes, layout: Layout, by: User) -> Progress:
    """Scores of several videos by name, or of all test videos in one array, one after the other."""
    require(by, Permission.RUN_SUBMIT, team=run.team)
    found = _parsed(data)
    if found.values is not None:
        return _store(run, _cut(found.values, test_videos(run), layout), layout)
    return _store(run, _by_video(found.by_video, run), layout)


def test_videos(run: Run) -> list[Video]:
    """Those that need scores, by name, clip 2 before clip 10."""
    return _videos_of(run, Part.TEST)


def find_video(run: Run, wanted: str) -> Video:
    """The test or validation video of this id or name; a name need not have its folders."""
    known = [*test_videos(run), *_videos_of(run, Part.VALIDATION)]
    by_id = {video.pk: video for video in known}
    return by_id.get(wanted) or next(iter(_by_video({wanted: np.zeros(0)}, run)))


def progress(run: Run) -> Progress:
    """Validation videos count as soon as one of them has scores."""
    if run.scored_at is not None:
        return Progress(run=run, missing=[])
    there = set(run.pending_scores.values_list("video_id", flat=True))
    held_out = _videos_of(run, Part.VALIDATION)
    if all(video.pk not in there for video in held_out):
        held_out = []
    needed = [*test_videos(run), *held_out]
    return Progress(run=run, missing=[video.name for video in needed if video.pk not in there])


def _videos_of(run: Run, part: Part) -> list[Video]:
    videos = Video.objects.ready().in_split(run.split, part).without_times()
    return sorted(videos, key=lambda video: natural_key(video.name))


def _store(run: Run, given: Mapping[Video, Values], layout: Layout) -> Progress:
    run = Run.objects.select_for_update(of=("self",)).select_related("split", "team").get(pk=run.pk)
    if run.kind != Run.Kind.UPLOADED:
        sentence = _("%s makes its own scores: only runs that bring scores take some.")
        raise ConflictError(sentence % run, code="not_uploaded")
    spread_out = {video: _spread(video, values, layout) for video, values in given.items()}
    _check_videos(run, list(given))
    if run.scored_at is not None:
        return _check_same(run, spread_out)
    for video, scores in spread_out.items():
        PendingScores.objects.update_or_create(
            run=run, video=video, defaults=_row(scores, layout.rule)
        )
    reached = progress(run)
    return _complete(run) if reached.is_complete else reached


def _row(scores: Scores, rule: str) -> dict[str, object]:
    return {
        "values": scores.to_bytes(),
        "first_frame": scores.first_frame,
        "frames_per_value": scores.frames_per_value,
        "rule": rule,
    }


def _complete(run: Run) -> Progress:
    pending = list(run.pending_scores.all())
    rules = sorted({row.rule for row in pending})
    scores = {row.video_id: row.scores for row in pending}
    held_out = {video.pk for video in _videos_of(run, Part.VALIDATION)}
    score_set = save_scores(
        run=run,
        job=None,
        scores={pk: each for pk, each in scores.items() if pk not in held_out},
        validation={pk: each for pk, each in scores.items() if pk in held_out} or None,
        rule=" ".join(rules),
    )
    run.pending_scores.all().delete()
    evaluate_all(score_set)
    return Progress(run=Run.objects.for_list().get(pk=run.pk), missing=[])


def _check_same(run: Run, given: Mapping[Video, Scores]) -> Progress:
    wanted = {"score_set__run": run, "video__in": list(given)}
    stored = {row.video_id: row.scores for row in VideoScores.objects.filter(**wanted)}
    stored |= {row.video_id: row.scores for row in ValidationScores.objects.filter(**wanted)}
    for video, scores in given.items():
        if video.pk not in stored:
            sentence = _(
                "%(run)s is complete, and its thresholds are chosen. Scores of validation videos "
                "come before those of the last test video. Make a new run."
            )
            raise ConflictError(sentence % {"run": run}, code="scores_complete")
        known = stored[video.pk]
        if (known.to_bytes(), known.first_frame, known.frames_per_value) != (
            scores.to_bytes(),
            scores.first_frame,
            scores.frames_per_value,
        ):
            sentence = _("%(run)s is complete, with other scores for %(video)s. Make a new run.")
            raise ConflictError(sentence % {"run": run, "video": video}, code="scores_complete")
    return Progress(run=run, missing=[])


def _check_videos(run: Run, given: list[Video]) -> None:
    known = [*test_videos(run), *_videos_of(run, Part.VALIDATION)]
    expected = {video.pk for video in known}
    if strangers := [video.name for video in given if video.pk not in expected]:
        sentence = _("No test or validation video of the split %(split)s: %(videos)s")
        raise UserError(
            sentence % {"split": run.split, "videos": _some(strangers)}, code="unknown_video"
        )


def _by_video(given: Mapping[str, Values], run: Run) -> dict[Video, Values]:
    """Names with or without folders, as long as only one test or one validation video fits."""
    parts = [_Names(_videos_of(run, part)) for part in (Part.TEST, Part.VALIDATION)]
    candidates = {name: _meant(name, parts) for name in given}
    unknown = [name for name, videos in candidates.items() if len(videos) != 1]
    if unknown:
        words = {"n": len(unknown), "names": _some(unknown), "known": _some(sorted(parts[0].whole))}
        sentence = _("%(n)d names are no test video: %(names)s. The test videos are: %(known)s")
        raise UserError(sentence % words, code="unknown_video")
    found = {candidates[name][0]: values for name, values in given.items()}
    if len(found) != len(given):
        raise UserError(_("Several arrays are named after the same video."), code="twice")
    return found


class _Names:
    """Videos by what people call them: by name, and by name without folders."""

    def __init__(self, videos: list[Video]) -> None:
        self.whole = {video.name: [video] for video in videos}
        self.stems: dict[str, list[Video]] = {}
        for video in videos:
            self.stems.setdefault(_stem(video.name), []).append(video)


def _meant(name: str, parts: list[_Names]) -> list[Video]:
    """A whole name goes before one without folders, a test video before one for validation."""
    by_name = [part.whole.get(name, []) for part in parts]
    by_stem = [part.stems.get(_stem(name), []) for part in parts]
    return next((videos for videos in by_name + by_stem if videos), [])


def _stem(name: str) -> str:
    return name.rpartition("/")[2]


def _cut(values: Values, videos: list[Video], layout: Layout) -> dict[Video, Values]:
    """One array for all videos: only when there is exactly one score per frame of each."""
    expected = sum(video.n_frames for video in videos)
    if layout != Layout():
        raise UserError(_("One array for all videos needs one score for each of their frames."))
    if len(values) != expected:
        sentence = _(
            "%(given)d scores where %(expected)d are expected, the frames of the %(n)d test "
            "videos in the order of their names. Nothing is cut off or filled up."
        )
        words = {"given": len(values), "expected": expected, "n": len(videos)}
        raise UserError(sentence % words, code="wrong_length")
    found, start = {}, 0
    for video in videos:
        found[video] = values[start : start + video.n_frames]
        start += video.n_frames
    return found


def _parsed(data: bytes) -> ScoreFile:
    try:
        return read(data)
    except BadInput as error:
        raise UserError(_("The scores cannot be read: %s.") % error, code="unreadable") from error


def _spread(video: Video, values: Values, layout: Layout) -> Scores:
    try:
        return spread(values, layout, video.n_frames)
    except BadInput as error:
        raise UserError(f"{video.name}: {error}.", code="does_not_fit") from error


def _check_split(team: Team, dataset: Dataset, split: Split) -> None:
    if dataset.team_id != team.pk:
        raise UserError(_("%s belongs to another team.") % dataset, field="dataset")
    if split.dataset_id != dataset.pk:
        raise UserError(_("%s is not a split of this dataset.") % split, field="split")
    check_unchanged(split)
    if not Video.objects.ready().in_split(split, Part.TEST).exists():
        raise UserError(_("%s has no test videos that scores could be for.") % split, field="split")


def _check_said(method_title: str, supervision: str, selection: str, seed: int) -> None:
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


def _some(names: list[str]) -> str:
    rest = len(names) - MAX_SHOWN
    return ", ".join(names[:MAX_SHOWN]) + (f" … +{rest}" if rest > 0 else "")
