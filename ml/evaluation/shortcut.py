"""The shortcut baseline: how well facts of the container alone tell abnormal videos.

Rate, size, length, sound and bit rate say nothing of what is seen. Where they tell the classes
apart all the same, a network may have learnt them, too: what it reaches is to be read beside this.
The same videos learn and are judged as in the run's split, or in all folds of its cross-validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any

import numpy as np

from ml.evaluation.stumps import learn_stumps, logits_of
from ml.metrics import Floats, bootstrap_auroc

SHORTCUT_VERSION = 1  # of facts and model; baselines of others are made anew
Part = Mapping[str, bool]  # video id: whether it is abnormal


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a file says of itself, or 0 where nobody knows; `bit_rate` in bits per second."""

    frame_rate: float = 0.0
    width: float = 0.0
    height: float = 0.0
    n_frames: float = 0.0
    seconds: float = 0.0
    has_sound: float = 0.0
    bit_rate: float = 0.0


NAMES = tuple(each.name for each in fields(Facts))


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Of one fold, or of a split without folds. `auroc` is None where a class is missing."""

    auroc: float | None
    interval: list[float] | None
    n_train: int
    n_normal: int
    n_abnormal: int
    shares: dict[str, float]  # of each fact in what was learnt; empty where nothing was


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """`folds` in their order; `pooled` is one AUROC over the logits of all, None for one fold."""

    folds: list[Judged]
    pooled: Judged | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def shortcut_baseline(facts: Mapping[str, Facts], folds: Sequence[tuple[Part, Part]]) -> Baseline:
    """By the training and the test part of each fold; every video of them has its facts.

    Where training has videos of one kind alone, nothing is learnt and all videos are equal.
    """
    logits = [_logits(facts, train, test) for train, test in folds]
    judged = [
        _judged(each, test, len(train), shares)
        for (each, shares), (train, test) in zip(logits, folds, strict=True)
    ]
    if len(folds) < 2:
        return Baseline(folds=judged, pooled=None)
    everything = {video: kind for _train, test in folds for video, kind in test.items()}
    out_of_fold = {video: value for each, _shares in logits for video, value in each.items()}
    n_train = max(len(train) for train, _test in folds)
    shares = [each for _logits, each in logits if each]
    mean = {name: float(np.mean([each[name] for each in shares])) for name in NAMES if shares}
    return Baseline(folds=judged, pooled=_judged(out_of_fold, everything, n_train, mean))


def _logits(
    facts: Mapping[str, Facts], train: Part, test: Part
) -> tuple[dict[str, float], dict[str, float]]:
    """Of the test videos, and what each fact had of the gain."""
    if len(set(train.values())) < 2:
        return dict.fromkeys(test, 0.0), {}
    kinds = np.array(list(train.values()), np.float64)
    stumps = learn_stumps(_rows(facts, train), kinds)
    gains = np.zeros(len(NAMES))
    for stump in stumps:
        gains[stump.column] += stump.gain
    total = gains.sum() or 1.0
    shares = dict(zip(NAMES, (gains / total).tolist(), strict=True))
    return dict(zip(test, logits_of(stumps, _rows(facts, test)).tolist(), strict=True)), shares


def _rows(facts: Mapping[str, Facts], videos: Part) -> Floats:
    rows = [astuple(facts[video]) for video in videos]
    # Rates are measured: 29.97 and 29.97003 are one.
    return np.round(np.array(rows, np.float64).reshape(-1, len(NAMES)), 2)


def _judged(
    logits: Mapping[str, float], test: Part, n_train: int, shares: dict[str, float]
) -> Judged:
    n_abnormal = sum(test.values())
    n_normal = len(test) - n_abnormal
    found = None
    if n_abnormal and n_normal:
        videos = sorted(test)  # whoever asks gets the same draws
        found = bootstrap_auroc(
            [[int(test[each])] for each in videos], [[logits[each]] for each in videos]
        )
    return Judged(
        auroc=found.value if found else None,
        interval=list(found.interval) if found else None,
        n_train=n_train,
        n_normal=n_normal,
        n_abnormal=n_abnormal,
        shares=shares,
    )
