"""Opens array files that others made: no pickles, nothing that unpacks without end.

The readers of NumPy, SciPy and zipfile raise whatever a damaged byte leads them to (errors of
zlib and of the tokenizer among them), so every exception of theirs is the file's fault here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
import scipy.io
from numpy.typing import NDArray

from ml.data.truth import hdf5
from ml.data.truth.claims import Labels
from ml.data.truth.source import Source
from ml.findings import shortened
from ml.naming import repeated
from ml.records import BadInput

NPY = b"\x93NUMPY"
ZIP = b"PK\x03\x04"
MAT5 = b"MATLAB 5.0 MAT-file"
MAX_ARRAY_BYTES = 1024**3
MAX_MAT_BYTES = 64_000_000


def is_npy(source: Source) -> bool:
    return source.head.startswith(NPY)


def is_npz(source: Source) -> bool:
    return source.head.startswith(ZIP) and all(
        name.endswith(".npy") for name in _members(source.path)
    )


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist() or [""]
    except Exception:
        return [""]


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """The shape of each array of an archive, from its headers alone. Raise BadInput."""
    found: dict[str, tuple[int, ...]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            if twice := repeated(archive.namelist()):
                raise BadInput(f"it has two arrays called {shortened(twice)}")
            for name in archive.namelist():
                with archive.open(name) as member:
                    found[name.removesuffix(".npy")] = _shape_of(member)
    except Exception as error:
        raise BadInput(f"it cannot be read as an archive of arrays: {error}") from error
    return found


def _shape_of(file: IO[bytes]) -> tuple[int, ...]:
    """Raise ValueError where it is no `.npy`."""
    if np.lib.format.read_magic(file) == (1, 0):
        return np.lib.format.read_array_header_1_0(file)[0]
    return np.lib.format.read_array_header_2_0(file)[0]


def read_npy(path: Path) -> NDArray[np.generic]:
    """Raise BadInput where it is no array of plain values."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise BadInput(f"it cannot be read as an array of numbers: {_why(error)}") from error


def read_npz(path: Path) -> Iterator[tuple[str, NDArray[np.generic]]]:
    """Key and array of each member, one at a time. Raise BadInput."""
    try:
        with zipfile.ZipFile(path) as archive:
            largest = max((member.file_size for member in archive.infolist()), default=0)
            twice = repeated(archive.namelist())
        if twice:
            raise BadInput(f"it has two arrays called {shortened(twice)}")
        if largest > MAX_ARRAY_BYTES:
            raise BadInput(f"it would unpack to {largest / 1e9:.1f} GB")
        with np.load(path, allow_pickle=False) as arrays:
            for key in arrays.files:
                yield key, arrays[key]
    except Exception as error:
        raise BadInput(f"it cannot be read as an archive of arrays: {_why(error)}") from error


def _why(error: Exception) -> str:
    """NumPy says in several ways that it will not unpickle."""
    if "pickle" in str(error).lower() or "Python objects" in str(error):
        return "it holds pickled Python objects, which can run code; save plain numbers"
    return str(error)


def mat_variables(source: Source) -> set[str]:
    """Names of what a MATLAB file holds; empty for what is none. Raise BadInput for a damaged one.

    That of 7.3 is meant; others that are damaged are only recognised by nobody.
    """
    if hdf5.is_hdf5(source.head):
        return hdf5.variables(source.path)
    if not source.head.startswith(MAT5) or source.path.stat().st_size > MAX_MAT_BYTES:
        return set()
    try:
        return {name for name, _shape, _kind in scipy.io.whosmat(source.path)}
    except Exception:
        return set()


def read_mat(path: Path, variable: str) -> NDArray[np.generic]:
    """Raise BadInput where the file is no MATLAB file with this variable.

    Structs of MATLAB 7.3 are dicts, the rest is as SciPy gives it.
    """
    if hdf5.is_hdf5(Source(path, path.name).head):
        return hdf5.read(path, variable)
    try:
        return np.asarray(scipy.io.loadmat(path, variable_names=[variable])[variable])
    except Exception as error:
        raise BadInput(f"{path.name} cannot be read as a MATLAB file with {variable}") from error


def is_vector(shape: tuple[int, ...]) -> bool:
    """One long axis: (n,), (1, n) or (n, 1)."""
    return len(shape) > 0 and int(np.prod(shape)) == max(shape)


def as_labels(values: NDArray[np.generic], name: str) -> Labels:
    """(n,) of 0 and 1. Raise BadInput for other shapes and values."""
    if not is_vector(values.shape):
        raise BadInput(f"{name} has shape {values.shape} where one vector is expected")
    if values.dtype.kind not in "biuf" or not np.isin(values, (0, 1)).all():
        raise BadInput(f"{name} has values other than 0 and 1")
    return np.array(values, np.uint8).ravel()  # a copy: a mapped file would stay open


def any_pixel(mask: NDArray[np.generic], name: str) -> Labels:
    """(T,) labels of a (T, H, W) mask: any pixel makes a frame abnormal."""
    if mask.ndim != 3:
        raise BadInput(f"{name} has shape {mask.shape} where frames × height × width is expected")
    if mask.dtype.kind not in "biu" and not np.isin(mask, (0, 1, 255)).all():
        raise BadInput(f"{name} has values other than 0, 1 and 255, as features have")
    return np.array([frame.any() for frame in mask], np.uint8)  # one frame at a time in memory
