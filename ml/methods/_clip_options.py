"""Options that several methods over clips have: how clips are made, learnt from and scored."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ml.data.clips.pictures import Contrast
from ml.methods._base import option

PictureSize = Annotated[
    int,
    option("Data", "Picture size", "Pictures of a clip are squeezed to this square", ge=16, le=512,
           transfers=True),
]  # fmt: skip
ClipLength = Annotated[
    int,
    option("Data", "Pictures of a clip", "The first one of each of so many equal segments", ge=4,
           le=128, transfers=True),
]  # fmt: skip
FrameRate = Annotated[
    float,
    option("Data", "Frame rate", "To which clips are brought first, by mixing neighbouring frames; "
           "0: as they are", ge=0, le=240, transfers=True),
]  # fmt: skip
ContrastBy = Annotated[
    Contrast,
    option("Data", "Contrast", "clahe: evened out in the luminance of tiles, for dark footage",
           transfers=True),
]  # fmt: skip
LongestSeconds = Annotated[
    float,
    option("Data", "Longest clip", "Seconds; what is longer is cut into even parts to learn from",
           gt=0, le=3600, transfers=True),
]  # fmt: skip
Classes = Annotated[
    Literal["two", "labels"],
    option("Training", "Classes", "two: normal and abnormal; labels: normal and each kind that "
           "labels name, of which a score is the sum"),
]  # fmt: skip
HeadLearningRate = Annotated[
    float, option("Training", "Learning rate of the head", "Of the last layers", gt=0, le=10)
]
Momentum = Annotated[float, option("Training", "Momentum", "Of the optimiser", ge=0, lt=1)]
FallsAfter = Annotated[
    tuple[Annotated[int, Field(ge=1, le=10_000)], ...],
    option("Training", "Learning rates fall after", "To a tenth, after each of so many epochs"),
]
FallsAtRest = Annotated[
    int,
    option("Training", "Learning rates fall at rest", "To a tenth, each time the loss of the "
           "validation clips has not fallen for so many epochs; 0: never", ge=0, le=10_000),
]  # fmt: skip
WindowSeconds = Annotated[
    float,
    option("Scoring", "Window", "Seconds; a video of up to so many is one clip with one score, in "
           "longer ones such a window slides", gt=0, le=3600),
]  # fmt: skip
StrideSeconds = Annotated[
    float,
    option("Scoring", "Stride", "Seconds from one window to the next, at most the window's; a "
           "frame's score is the mean over the windows that hold it", gt=0, le=3600),
]  # fmt: skip


Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...],
    option("Model", "Widths", "Channels of the convolutions of a stream, and of the one after it",
           min_length=4, max_length=4),
]  # fmt: skip
StreamDropout = Annotated[
    float,
    option("Model", "Dropout", "At the last convolution and at the mean after it", ge=0, lt=1,
           transfers=True),
]  # fmt: skip
HeadDropout = Annotated[
    float, option("Model", "Dropout", "Before the last layer", ge=0, lt=1, transfers=True)
]
WidthDivisor = Annotated[
    int,
    option("Model", "Width divisor", "All widths are divided by it; 1: as published", ge=1, le=16),
]
