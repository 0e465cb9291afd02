"""Why frames have their score, by what other segments of the video say: for methods over features.

A segment is a row of features. What a score is explained against is the baseline: a bag that holds
the same row in the place of each of its own. Letters: T rows of a bag, K crops, D numbers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, get_args, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.data.features import Features, open_features
from ml.explain.integrated_gradients import (
    ABSOLUTE,
    RELATIVE,
    STEPS,
    Attribution,
    integrated_gradients,
)
from ml.records import BadInput, VideoRecord

KIND = "segments"
Baseline = Literal["normal", "video", "zero"]
BASELINES = get_args(Baseline)
MOST_TARGETS = 64  # rows whose scores are explained
MOST_PASSES = 2_000_000  # rows that gradients go back through, over all targets, crops and steps
MOST_ROWS = 8192  # of a bag: networks that look at all pairs of rows need memory for that
MOST_NORMAL = 64  # videos that the normal baseline is the mean of
BASELINE_WORDS = {
    "normal": "the mean row of normal training videos",
    "video": "the mean row of this video",
    "zero": "rows of zeros",
}
RULE = (
    "Integrated gradients of a row's score, on the straight way from a bag that holds {baseline} "
    "throughout: what each row of the bag adds, the sum over its numbers and the mean over crops. "
    "All together they add up to the score less that of the baseline, within {relative:.0%} or "
    "{absolute:g}; from {fewest} steps up to {most} where that takes more."
)


@runtime_checkable
class ExplainsSegments(Protocol):
    """A method whose score of a row can be traced back to the rows of its bag."""

    def bag_of(self, row: int, n_rows: int) -> range:
        """The rows, of a video of `n_rows`, that the score of `row` is made of."""

    def bag_scores(self, bags: Tensor) -> Tensor:
        """(B, T) scores of the rows of bags (B, T, D) of one crop each, differentiable.

        The mean over crops is what the method scores.
        """


@dataclass(frozen=True, kw_only=True)
class Target:
    """A row whose score is explained by the rows of its bag, from `first_row` on."""

    first_row: int
    attribution: Attribution

    @property
    def row(self) -> int:
        return self.first_row + self.attribution.segment

    def to_json(self) -> dict[str, Any]:
        found = self.attribution
        return {
            "row": self.row,
            "first_row": self.first_row,
            "score": found.score,
            "baseline_score": found.baseline_score,
            "gap": found.gap,
            "is_complete": found.is_complete,
            "steps": found.n_steps,
            "values": [float(f"{value:.6g}") for value in found.values],
        }


@dataclass(frozen=True, kw_only=True)
class SegmentAttributions:
    """Of every `stride`-th row between two frames of a video.

    Frame f belongs to row ⌊(f − first_frame) / row_length⌋, or to the last of `n_rows`.
    """

    targets: tuple[Target, ...]
    baseline: Baseline
    stride: int
    n_rows: int
    first_frame: int
    row_length: float

    @property
    def highest(self) -> float:
        """The largest number of all, whichever its sign."""
        return max(float(np.abs(each.attribution.values).max()) for each in self.targets)

    @property
    def n_incomplete(self) -> int:
        return sum(not each.attribution.is_complete for each in self.targets)

    @property
    def rule(self) -> str:
        return RULE.format(
            baseline=BASELINE_WORDS[self.baseline], relative=RELATIVE, absolute=ABSOLUTE,
            fewest=STEPS[0], most=STEPS[-1],
        )  # fmt: skip

    def facts(self, target: str) -> dict[str, Any]:
        """As those of a sheet of maps, each one row high, as wide as the longest bag."""
        first_row = self.targets[0].row
        return {
            "kind": KIND,
            "target": target,
            "layer": "",
            "likeness_to_random": None,
            "rule": self.rule,
            "first_frame": self.first_frame + int(np.ceil(first_row * self.row_length)),
            "frames_per_map": max(1, round(self.stride * self.row_length)),
            "n_maps": len(self.targets),
            "height": 1,
            "width": max(len(each.attribution.values) for each in self.targets),
            "columns": 1,
            "highest": self.highest,
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "rule": self.rule,
            "baseline": self.baseline,
            "stride": self.stride,
            "n_rows": self.n_rows,
            "first_frame": self.first_frame,
            "row_length": self.row_length,
            "targets": [each.to_json() for each in self.targets],
        }

    def save(self, path: Path, **more: Any) -> None:
        path.write_text(json.dumps(self.to_json() | more, separators=(",", ":"), allow_nan=False))


def explain_segments(
    method: ExplainsSegments,
    video: VideoRecord,
    *,
    frames: tuple[int, int] | None = None,
    normal: Sequence[VideoRecord] = (),
    baseline: Baseline | None = None,
    device: torch.device,
) -> SegmentAttributions:
    """Of the rows of `frames`, the first and the one after the last; of all of the video's unless
    told.

    The baseline is normal where there are `normal` videos, else that of the video. Raise BadInput
    where features are missing, do not fit, or are too many; and for frames that have none.
    """
    features = open_features(video)
    chosen: Baseline = baseline or ("normal" if normal else "video")
    rows = rows_between(features, frames)
    bags = {each: method.bag_of(each, len(features.rows)) for each in rows}
    stride = _stride(len(rows), max(map(len, bags.values())), features.rows.shape[1])
    baseline_KD = torch.from_numpy(_baseline_row(chosen, features, normal, video)).to(device)
    by_bag: dict[range, list[int]] = {}
    for row in rows[::stride]:
        by_bag.setdefault(bags[row], []).append(row)
    targets = [
        Target(first_row=bag.start, attribution=each)
        for bag, wanted in by_bag.items()
        for each in integrated_gradients(
            method.bag_scores, bag_of_rows(features, bag, device), baseline_KD,
            [row - bag.start for row in wanted],
        )
    ]  # fmt: skip
    return SegmentAttributions(
        targets=tuple(targets), baseline=chosen, stride=stride, n_rows=len(features.rows),
        first_frame=features.first_frame,
        row_length=features.row_length or float(features.frames_per_row),
    )  # fmt: skip


def rows_between(features: Features, frames: tuple[int, int] | None) -> range:
    """The rows of these frames; those after the last row share its own."""
    n_rows = len(features.rows)
    if frames is None:
        return range(n_rows)
    first, end = frames
    if not 0 <= first < end:
        raise BadInput(f"Frames {first} to {end}: the second has to be larger than the first")
    length = features.row_length or features.frames_per_row
    low, high = (int((frame - features.first_frame) // length) for frame in (first, end - 1))
    if high < 0 or low >= n_rows + 1:
        raise BadInput(f"Frames {first} to {end} have no features: there are {n_rows} rows")
    return range(min(max(0, low), n_rows - 1), min(high, n_rows - 1) + 1)


def bag_of_rows(features: Features, bag: range, device: torch.device) -> Tensor:
    """(K, T, D). Raise BadInput for a bag too long for the memory that its gradients take."""
    if len(bag) > MOST_ROWS:
        raise BadInput(
            f"A score here is made of {len(bag)} rows of features; those of at most {MOST_ROWS} "
            "can be explained"
        )
    rows = np.asarray(features.rows[bag.start : bag.stop], np.float32)
    return torch.from_numpy(rows).transpose(0, 1).contiguous().to(device)


def _stride(n_rows: int, longest_bag: int, n_crops: int) -> int:
    """From one explained row to the next, so that neither they nor their work are too many."""
    passes = longest_bag * n_crops * STEPS[0]
    most = min(MOST_TARGETS, max(1, MOST_PASSES // passes))
    return -(-n_rows // most)


def _baseline_row(
    kind: Baseline, features: Features, normal: Sequence[VideoRecord], video: VideoRecord
) -> NDArray[np.float32]:
    """(K, D)"""
    shape = features.rows.shape[1:]
    if kind == "zero":
        return np.zeros(shape, np.float32)
    if kind == "video":
        return _mean_row(features)
    if not normal:
        raise BadInput("There are no normal training videos here: name another baseline")
    places = np.linspace(0, len(normal) - 1, min(len(normal), MOST_NORMAL)).astype(int)
    means = []
    for each in (normal[place] for place in places):
        mean = _mean_row(open_features(each))
        if mean.shape != shape:
            raise BadInput(
                f"The features of {each.name} are of {mean.shape[0]} crops × {mean.shape[1]} "
                f"numbers, and those of {video.name} of {shape[0]} × {shape[1]}"
            )
        means.append(mean)
    return np.asarray(np.mean(means, axis=0), np.float32)


def _mean_row(features: Features) -> NDArray[np.float32]:
    return np.asarray(features.rows.mean(axis=0, dtype=np.float64), np.float32)
