"""How many labels code that cuts videos into segments makes of a number of frames.

For n frames and segments of k frames there are four habits: a label for each frame, only whole
segments, also the last one that is not whole, and only whole segments of the first n - 1 frames
(what is left of a clip whose last frame the loader never reads).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
SEGMENT = 16
OTHER_SEGMENTS = tuple(k for k in range(2, 65) if k != SEGMENT)


@dataclass(frozen=True)
class Tail:
    """A habit with its segment length; `n_labels` works on arrays of frame counts."""

    kind: str
    segment: int

    @property
    def name(self) -> str:
        return self.kind if self.kind == "exact" else f"{self.kind}{self.segment}"

    @property
    def sentence(self) -> str:
        return SENTENCES[self.kind].format(k=self.segment)

    def n_labels(self, n_frames: Counts) -> Counts:
        return RULES[self.kind](np.asarray(n_frames), self.segment)


RULES: dict[str, Callable[[Counts, int], Counts]] = {
    "exact": lambda n, k: n,
    "floor": lambda n, k: n // k * k,
    "ceil": lambda n, k: -(-n // k) * k,
    "drop_last": lambda n, k: np.maximum(n - 1, 0) // k * k,
}
SENTENCES = {
    "exact": "one label per frame",
    "floor": "whole segments of {k} frames; the frames after the last one have no label",
    "ceil": "segments of {k} frames, the last one filled up; labels past the last frame are void",
    "drop_last": "whole segments of {k} frames of all but the last frame; the others have no label",
}


def tails(segments: Sequence[int] = (SEGMENT,)) -> list[Tail]:
    """All habits, the simplest first."""
    kinds = [kind for kind in RULES if kind != "exact"]
    return [Tail("exact", 1), *(Tail(kind, k) for k in segments for kind in kinds)]
