"""How rows of flow and sound go with those of the picture.

- Row with row: the other part has as many rows, or one less, and the picture's last row is then
  dropped. So the published features of XD-Violence are made.
- By time, sound only: a row of VGGish lasts 0.96 s, one of the picture as long as its frames. A
  row of the picture takes the one of sound that its middle lies in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from ml.data.features.layouts import AUDIO
from ml.records import BadInput

VGGISH_SECONDS = 0.96
BY_ROW, BY_TIME = "row with row", "by time"


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Of a video; `fps` 0 where nobody knows it. `frames` are those of one row of the picture."""

    n_frames: int
    fps: float
    frames: float

    def sound_rows(self) -> tuple[int, ...]:
        """As many as VGGish makes of its sound: none without a rate."""
        if not self.fps:
            return ()
        rows = self.n_frames / self.fps / VGGISH_SECONDS
        return tuple(sorted({math.floor(rows), math.ceil(rows)}))

    @property
    def step(self) -> float:
        """Rows of sound per row of the picture."""
        return self.frames / self.fps / VGGISH_SECONDS


def pair(part: str, n_other: int, n_rows: int, clock: Clock, name: str) -> float:
    """The part's rows per row of the picture, of which there are `n_rows`.

    Raise BadInput where the counts differ by more than a rule explains.
    """
    if 0 <= n_rows - n_other <= 1:
        return 1.0
    if part == AUDIO and n_other in clock.sound_rows():
        return clock.step
    raise BadInput(_refusal(part, n_other, n_rows, clock, name))


def _refusal(part: str, n_other: int, n_rows: int, clock: Clock, name: str) -> str:
    text = f"{name} has {n_other} rows, and the picture {n_rows}: {n_rows} or {n_rows - 1} would go"
    text += f" {BY_ROW}"
    if part != AUDIO:
        return text
    if not clock.fps:
        return f"{text}, and {BY_TIME} nothing can be paired, for the video's rate is not known"
    counts = " or ".join(map(str, clock.sound_rows()))
    seconds = clock.n_frames / clock.fps
    return f"{text}, {counts} {BY_TIME} ({seconds:.1f} s in rows of {VGGISH_SECONDS} s)"
