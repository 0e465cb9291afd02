"""Splits that keep groups together: folds, and validation videos held out of training.

A group is whatever videos share that a method could learn by heart: the recording they were
cut from, the camera, the person. A video without a group is one of its own. The same videos
and seed give the same split, in whatever order the videos come.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.findings import counted
from ml.normal import is_normal
from ml.records import BadInput, Part

MAX_FOLDS = 50


@dataclass(frozen=True, kw_only=True)
class Grouped:
    """A video with its class and the group that it may not be parted from."""

    name: str
    label: str
    group: str = ""


def make_folds(videos: Sequence[Grouped], n_folds: int, seed: int) -> list[dict[str, Part]]:
    """Folds that each test on other groups and have the classes in like shares.

    Every video is tested by exactly one fold. The largest groups are placed first, each where
    the classes then are nearest to even. Raise BadInput.
    """
    groups = _shuffled(videos, seed)
    if not 2 <= n_folds <= MAX_FOLDS:
        raise BadInput(f"{n_folds} folds cannot be made: 2 to {MAX_FOLDS} can")
    if len(groups) < n_folds:
        raise BadInput(
            f"{n_folds} folds cannot be made of {len(groups)} groups that may not be parted"
        )
    homes = _placed(sorted(groups, key=len, reverse=True), n_folds)
    return [
        {video.name: "test" if homes[video.name] == fold else "train" for video in videos}
        for fold in range(n_folds)
    ]


def not_stratified(videos: Sequence[Grouped], folds: Sequence[Mapping[str, Part]]) -> str:
    """Why these folds are not stratified, in a sentence without its stop; empty where they are.

    There are normal and abnormal videos, and some fold tests on videos of one kind alone.
    """
    kinds = {video.name: _is_normal(video) for video in videos}
    lacking = {
        (kind, number)
        for number, fold in enumerate(folds, start=1)
        for kind in set(kinds.values()) - {kinds[name] for name in fold if fold[name] == "test"}
    }
    if not lacking:
        return ""
    kind, number = min(lacking)
    groups = {video.group or video.name for video in videos if kinds[video.name] == kind}
    return (
        f"{len(folds)} folds cannot be stratified: fold {number} has no "
        f"{'normal' if kind else 'abnormal'} video to test on, of those in "
        f"{counted(len(groups), 'group')} that may not be parted"
    )


def hold_out_validation(
    videos: Sequence[Grouped], share: float, seed: int, *, with_abnormal: bool = False
) -> set[str]:
    """Names of training videos to validate with, about `share` (0 to 1) of them.

    `videos` are all those that train. One-class methods are watched on normal videos alone;
    `with_abnormal`, which others need, as large a share of the abnormal ones is taken, too. Groups
    are taken whole, for their rest would train on what validation looks at. Raise BadInput.
    """
    if not 0 < share < 1:
        raise BadInput(f"a share of {share:g} cannot be held out: it lies between 0 and 1")
    return (_of_both_kinds if with_abnormal else _of_normal)(videos, share, seed)


def _of_normal(videos: Sequence[Grouped], share: float, seed: int) -> set[str]:
    """From groups without an abnormal video."""
    pure = [group for group in _shuffled(videos, seed) if all(_is_normal(video) for video in group)]
    n_normal = sum(_is_normal(video) for video in videos)
    wanted = max(1, round(share * n_normal))
    taken = _up_to(pure, wanted) or sorted(pure, key=len)[:1]
    names = {video.name for group in taken for video in group}
    if not names or len(names) == n_normal:
        raise BadInput(
            f"no validation videos can be held out: {len(pure)} groups have normal videos only, "
            f"and some of the {n_normal} normal videos must be left to train on"
        )
    return names


def _of_both_kinds(videos: Sequence[Grouped], share: float, seed: int) -> set[str]:
    """Groups in their order as long as they fit; of a kind that none fits, the smallest."""
    all_of = _kinds(videos)
    room = Counter({kind: max(1, round(share * n)) for kind, n in all_of.items()})
    groups = _shuffled(videos, seed)
    taken: list[list[Grouped]] = []
    for group in groups:
        if _kinds(group) <= room:
            taken.append(group)
            room -= _kinds(group)
    for kind in all_of:
        if not any(_kinds(group)[kind] for group in taken):
            holding = [group for group in groups if _kinds(group)[kind]]
            taken.append(min(holding, key=len))
    held = _kinds([video for group in taken for video in group])
    if len(all_of) < 2 or any(held[kind] == all_of[kind] for kind in all_of):
        raise BadInput(
            f"no validation videos can be held out: of {all_of[True]} normal and "
            f"{all_of[False]} abnormal videos, in {len(groups)} groups that may not be parted, "
            "some of each kind must be held out and some left to train on"
        )
    return {video.name for group in taken for video in group}


def _kinds(videos: Iterable[Grouped]) -> Counter[bool]:
    """How many are normal, and how many are not."""
    return Counter(map(_is_normal, videos))


def _is_normal(video: Grouped) -> bool:
    return not video.label or is_normal(video.label)


def _shuffled(videos: Iterable[Grouped], seed: int) -> list[list[Grouped]]:
    """The groups in an order that only their names and the seed decide."""
    members: dict[tuple[bool, str], list[Grouped]] = defaultdict(list)
    for video in videos:
        members[bool(video.group), video.group or video.name].append(video)
    ordered = [members[key] for key in sorted(members)]
    order = np.random.default_rng(seed).permutation(len(ordered))
    return [ordered[index] for index in order]


def _placed(groups: Sequence[Sequence[Grouped]], n_folds: int) -> dict[str, int]:
    """Fold of each video. No fold stays empty, however large a group is."""
    totals = Counter(video.label for group in groups for video in group)
    counts: list[Counter[str]] = [Counter() for _fold in range(n_folds)]
    homes: dict[str, int] = {}
    for index, group in enumerate(groups):
        empty = [fold for fold in range(n_folds) if not counts[fold]]
        must_fill = len(groups) - index <= len(empty)
        labels = Counter(video.label for video in group)
        home = min(
            empty if must_fill else range(n_folds),
            key=lambda fold: (_growth(counts[fold], labels, totals), counts[fold].total(), fold),
        )
        counts[home] += labels
        homes |= dict.fromkeys((video.name for video in group), home)
    return homes


def _growth(fold: Counter[str], added: Counter[str], totals: Counter[str]) -> float:
    """How much the sum of squared class shares grows; it is least where all folds are even."""
    return sum(
        ((fold[label] + n) ** 2 - fold[label] ** 2) / totals[label] ** 2
        for label, n in added.items()
    )


def _up_to(groups: Sequence[list[Grouped]], wanted: int) -> list[list[Grouped]]:
    """Groups in their order, those left out that would go beyond `wanted` videos."""
    taken: list[list[Grouped]] = []
    room = wanted
    for group in groups:
        if len(group) <= room:
            taken.append(group)
            room -= len(group)
    return taken
