"""Whether a run could come to a good end: asked before anything is stored."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from ml.findings import counted, shortened
from ml.supervision import Supervision
from webapp.accounts.models import Team
from webapp.common.errors import UserError
from webapp.datasets.features import USED_PARTS, without_features
from webapp.datasets.models import (
    AnnotationSet,
    Dataset,
    FeatureSet,
    Part,
    RegionSet,
    Split,
    Video,
    VideoQuerySet,
)
from webapp.jobs.models import Job
from webapp.runs.models import LARGEST_SEED, Method, Run
from webapp.runs.sharding import SCORED

LONGEST_NAME = 160


def check_submission(
    *,
    team: Team,
    dataset: Dataset,
    split: Split,
    method: Method,
    feature_set: FeatureSet | None = None,
    region_set: RegionSet | None = None,
    seed: int,
    name: str = "",
    selection: str,
    queue: str,
    learns: bool = True,
) -> None:
    """Raise UserError, with the field, when a run could not come to a good end.

    One that only scores needs no videos to learn from, nor any to choose a checkpoint on.
    """
    _check_data(team=team, dataset=dataset, split=split, method=method)
    if learns:
        _check_training_videos(dataset, split, method)
    check_features(method, split, feature_set, parts=USED_PARTS if learns else SCORED)
    _check_regions(method, split, region_set)
    _check_answers(seed=seed, name=name, selection=selection, queue=queue)
    if learns and selection == Run.Selection.VALIDATION:
        _check_validation_videos(split, method)
    if learns and selection == Run.Selection.TEST:
        _check_chooses_on_test(method)


def _check_data(*, team: Team, dataset: Dataset, split: Split, method: Method) -> None:
    if dataset.team_id != team.pk:
        raise UserError(_("%s belongs to another team.") % dataset, field="dataset")
    if not dataset.content_hash:
        raise UserError(
            _("%s is not imported yet.") % dataset, code="not_imported", field="dataset"
        )
    if dataset.is_listed and not method.reads_features:
        text = _("The videos of %s are not here, so nothing can be trained on them. Upload scores.")
        raise UserError(text % dataset, code="no_videos_here", field="dataset")
    if split.dataset_id != dataset.pk:
        raise UserError(_("%s is not a split of this dataset.") % split, field="split")
    check_unchanged(split)


def check_unchanged(split: Split) -> None:
    """Raise UserError when the split's videos are not what they were when it was made."""
    retired = Video.objects.filter(status=Video.Status.RETIRED, split_members__split=split)
    if video := retired.order_by("name").first():
        sentence = _("%(video)s of %(split)s has changed since: %(reason)s Use a newer split.")
        raise UserError(
            sentence % {"video": video, "split": split, "reason": video.reason},
            code="data_changed",
            field="split",
        )


def _check_training_videos(dataset: Dataset, split: Split, method: Method) -> None:
    if lacking := _lacking_kind(split, Part.TRAIN, method):
        sentence = _("%(method)s learns from %(needs)s; %(dataset)s has no %(kind)s to train on.")
        words = {"method": method, "needs": _needs(method), "dataset": dataset, "kind": lacking}
        raise UserError(sentence % words, code="no_training_videos", field="split")


def _check_validation_videos(split: Split, method: Method) -> None:
    if lacking := _lacking_kind(split, Part.VALIDATION, method):
        sentence = _("selection: %(split)s has no %(kind)s in validation to choose a checkpoint on")
        raise UserError(sentence % {"split": split, "kind": lacking}, field="selection")


def _check_chooses_on_test(method: Method) -> None:
    """Numbers of other methods were not published so, as a rule: nothing is to be repeated."""
    if method.supervision != Supervision.WEAK:
        sentence = _(
            "selection: %s does not learn from labels of videos, and only such methods choose a "
            "checkpoint on test, to repeat published numbers"
        )
        raise UserError(sentence % method, field="selection")


