"""What a folder of images really holds, when its images are the frames of a video."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ml.data.video.images import DEFAULT_FPS, numbering_of
from ml.data.video.numbering import FrameNumbers, Numbering
from ml.data.video.outline import Outline
from ml.data.video.pictures import check_picture, read_pixels
from ml.data.video.pixels import Bytes, Histogram, Range, Scale
from ml.data.video.probe import Facts, OnFrame
from ml.data.video.timeline import usual_fps
from ml.findings import shortened
from ml.records import BadInput

N_NAMED = 20
Size = tuple[int, int]


def outline_images(folder: Path, *, fps: float | None) -> Outline:
    numbering = numbering_of(folder)
    rate = fps or usual_fps(np.array(numbering.seconds)) or DEFAULT_FPS
    return Outline(n_frames=len(numbering.names), fps=rate)


def probe_images(
    folder: Path,
    seen: Outline,
    *,
    on_frame: OnFrame,
    fps: float | None = None,
    frame_numbers: FrameNumbers = "",
    scale: Scale | None = None,
) -> Facts:
    """Read each image once and hand it on. Raise BadInput naming the unfit ones.

    `fps` is what somebody said the rate is; without it times in the names count.
    """
    numbering = numbering_of(folder).decided(frame_numbers)
    files = [folder / name for name in numbering.names]
    width, height = _common_size(files)
    digest, n_bytes = hashlib.sha256(), 0
    for file in files:
        on_frame(av.VideoFrame.from_ndarray(_read(file, files[0], scale), format="rgb24"))
        n_bytes += file.stat().st_size
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    has_times = bool(numbering.seconds) and not fps
    return Facts(
        pts=np.array(numbering.seconds) if has_times else np.arange(len(files)) / seen.fps,
        nominal_fps=seen.fps,
        width=width,
        height=height,
        rotation=0,
        codec=_codec(files),
        has_audio=False,
        sha256=digest.hexdigest(),
        n_bytes=n_bytes,
        fault=numbering.fault,
        warnings=numbering.warnings,
        notes=(*numbering.notes, *_about_times(numbering, fps)),
    )


def measure_images(folder: Path) -> Range | None:
    """The values that pixels of 16 bits have; None where pixels are bytes."""
    files = [folder / name for name in numbering_of(folder).names]
    if not files or _pixels(files[0]).dtype == np.uint8:
        return None
    found, is_colour = Histogram(), False
    for file in files:
        pixels = _pixels(file)
        if pixels.dtype == np.uint8:
            raise BadInput(f"frame {file.name} has 8 bits a pixel, while {files[0].name} has 16")
        is_colour = is_colour or bool(np.any(pixels != pixels[:, :, :1]))
        found.add(pixels[:, :, 0] if not is_colour else pixels)
    return found.range(is_colour=is_colour)


def read_image(file: Path) -> NDArray[Any]:
    """(H, W, 3) uint8 or uint16 as stored. Raise BadInput for what would be read wrongly."""
    check_picture(file)
    return read_pixels(file)


def _pixels(file: Path) -> NDArray[Any]:
    try:
        return read_image(file)
    except BadInput as error:
        raise BadInput(f"frame {file.name}: {error}") from error


def _read(file: Path, first: Path, scale: Scale | None) -> Bytes:
    """(H, W, 3), as jobs read it."""
    try:
        pixels = read_pixels(file)
        if (pixels.dtype == np.uint8) == (scale is not None):
            bits, others = (16, 8) if scale is None else (8, 16)
            raise BadInput(f"it has {bits} bits a pixel, while {first.name} has {others}")
    except BadInput as error:
        raise BadInput(f"frame {file.name}: {error}") from error
    return pixels if scale is None else scale(pixels)


def _common_size(files: Sequence[Path]) -> Size:
    """Raise BadInput where there is no picture, one is unfit, or not all are of one size."""
    if not files:
        raise BadInput("the folder has no images in it")
    sizes: dict[Path, Size] = {}
    for file in files:
        try:
            sizes[file] = check_picture(file)
        except BadInput as error:
            raise BadInput(f"frame {file.name}: {error}") from error
    usual = Counter(sizes.values()).most_common(1)[0][0]
    others = [f"{file.name} is {w}×{h}" for file, (w, h) in sizes.items() if (w, h) != usual]
    if others:
        like = next(file for file in files if sizes[file] == usual)
        raise BadInput(
            f"frame {shortened(others, N_NAMED)}, while {like.name} is {usual[0]}×{usual[1]}"
        )
    return usual


def _codec(files: Sequence[Path]) -> str:
    return Counter(file.suffix.lower().lstrip(".") for file in files).most_common(1)[0][0]


def _about_times(numbering: Numbering, fps: float | None) -> Iterator[str]:
    if numbering.seconds and fps:
        yield f"the names are times, but {fps:g} frames per second were stated, which count"
    elif numbering.seconds:
        span = float(numbering.seconds[-1] - numbering.seconds[0])
        yield (
            f"its clock is that of the times in the names, from {numbering.names[0]} on: "
            f"{len(numbering.names)} pictures in {span:g} s"
        )
