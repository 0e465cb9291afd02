"""Scores made of other scores: weighted means of runs, calibrated and smoothed. Pure.

A recipe is all the provenance there is: the same recipe over the same scores gives the same
scores, so nothing is stored before somebody reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput, Layout, Scores
from ml.scores.smoothing import MAX_SMOOTHING_FRAMES as MAX_SMOOTHING_FRAMES
from ml.scores.smoothing import Smoothing, smooth

Calibration = Literal["none", "validation", "test_set", "per_video"]
MAX_MEMBERS = 20
LARGEST_WEIGHT = 1e9

Floats = NDArray[np.float64]
Place = tuple[int, int]  # first frame and frames per value


@dataclass(frozen=True, kw_only=True)
class Member:
    """A run in a mean. `calibration` brings its scores to 0…1 before they are added.

    `validation` uses the lowest and highest score of the run's validation videos, so that it can
    be had before anything is tested and scores beyond them leave 0…1; `test_set` those of all
    videos that it scores, `per_video` those of each video; `none` leaves scores as they are.
    """

    run: str
    weight: float = 1.0
    calibration: Calibration = "none"

    def check(self) -> None:
        if self.calibration not in get_args(Calibration):
            known = ", ".join(get_args(Calibration))
            raise BadInput(f"calibration {self.calibration!r} is none of {known}")
        if not 1 / LARGEST_WEIGHT <= self.weight <= LARGEST_WEIGHT:
            raise BadInput(
                f"weight {self.weight} of {self.run} is not a positive number from "
                f"{1 / LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}"
            )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Weighted mean of `members`, then smoothing over `smoothing_frames` frames.

    For `mean` that is the width of the window, for `gaussian` its standard deviation.
    """

    members: tuple[Member, ...] = field(default_factory=tuple)
    smoothing: Smoothing = "none"
    smoothing_frames: float = 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Recipe:
        """Raise BadInput where it is no recipe."""
        try:
            members = tuple(Member(**member) for member in value.get("members", ()))
            recipe = cls(**{**value, "members": members})
            recipe.check()
        except (TypeError, AttributeError) as error:
            raise BadInput(f"this is no recipe: {error}") from error
        return recipe

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"members": [asdict(member) for member in self.members]}

    def check(self) -> None:
        """Raise BadInput where it could not be followed."""
        if not 1 <= len(self.members) <= MAX_MEMBERS:
            raise BadInput(f"a recipe takes 1 to {MAX_MEMBERS} runs, not {len(self.members)}")
        if len({member.run for member in self.members}) < len(self.members):
            raise BadInput("a run is named twice: give it a larger weight instead")
        for member in self.members:
            member.check()
        if self.smoothing not in get_args(Smoothing):
            known = ", ".join(get_args(Smoothing))
            raise BadInput(f"smoothing {self.smoothing!r} is none of {known}")
        if self.smoothing != "none" and not 0 < self.smoothing_frames <= MAX_SMOOTHING_FRAMES:
            raise BadInput(
                f"smoothing over {self.smoothing_frames} frames: more than 0 and at most "
                f"{MAX_SMOOTHING_FRAMES} are possible"
            )


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """The scores of one member on one video.

    `lowest` and `highest` are of the videos that its calibration names, where it names several.
    """

    scores: Scores
    lowest: float
    highest: float


def fuse(recipe: Recipe, ingredients: Sequence[Ingredient], n_frames: int) -> Scores:
    """The scores of a video of `n_frames`, from those of the members in the recipe's order.

    They keep their native resolution where all members share it and nothing is smoothed;
    else there is one per frame. A frame has a score where every member has one. The mean is
    float64: float32 would tie scores that differ.
    """
    calibrated = [
        _calibrated(member, ingredient)
        for member, ingredient in zip(recipe.members, ingredients, strict=True)
    ]
    weights = np.array([member.weight for member in recipe.members])
    first = ingredients[0].scores
    if keeps_layout(recipe, [each.scores.layout for each in ingredients]):
        mean = np.average([each.values for each in calibrated], axis=0, weights=weights)
        return _scores(mean, first.first_frame, first.frames_per_value)
    mean = np.average([each.to_frames(n_frames) for each in calibrated], axis=0, weights=weights)
    scored = np.flatnonzero(~np.isnan(mean))
    if not len(scored):
        return _scores(mean[:0], 0, 1)
    start, end = int(scored[0]), int(scored[-1]) + 1
    return _scores(smooth(mean[start:end], recipe.smoothing, recipe.smoothing_frames), start, 1)


def fused_place(recipe: Recipe, scores: Sequence[Scores], n_frames: int) -> Place:
    """Where `fuse` puts what it makes of the members' `scores`, without making it."""
    if keeps_layout(recipe, [each.layout for each in scores]):
        return scores[0].first_frame, scores[0].frames_per_value
    have = [~np.isnan(each.to_frames(n_frames)) for each in scores]
    scored = np.flatnonzero(np.all(have, axis=0))
    return int(scored[0]) if len(scored) else 0, 1


def keeps_layout(recipe: Recipe, layouts: Sequence[Layout]) -> bool:
    """Whether scores stay at the native resolution that all members have."""
    return recipe.smoothing == "none" and len(set(layouts)) == 1


def _calibrated(member: Member, ingredient: Ingredient) -> Scores:
    scores = ingredient.scores
    values = scores.values.astype(np.float64)
    low, high = ingredient.lowest, ingredient.highest
    if member.calibration == "per_video":
        low, high = scores.extremes or (0.0, 0.0)
    if member.calibration != "none":
        values = (values - low) / (high - low) if high > low else values * 0
    return replace(scores, values=values)


def _scores(values: Floats, first_frame: int, frames_per_value: int) -> Scores:
    return Scores(
        values=values,
        first_frame=first_frame,
        frames_per_value=frames_per_value,
        has_gaps=bool(np.isnan(values).any()),
    )