def _lacking_kind(split: Split, part: Part, method: Method) -> str:
    """The kind of videos that a method needs there in vain; empty where all is there."""
    videos = Video.objects.ready().in_split(split, part)
    if not videos.normal().exists():
        return "" if _has_classes(split, videos, method) else _("normal video")
    is_enough = not method.policy.takes_abnormal or videos.abnormal().exists()
    return "" if is_enough else _("abnormal video")


def _has_classes(split: Split, videos: VideoQuerySet, method: Method) -> bool:
    """Two or more to pre-train on, in a split that has nothing to be judged by."""
    labels = videos.order_by().values_list("label", flat=True).distinct()
    return method.policy.takes_classes and not has_test_videos(split) and len(labels) > 1


def has_test_videos(split: Split) -> bool:
    """Without any, a run ends with its training."""
    return Video.objects.ready().in_split(split, Part.TEST).exists()


def _needs(method: Method) -> str:
    takes_abnormal = method.policy.takes_abnormal
    return _("normal and abnormal videos") if takes_abnormal else _("normal videos")


def check_features(
    method: Method,
    split: Split,
    feature_set: FeatureSet | None,
    *,
    parts: Collection[str] = USED_PARTS,
) -> None:
    """Raise UserError unless the method is given features if, and only if, it reads them."""
    if not method.reads_features:
        if feature_set is not None:
            sentence = _("feature_set: %s reads the videos themselves and takes no features")
            raise UserError(sentence % method, field="feature_set")
        return
    if feature_set is None or feature_set.dataset_id != split.dataset_id:
        sentence = _("feature_set: %(method)s reads features: name a set of %(dataset)s")
        words = {"method": method, "dataset": split.dataset}
        raise UserError(sentence % words, code="no_features", field="feature_set")
    if feature_set.state != "ready":
        sentence = _("feature_set: %s has not been read to a good end")
        raise UserError(sentence % feature_set, code="features_not_ready", field="feature_set")
    _check_all_have_features(split, feature_set, parts)


def _check_all_have_features(split: Split, feature_set: FeatureSet, parts: Collection[str]) -> None:
    missing = list(without_features(feature_set, split, parts).values_list("name", flat=True))
    if missing:
        sentence = _("feature_set: it has no features of %(n)s of %(split)s: %(names)s")
        words = {"n": counted(len(missing), "video"), "split": split, "names": shortened(missing)}
        raise UserError(sentence % words, code="features_missing", field="feature_set")


def _check_regions(method: Method, split: Split, region_set: RegionSet | None) -> None:
    if region_set is None:
        return
    if not method.reads_clips:
        sentence = _("region_set: %s reads no clips and looks at whole pictures")
        raise UserError(sentence % method, field="region_set")
    if region_set.dataset_id != split.dataset_id:
        sentence = _("region_set: %(regions)s are not regions of %(dataset)s")
        words = {"regions": region_set, "dataset": split.dataset}
        raise UserError(sentence % words, field="region_set")


def _check_answers(*, seed: int, name: str, selection: str, queue: str) -> None:
    if not 0 <= seed <= LARGEST_SEED:
        sentence = _("seed: %(seed)s is not between 0 and %(largest)s")
        raise UserError(sentence % {"seed": seed, "largest": LARGEST_SEED}, field="seed")
    if len(name.strip()) > LONGEST_NAME:
        raise UserError(_("name: more than %s characters") % LONGEST_NAME, field="name")
    _check_choice("selection", selection, list(Run.SELECTIONS_HERE))
    _check_choice("queue", queue, ["", *Job.Queue.values])


def _check_choice(field: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        sentence = _("%(field)s: %(value)s is not one of %(choices)s")
        words = {"field": field, "value": value, "choices": ", ".join(filter(None, choices))}
        raise UserError(sentence % words, field=field)


def ground_truth_of(dataset: Dataset) -> AnnotationSet:
    """The newest version. Raise UserError where there is none."""
    newest = dataset.ground_truth
    if newest is None:
        sentence = _("%s has no ground truth, so its scores could not be evaluated.")
        raise UserError(sentence % dataset, field="dataset")
    return newest
