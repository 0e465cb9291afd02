"""What a folder of images really holds, when its images are the frames of a video."""

from __future__ import annotations

import hashlib
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from ml.data.images import DEFAULT_FPS, image_files
from ml.data.probe import Facts, OnFrame, Outline, check_size
from ml.data.signatures import check_no_pointer
from ml.records import BadInput

READABLE = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
Image.MAX_IMAGE_PIXELS = None  # check_size() refuses instead, with the limit of videos


def outline_images(folder: Path, *, fps: float | None) -> Outline:
    return Outline(n_frames=len(image_files(folder)), fps=fps or DEFAULT_FPS)


def probe_images(folder: Path, seen: Outline, *, on_frame: OnFrame) -> Facts:
    """Read each image once and hand it on. Raise BadInput naming the first unfit one."""
    digest, n_bytes, size, codec = hashlib.sha256(), 0, (0, 0), ""
    files = image_files(folder)
    if not files:
        raise BadInput("the folder has no images in it")
    for file in files:
        frame, codec = _read(file)
        size = size if any(size) else (frame.width, frame.height)
        _check_same_size(file, frame, files[0], size)
        on_frame(frame)
        n_bytes += file.stat().st_size
        digest.update(f"{file.name}\0{file.stat().st_size}\0".encode() + file.read_bytes())
    return Facts(
        pts=np.arange(len(files)) / seen.fps,
        nominal_fps=seen.fps,
        width=size[0],
        height=size[1],
        rotation=0,
        codec=codec,
        has_audio=False,
        sha256=digest.hexdigest(),
        n_bytes=n_bytes,
    )


def read_image(file: Path) -> Image.Image:
    """RGB or 8-bit grey, upright. Raise BadInput, saying why, when it cannot be read."""
    if file.is_symlink():  # it could lead out of the dataset
        raise BadInput("it is a link, and those are not followed")
    with file.open("rb") as start:
        check_no_pointer(start.read(512))
    try:
        with Image.open(file, formats=READABLE) as image:
            check_size(*image.size)
            return _eight_bits(ImageOps.exif_transpose(image))
    except MemoryError:
        raise
    except UnidentifiedImageError as error:
        raise BadInput("it is no PNG, JPEG, BMP, TIFF or WebP image") from error
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises on broken files
        raise BadInput(f"it cannot be read: {error}") from error


def _read(file: Path) -> tuple[av.VideoFrame, str]:
    try:
        image = read_image(file)
    except BadInput as error:
        raise BadInput(f"frame {file.name}: {error}") from error
    return av.VideoFrame.from_image(image.convert("RGB")), file.suffix.lower().lstrip(".")


def _eight_bits(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _check_same_size(file: Path, frame: av.VideoFrame, first: Path, size: tuple[int, int]) -> None:
    if (frame.width, frame.height) != size:
        raise BadInput(
            f"frame {file.name} is {frame.width}×{frame.height}, "
            f"while {first.name} is {size[0]}×{size[1]}"
        )
