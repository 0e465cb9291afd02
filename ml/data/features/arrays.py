"""One file of features: an .npy file, mapped, or lines of numbers. Nothing is unpickled."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.file_kinds import PICKLED
from ml.records import BadInput

DTYPES = ("f2", "f4", "f8")
AXES = {2: ("row", "number"), 3: ("row", "crop", "number")}
MAX_TEXT_BYTES = 2**28
OBJECTS = (
    "holds Python objects, which can run code when they are read: save plain numbers, such as with "
    "np.save of a float32 array"
)


def read_array(path: Path) -> NDArray[np.floating[Any]]:
    """(T, K, D) of an .npy file of (T, D) or (T, K, D), or of lines of D. Raise BadInput."""
    try:
        array = _read_text(path) if path.suffix.lower() == ".txt" else _map(path)
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or error}") from error
    if not isinstance(array, np.ndarray):
        raise BadInput(f"{path.name} holds several arrays where one of features is expected")
    return _checked(array, path.name)


def _map(path: Path) -> Any:
    try:
        # Copied where somebody writes, which no one does: torch warns of what it cannot write to.
        return np.load(path, mmap_mode="c", allow_pickle=False)
    except (ValueError, EOFError) as error:
        if "Python objects" in str(error) or _is_pickled(path):
            raise BadInput(f"{path.name} {OBJECTS}") from error
        raise BadInput(f"{path.name} is no array of numbers: {error}") from error


def _is_pickled(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2).startswith(PICKLED)


def _read_text(path: Path) -> NDArray[np.float32]:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise BadInput(f"{path.name} is larger than {MAX_TEXT_BYTES >> 20} MiB of text")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # that there is nothing in it
            return np.loadtxt(path, dtype=np.float32, ndmin=2)
    except (ValueError, UserWarning) as error:
        raise BadInput(f"{path.name} is no table of numbers: {error}") from error


def _checked(array: NDArray[Any], name: str) -> NDArray[np.floating[Any]]:
    if array.dtype.hasobject:
        raise BadInput(f"{name} {OBJECTS}")
    if array.dtype.kind != "f" or array.dtype.str[1:] not in DTYPES:
        raise BadInput(f"{name} holds {array.dtype}, where features are floating-point numbers")
    if array.ndim not in AXES:
        raise BadInput(
            f"{name} has the shape {array.shape}: rows × numbers are expected, or rows × crops × "
            "numbers"
        )
    if 0 in array.shape:
        axis = AXES[array.ndim][array.shape.index(0)]
        raise BadInput(
            f"{name} has the shape {array.shape}: there is nothing in it, not one {axis}"
        )
    return array[:, np.newaxis] if array.ndim == 2 else array
