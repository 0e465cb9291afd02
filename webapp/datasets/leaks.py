"""Keeps in each split's report what its parts share, as far as groups and files are known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from ml.findings import Finding
from ml.leaks import leak_report
from ml.records import Part
from ml.splits.spans import Span
from ml.splits.tables import GROUP_KINDS
from webapp.datasets.models import Dataset, Split, SplitMember

LEAK = "leak"


def review_splits(dataset: Dataset) -> None:
    """Look at every split of the dataset again, because groups or videos have changed."""
    together: dict[tuple[str, int], list[Split]] = defaultdict(list)
    for split in dataset.splits.order_by("fold"):
        together[split.name, split.version].append(split)
    for folds in together.values():
        review(folds)


def review(folds: Sequence[Split]) -> None:
    """Report leaks of one split, or of all folds of one cross-validation, on each of them.

    What a report says besides stays.
    """
    members = _members(folds)
    rows = [row for rows in members.values() for row in rows]
    groups, content = _known_of(rows)
    parts = [_fold(members[split.pk]) for split in folds]
    report = leak_report(parts, groups, content, _spans_of(rows))
    leaks = [as_json(finding, LEAK) for finding in report.findings]
    for split in folds:
        others = [finding for finding in split.report if finding.get("kind") != LEAK]
        if split.report != leaks + others:
            split.report = leaks + others
            split.save(update_fields=["report"])


def as_json(finding: Finding, kind: str = "") -> dict[str, str]:
    return asdict(finding) | ({"kind": kind} if kind else {})


def _members(folds: Sequence[Split]) -> dict[str, list[Any]]:
    """Rows (split, part, and what is known of the video) by split."""
    known = ("name", "sha256", *GROUP_KINDS, "source_start", "source_end")
    columns = [f"video__{name}" for name in known]
    rows = SplitMember.objects.filter(split__in=[split.pk for split in folds])
    by_split: dict[str, list[Any]] = defaultdict(list)
    for row in rows.values_list("split_id", "part", *columns, named=True):
        by_split[row.split_id].append(row)
    return by_split


def _fold(rows: Iterable[Any]) -> dict[str, Part]:
    return {row.video__name: row.part for row in rows}


def _known_of(rows: Iterable[Any]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Groups by kind and hashes of files, by video; videos without a file have no hash."""
    groups: dict[str, dict[str, str]] = {kind: {} for kind in GROUP_KINDS}
    content: dict[str, str] = {}
    for row in rows:
        content[row.video__name] = row.video__sha256
        for kind, by_video in groups.items():
            by_video[row.video__name] = getattr(row, f"video__{kind}")
    return groups, content


def _spans_of(rows: Iterable[Any]) -> dict[str, Span]:
    return {
        row.video__name: (row.video__source_start, row.video__source_end)
        for row in rows
        if row.video__source_start is not None and row.video__source_end is not None
    }
