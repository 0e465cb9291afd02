"""The shortcut baseline of a run's split: made once, by the job that evaluates a run on it.

It stands beside the numbers of all that learnt from labels. See `ml.evaluation.shortcut`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.evaluation.shortcut import SHORTCUT_VERSION, Facts
from ml.supervision import POLICIES
from webapp.datasets.models import Part, Split, SplitMember, Video
from webapp.results.models import ShortcutBaseline
from webapp.runs.models import Run

LEARNS_FROM_LABELS = {each for each, policy in POLICIES.items() if policy.takes_abnormal}


def shortcut_of(run: Run) -> ShortcutBaseline | None:
    """Beside whose numbers it is there; None for what learnt from normal videos alone."""
    if not _is_supervised(run):
        return None
    found = ShortcutBaseline.objects.filter(
        split=run.split_id, annotation_set=run.annotation_set_id, version=SHORTCUT_VERSION
    )
    return found.first()


def needs_shortcut(run: Run) -> bool:
    """It is a run beside whose numbers the baseline is to be, and nobody has made it."""
    return _is_supervised(run) and not run.dataset.is_listed and shortcut_of(run) is None


def _is_supervised(run: Run) -> bool:
    """Uploaded runs say themselves what their method was told."""
    supervision = run.method.supervision if run.method else run.supervision
    return supervision in LEARNS_FROM_LABELS


def write_shortcut(run: Run, folder: Path) -> str | None:
    """What the process needs to make it, as a file; None where there is nothing to be made.

    Nothing is computed: whoever evaluates does that.
    """
    if not needs_shortcut(run):
        return None
    folds = _folds_of(run.split)
    members = SplitMember.objects.filter(split__in=folds, part__in=(Part.TRAIN, Part.TEST))
    videos = Video.objects.filter(pk__in=members.values("video"))
    abnormal = set(videos.abnormal(run.annotation_set).values_list("pk", flat=True))
    parts: dict[tuple[str, str], dict[str, bool]] = {}
    for split, part, video in members.values_list("split", "part", "video"):
        parts.setdefault((split, part), {})[video] = video in abnormal
    content = {
        "facts": {video.pk: asdict(_facts(video)) for video in videos.without_times()},
        "folds": [
            [parts.get((fold.pk, part), {}) for part in (Part.TRAIN, Part.TEST)] for fold in folds
        ],
    }
    path = folder / "shortcut.json"
    path.write_text(json.dumps(content))
    return str(path)


def store_shortcut(run: Run, baseline: Mapping[str, Any]) -> None:
    """Of the split of `run`, and of all folds that it is one of. What is there already stays."""
    for fold, judged in zip(_folds_of(run.split), baseline["folds"], strict=True):
        ShortcutBaseline.objects.get_or_create(
            split=fold,
            annotation_set=run.annotation_set,
            version=SHORTCUT_VERSION,
            defaults={
                "judged": judged,
                "pooled": baseline["pooled"],
                "by_fold": [each["auroc"] for each in baseline["folds"]],
            },
        )


def _folds_of(split: Split) -> Sequence[Split]:
    """All of its cross-validation in their order, or the split alone."""
    if split.fold is None:
        return [split]
    alike = Split.objects.filter(
        dataset=split.dataset_id, name=split.name, version=split.version, fold__isnull=False
    )
    return list(alike.order_by("fold"))


def _facts(video: Video) -> Facts:
    seconds = video.duration_seconds
    return Facts(
        frame_rate=video.fps,
        width=video.width,
        height=video.height,
        n_frames=video.n_frames,
        seconds=seconds,
        has_sound=float(video.has_audio),
        bit_rate=8 * video.n_bytes / seconds if seconds else 0.0,
    )
