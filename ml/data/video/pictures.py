"""The one reader of image files: import, training, scoring, proxies and masks see one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ml.data.video.containers import check_size
from ml.data.video.pixels import Bytes, Scale
from ml.records import BadInput
from ml.signatures import check_no_pointer

# OpenCV's pool and FFmpeg's threads would fight for the same cores.
cv2.setNumThreads(1)
Image.MAX_IMAGE_PIXELS = None  # check_picture() refuses instead, with the limit of videos

NO_SCALE = (
    "its pixels have more than 8 bits, and nobody has said what black and white are: import its "
    "dataset again"
)
READABLE = ("PNG", "JPEG", "BMP", "TIFF", "WEBP")
STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
    b"RIFF",
)
MODES = frozenset({"1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "I;16", "I;16L", "I;16B"})
WITH_ALPHA = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
OF_SEVERAL = ("PNG", "TIFF", "WEBP")  # other pictures in a JPEG are previews


def read_picture(path: Path, *, grey: bool = False, scale: Scale | None = None) -> Bytes:
    """(H, W) grey or (H, W, 3) RGB, upright. Raise BadInput, saying why, when it cannot be read.

    Pixels of 16 bits need a `scale`; those of 8 stay as they are.
    """
    pixels = read_pixels(path, grey=grey)
    if pixels.dtype == np.uint8:
        return pixels
    if scale is None:
        raise BadInput(NO_SCALE)
    return scale(pixels)


def read_pixels(path: Path, *, grey: bool = False) -> NDArray[Any]:
    """As `read_picture`, uint8 or uint16 as they are stored."""
    data = path.read_bytes()
    if not data.startswith(STARTS):
        check_no_pointer(data[:512])
        raise BadInput("it is no PNG, JPEG, BMP, TIFF or WebP image")
    try:
        flags = cv2.IMREAD_ANYDEPTH | (cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
        found: Any = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise BadInput(f"it cannot be read: {error.err}") from error
    if found is None:
        raise BadInput("it cannot be read: it is damaged, cut off, or of a kind that is not known")
    if found.dtype not in (np.uint8, np.uint16):
        raise BadInput(f"its pixels are {_kind(found.dtype)}; write 8 or 16 bits without a sign")
    return found if grey else np.asarray(cv2.cvtColor(found, cv2.COLOR_BGR2RGB))


def check_picture(path: Path) -> tuple[int, int]:
    """Width and height, upright, by the header. Raise BadInput for what would be read wrongly."""
    if path.is_symlink():  # it could lead out of the dataset
        raise BadInput("it is a link, and those are not followed")
    with path.open("rb") as start:
        check_no_pointer(start.read(512))
    try:
        with Image.open(path, formats=READABLE) as image:
            check_size(*image.size)
            _check_kind(image)
            is_turned = image.getexif().get(ORIENTATION) in TURNED and image.format != "TIFF"
            return image.size[::-1] if is_turned else image.size  # of a TIFF it is that as shown
    except UnidentifiedImageError as error:
        raise BadInput(_unidentified(path)) from error
    except MemoryError:
        raise
    except (OSError, ValueError, SyntaxError) as error:  # what Pillow raises on broken files
        raise BadInput(f"it cannot be read: {error}") from error


ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # tag of EXIF, and what turns by a quarter


def _check_kind(image: Image.Image) -> None:
    n_pictures = getattr(image, "n_frames", 1) if image.format in OF_SEVERAL else 1
    if n_pictures > 1:
        raise BadInput(
            f"it holds {n_pictures} pictures, of which one alone would be read: write each into "
            "a file of its own"
        )
    if image.mode in ("F", "I", "I;16S"):
        kind = "floats" if image.mode == "F" else "numbers of 32 bits or with a sign"
        raise BadInput(f"its pixels are {kind}; write 8 or 16 bits without a sign")
    if image.mode in WITH_ALPHA or "transparency" in image.info:
        alpha = np.asarray(image.convert("RGBA").getchannel("A"))
        if alpha.min() < 255:
            raise BadInput("it is transparent in places: write it without an alpha channel")
    elif image.mode not in MODES:
        raise BadInput(f"its colours are {image.mode}, which is not read: write grey or RGB")


def _unidentified(path: Path) -> str:
    with path.open("rb") as file:
        if file.read(12).startswith(STARTS):
            return "its kind of pixels is not read, or it is damaged: write 8 or 16 bits"
    return "it is no PNG, JPEG, BMP, TIFF or WebP image"


def _kind(found: np.dtype[Any]) -> str:
    return "floats" if found.kind == "f" else f"of the kind {found.name}"
