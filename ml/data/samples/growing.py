"""An .npy file of bytes that grows by its first axis while it is written, and is mapped after."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray


class GrowingArray:
    """(n, *shape) uint8 at `path`; n is what was appended within the `with`.

    Written through a file, not through the map: a full disk is then an error, not SIGBUS.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self._path = path
        self._shape = shape
        self._count = 0

    def __enter__(self) -> Self:
        self._file = self._path.open("wb")
        self._write_header()
        return self

    def append(self, row: NDArray[np.uint8]) -> None:
        """One more, of `shape`."""
        self._file.write(np.ascontiguousarray(row).data)
        self._count += 1

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._file.seek(0)
                self._write_header()
        finally:
            self._file.close()

    def mapped(self) -> NDArray[np.uint8]:
        """From disk: the kernel gives its memory back when it is short."""
        return np.asarray(np.load(self._path, mmap_mode="r"))

    def _write_header(self) -> None:
        """NumPy pads the header so that the first axis can grow without moving the data."""
        shape = (self._count, *self._shape)
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
