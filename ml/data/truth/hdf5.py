"""MATLAB 7.3 files, which are HDF5: what MATLAB writes there, and nothing that leads elsewhere.

Links to other files, data kept in other files and filters that load code are not followed. Sizes
are asked for before anything is read. MATLAB counts columns first, so axes are turned round.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput

HDF5 = b"\x89HDF\r\n\x1a\n"
OFFSETS = (0, 512)  # MATLAB writes a block of its own before it
MAX_BYTES = 1024**3
MAX_FILE_BYTES = 512_000_000
MAX_CELLS = 1_000_000
FILTERS = {1, 2, 3, 32000}  # deflate, shuffle, checksum, LZF: built in, any other is loaded


def is_hdf5(head: bytes) -> bool:
    return any(head[offset:].startswith(HDF5) for offset in OFFSETS)


def variables(path: Path) -> set[str]:
    """Names of what a file holds. Raise BadInput where it is damaged or too large."""
    with _opened(path) as file:
        return {name for name in file if not name.startswith("#")}


def read(path: Path, variable: str) -> NDArray[Any]:
    """As SciPy gives it: numbers in MATLAB's axes, cells as objects, structs as dicts in objects.

    Raise BadInput where there is no such variable, or it is larger than 1 GiB.
    """
    with _opened(path) as file:
        return _Reading(file).value(_plain_child(file, variable))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import h5py

    if path.stat().st_size > MAX_FILE_BYTES:
        raise BadInput(f"{path.name} is larger than {MAX_FILE_BYTES // 1_000_000} MB")
    try:
        with h5py.File(path, "r", locking=False) as file:
            yield file
    except (BadInput, MemoryError):
        raise
    except Exception as error:  # whatever a damaged byte leads the library to
        raise BadInput(f"{path.name} cannot be read as a MATLAB 7.3 file: {error}") from error


def _plain_child(group: Any, name: str) -> Any:
    """What a group holds under `name`. Raise BadInput for a link into another file."""
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise BadInput(f"{name} is no value of this file")
    return group[name]


class _Reading:
    """One variable with all that it refers to, within one limit on bytes and cells."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._bytes = 0
        self._cells = 0

    def value(self, item: Any, depth: int = 0) -> NDArray[Any]:
        import h5py

        if depth > 4:
            raise BadInput("its cells are nested too deep")
        if isinstance(item, h5py.Group):
            return self._struct(item, depth)
        kind = _text_attribute(item, "MATLAB_class")
        self._check(item)
        if item.attrs.get("MATLAB_empty", 0):
            return np.zeros((0, 0), object if kind == "cell" else np.float64)
        values = np.asarray(item[()])
        if h5py.check_ref_dtype(item.dtype) is h5py.Reference:
            return self._cell(values, depth)
        if kind == "char":
            return np.array(["".join(map(chr, values.T.ravel().tolist()))])
        return values.T

    def _cell(self, references: NDArray[Any], depth: int) -> NDArray[Any]:
        found = np.empty(references.shape, object)
        for place in np.ndindex(references.shape):
            found[place] = self._referred(references[place], depth)
        return found.T

    def _count(self, n: int) -> None:
        self._cells += n
        if self._cells > MAX_CELLS:
            raise BadInput(f"it has more than {MAX_CELLS:,} cells")

    def _referred(self, reference: Any, depth: int) -> NDArray[Any]:
        self._count(1)
        if not reference:
            raise BadInput("a cell refers to nothing")
        return self.value(self._file[reference], depth + 1)

    def _struct(self, group: Any, depth: int) -> NDArray[Any]:
        """(1,) of a dict, or (n,) of a struct array, whose fields are cells."""
        self._count(len(group))
        fields = {name: self.value(_plain_child(group, name), depth + 1) for name in group}
        return np.array([fields, None], object)[:1]

    def _check(self, item: Any) -> None:
        """Raise BadInput before anything is read that lies elsewhere or would not fit."""
        plist = item.id.get_create_plist()
        if item.is_virtual or plist.get_external_count():
            raise BadInput("some of its values lie in other files")
        used = {plist.get_filter(index)[0] for index in range(plist.get_nfilters())}
        if used - FILTERS:
            raise BadInput("it is packed in a way that is not MATLAB's")
        largest = max(math.prod(item.shape or ()), math.prod(item.chunks or ()))
        self._bytes += largest * item.dtype.itemsize
        if self._bytes > MAX_BYTES:
            raise BadInput(f"it would unpack to more than {MAX_BYTES // 1024**3} GiB")


def _text_attribute(item: Any, name: str) -> str:
    value = item.attrs.get(name, b"")
    return value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)
