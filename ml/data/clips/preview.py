"""What a network will see of a clip, as one picture: a row for each modality.

Letters: L pictures of a clip, S side of a picture, M modalities.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml import configs
from ml.configs import option
from ml.data.clips.modalities import MODALITIES
from ml.data.clips.modalities.flow import FlowOptions
from ml.data.clips.modalities.rgb_difference import DifferenceOptions
from ml.data.clips.pictures import Contrast, Picturing
from ml.data.clips.reading import Wanted, read_clips
from ml.data.clips.sampling import Moments, Sampling, moments
from ml.data.video.clocks import read_clock
from ml.records import VideoRecord, VideoRegion

Sheet = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class PreviewOptions(FlowOptions, DifferenceOptions):
    """As methods over clips have them, with the values of the paper on TS-3DCNN."""

    picture_size: Annotated[
        int, option("Data", "Picture size", "Squeezed to this square", ge=16, le=512)
    ] = 224
    clip_length: Annotated[
        int, option("Data", "Pictures of a clip", "One of each equal segment", ge=2, le=128)
    ] = 16
    frame_rate: Annotated[float, option("Data", "Frame rate", "0: as they are", ge=0, le=240)] = (
        30.0
    )
    contrast: Annotated[Contrast, option("Data", "Contrast", "Of the luminance")] = "none"


def options_of(config: dict[str, Any]) -> PreviewOptions:
    """Those that stand in a method's config, among others. Raise BadInput."""
    names = {each.name for each in fields(PreviewOptions)}
    known = {name: value for name, value in config.items() if name in names}
    parsed: PreviewOptions = configs.parse(PreviewOptions, known, of="the preview")
    return parsed


def preview(
    video: VideoRecord, clip: VideoRegion, options: PreviewOptions
) -> tuple[Sheet, tuple[str, ...], Moments]:
    """(M · S, L · S, 3), the names of the rows, and which moments of the video they are.

    Raise BadInput where the clip does not lie in the video.
    """
    clock = read_clock(video)
    clip.check(video.name, clock.n_frames)
    sampling = Sampling(length=options.clip_length, rate=options.frame_rate)
    wanted = Wanted(
        moments=moments(clock, clip.start_frame, clip.end_frame, sampling), box=clip.box
    )
    picturing = Picturing(size=options.picture_size, contrast=options.contrast)
    [pictures] = read_clips(video, [wanted], picturing)
    known = MODALITIES.load()
    names = ("rgb", *(name for name in sorted(known, reverse=True) if name != "rgb"))
    rows = [np.concatenate(list(known[name].by(options).of(pictures)), axis=1) for name in names]
    return np.concatenate(rows), names, wanted.moments
