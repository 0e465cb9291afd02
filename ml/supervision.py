"""What a training may know of its videos, and what must be among them: a table by supervision.

Site, command line and methods all go by this table. A training is handed `TrainingData`, which
holds no more ground truth than its row allows; scoring is handed none at all. Test videos and
their truth are let in for one purpose alone, and only where somebody asks for it: to choose the
checkpoint that is best on test, as many published numbers were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from ml.normal import ABNORMAL, NORMAL, is_normal
from ml.records import BadInput, Manifest, VideoRecord


class Supervision(StrEnum):
    """What a method must be told about its training videos."""

    ONE_CLASS = "one-class"  # nothing: all of them are normal
    WEAK = "weak"  # normal or abnormal, per video
    FULL = "full"  # which clips or frames are abnormal


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What methods of one supervision may know of training and validation videos.

    Those that take abnormal videos need both kinds: to train, and to choose a checkpoint by
    validation. Where they are not taken, neither labels nor intervals are told.
    """

    takes_abnormal: bool
    knows_labels: bool
    knows_intervals: bool
    takes_classes: bool = False  # two or more, none of them normal, are enough to pre-train on

    @property
    def needs(self) -> str:
        """What it learns from, as the end of a sentence."""
        return "normal and abnormal videos" if self.takes_abnormal else "normal videos only"

    def is_enough(self, *, has_normal: bool, has_abnormal: bool, n_classes: int = 0) -> bool:
        """Whether something can be learnt from, or chosen by, videos of these kinds.

        `n_classes` are those of abnormal videos.
        """
        if self.takes_classes and not has_normal and n_classes > 1:
            return True
        return has_normal and (has_abnormal or not self.takes_abnormal)


POLICIES: Mapping[Supervision, Policy] = {
    Supervision.ONE_CLASS: Policy(takes_abnormal=False, knows_labels=False, knows_intervals=False),
    Supervision.WEAK: Policy(takes_abnormal=True, knows_labels=True, knows_intervals=False),
    Supervision.FULL: Policy(
        takes_abnormal=True, knows_labels=True, knows_intervals=True, takes_classes=True
    ),
}


@dataclass(frozen=True, kw_only=True)
class TrainingData:
    """The videos that a method learns from, and those that it is watched on.

    Where labels may be known, `normal` or a class stands in each `label`, and `abnormal` where no
    class is named. `intervals` are there where they may be known, else empty.
    """

    train: tuple[VideoRecord, ...]
    validation: tuple[VideoRecord, ...] = ()
    # With their intervals, to choose a checkpoint by and for nothing else. Empty unless asked for.
    test: tuple[VideoRecord, ...] = ()


def training_data(
    manifest: Manifest, supervision: Supervision, *, selects_on_test: bool = False
) -> TrainingData:
    """What a method of this supervision may learn from. Raise BadInput where that is not enough.

    Validation may do without: thresholds are chosen on videos that a method may not learn from.
    """
    given = manifest.part("train")
    if not given:
        raise BadInput("The split has no training videos")
    train = allowed_videos(given, supervision)
    _check_kinds(given, supervision)
    return TrainingData(
        train=train,
        validation=allowed_videos(manifest.part("validation"), supervision),
        test=_to_select_on(manifest.part("test"), supervision) if selects_on_test else (),
    )


def _to_select_on(
    videos: tuple[VideoRecord, ...], supervision: Supervision
) -> tuple[VideoRecord, ...]:
    """Raise BadInput where no checkpoint can be chosen by them."""
    if supervision != Supervision.WEAK:
        raise BadInput(
            "Only a method that learns from labels of videos can choose its checkpoint on test: it "
            "is how numbers of such methods were published"
        )
    if not any(video.intervals for video in videos):
        raise BadInput("No test video has abnormal frames, so no checkpoint is best on test")
    if uncounted := next((video for video in videos if not video.n_frames), None):
        raise BadInput(f"The frames of the test video {uncounted.name} are not counted")
    return videos


def allowed_videos(
    videos: Iterable[VideoRecord], supervision: Supervision
) -> tuple[VideoRecord, ...]:
    """Those that a method may learn from, with no more ground truth than it may know."""
    policy = POLICIES[supervision]
    return tuple(
        _as_known(video, policy)
        for video in videos
        if policy.takes_abnormal or not why_abnormal(video)
    )


def why_abnormal(video: VideoRecord) -> str:
    """A clause; empty for a video that is normal, or of which nothing is known."""
    if video.label and not is_normal(video.label):
        return f"is labelled {video.label!r}"
    return "has abnormal frames" if video.intervals else ""


def is_abnormal(video: VideoRecord) -> bool:
    """Whether its label or its intervals say so."""
    return bool(why_abnormal(video))


def _as_known(video: VideoRecord, policy: Policy) -> VideoRecord:
    label = _known_label(video) if policy.knows_labels else ""
    intervals = video.intervals if policy.knows_intervals else ()
    regions = video.regions
    if not policy.knows_intervals:
        regions = tuple(replace(region, label="") for region in regions)
    return replace(video, label=label, intervals=intervals, regions=regions)


def _known_label(video: VideoRecord) -> str:
    """Intervals without a label, or against it, say no more than that something is abnormal."""
    if not is_abnormal(video):
        return NORMAL
    return video.label if video.label and not is_normal(video.label) else ABNORMAL


def _check_kinds(videos: tuple[VideoRecord, ...], supervision: Supervision) -> None:
    policy = POLICIES[supervision]
    reasons = [why_abnormal(video) for video in videos]
    kinds = {"has_normal": not all(reasons), "has_abnormal": any(reasons)}
    if policy.is_enough(**kinds, n_classes=len({video.label for video in videos})):
        return
    first = videos[0].name
    if all(reasons):
        fact = f"None of the {len(videos)} train videos is normal: the first, {first}, {reasons[0]}"
    else:
        fact = f"None of the {len(videos)} train videos is abnormal, such as the first, {first}"
    raise BadInput(f"{fact}. This method learns from {policy.needs}")
