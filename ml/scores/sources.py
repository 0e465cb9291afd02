"""Scores as they are stored of several runs, and what recipes make of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ml.records import Scores
from ml.scores.fusion import Ingredient, Member, Place, Recipe, fuse, fused_place

ScoredPart = Literal["test", "validation"]
Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Source:
    """What is stored of the scores of one run.

    Arrays by video id, of its test videos and of its validation videos; of a virtual run the
    recipe in their place. `lowest` and `highest` are of all test videos, None where not known.
    """

    test: Mapping[str, Scores] = field(default_factory=dict)
    validation: Mapping[str, Scores] = field(default_factory=dict)
    recipe: Recipe | None = None
    lowest: float | None = None
    highest: float | None = None

    def stored(self, part: ScoredPart) -> Mapping[str, Scores]:
        return self.test if part == "test" else self.validation


class Sources:
    """Those of some runs by id, with those of all that their recipes name.

    `n_frames` are the lengths of all videos by id. What a recipe makes is kept, since others may
    build on it.
    """

    def __init__(self, by_run: Mapping[str, Source], n_frames: Mapping[str, int]) -> None:
        self._by_run = by_run
        self._n_frames = n_frames
        self._made: dict[tuple[str, ScoredPart], Mapping[str, Scores]] = {}

    def scores(self, run: str, part: ScoredPart = "test") -> Mapping[str, Scores]:
        """By video id; of a virtual run those of the videos that all its members have."""
        source = self._by_run[run]
        if source.recipe is None:
            return source.stored(part)
        if (run, part) not in self._made:
            self._made[run, part] = self._mixed(source.recipe, part)
        return self._made[run, part]

    def places(self, run: str, part: ScoredPart = "test") -> dict[str, Place]:
        """Which frames of each video have scores, which are made for no more than that."""
        source = self._by_run[run]
        if source.recipe is None:
            return {
                video_id: (each.first_frame, each.frames_per_value)
                for video_id, each in source.stored(part).items()
            }
        given = [self.scores(member.run, part) for member in source.recipe.members]
        return {
            video_id: fused_place(
                source.recipe, [scores[video_id] for scores in given], self._n_frames[video_id]
            )
            for video_id in _shared(given)
        }

    def _mixed(self, recipe: Recipe, part: ScoredPart) -> dict[str, Scores]:
        given = [self.scores(member.run, part) for member in recipe.members]
        ranges = [self._range(member) for member in recipe.members]
        return {
            video_id: fuse(
                recipe,
                [
                    Ingredient(scores=scores[video_id], lowest=lowest, highest=highest)
                    for scores, (lowest, highest) in zip(given, ranges, strict=True)
                ],
                self._n_frames[video_id],
            )
            for video_id in _shared(given)
        }

    def _range(self, member: Member) -> Range:
        """The lowest and highest score that the member's calibration goes by."""
        if member.calibration == "validation":
            known = [each.extremes for each in self.scores(member.run, "validation").values()]
            lows, highs = zip(*filter(None, known), strict=True) if any(known) else ((0.0,), (0.0,))
            return min(lows), max(highs)
        source = self._by_run[member.run]
        return source.lowest or 0.0, source.highest or 0.0


def _shared(given: Iterable[Mapping[str, Scores]]) -> list[str]:
    """The videos that all members have scores for, by id."""
    return sorted(set.intersection(*(set(scores) for scores in given)))
