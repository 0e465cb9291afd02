"""Vectors of texts that describe classes of events, made elsewhere, such as by CLIP."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.normal import is_normal
from ml.records import BadInput, VideoRecord
from ml.supervision import is_abnormal

MAX_BYTES = 64 * 1024**2
NORMAL_ROW = 0


@dataclass(frozen=True, kw_only=True)
class Prompts:
    """`vectors` (C, V): row 0 is of what is normal, the others of `classes`, in their order."""

    vectors: NDArray[np.float32]
    classes: tuple[str, ...]
    sha256: str

    @property
    def width(self) -> int:
        return int(self.vectors.shape[1])

    def row_of(self, video: VideoRecord) -> int:
        """Of the video's class. Raise BadInput for an abnormal one of none of the classes."""
        if not is_abnormal(video):
            return NORMAL_ROW
        if video.label not in self.classes:
            raise BadInput(
                f"{video.name} is labelled {video.label!r}, and there are prompts of "
                f"{', '.join(self.classes)} only"
            )
        return self.classes.index(video.label) + 1


def read_prompts(path: Path, classes: str, videos: Sequence[VideoRecord]) -> Prompts:
    """The .npy file (C, V) at `path`.

    `classes` names the rows after the first, with commas between them; empty: the abnormal classes
    of `videos`, in alphabetical order. Raise BadInput where the file holds no vectors, or not one
    for each class.
    """
    data = _read(path)
    vectors = _loaded(data, path.name)
    named = tuple(filter(None, (each.strip() for each in classes.split(","))))
    named = named or tuple(sorted({video.label for video in videos if is_abnormal(video)}))
    if named and is_normal(named[0]):
        raise BadInput("The first row of prompts is what is normal: name the classes after it")
    if len(set(named)) < len(named):
        raise BadInput(f"A class of prompts is named twice: {', '.join(named)}")
    if len(vectors) != len(named) + 1:
        raise BadInput(
            f"{path.name} has {len(vectors)} rows, where what is normal and the classes "
            f"{', '.join(named)} make {len(named) + 1}"
        )
    return Prompts(vectors=vectors, classes=named, sha256=hashlib.sha256(data).hexdigest())


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path.name} is larger than prompts are: {MAX_BYTES // 1024**2} MiB")
        return path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"The prompts {path.name} cannot be read: {error.strerror or error}"
        ) from error


def _loaded(data: bytes, name: str) -> NDArray[np.float32]:
    try:
        vectors = np.load(io.BytesIO(data), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise BadInput(f"{name} is no .npy file of numbers: {error}") from error
    is_table = isinstance(vectors, np.ndarray) and vectors.ndim == 2 and vectors.dtype.kind == "f"
    if not is_table or not vectors.size:
        raise BadInput(f"{name} holds no vectors of prompts: a row for each class is expected")
    vectors = vectors.astype(np.float32)
    if not np.isfinite(vectors).all() or not vectors.any(axis=1).all():
        raise BadInput(f"{name} holds vectors that are zero or not finite")
    return vectors
