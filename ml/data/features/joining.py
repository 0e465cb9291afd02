"""Features of one video that lie in several files: crops side by side, numbers one after another.

They are joined when they are opened, a few rows at a time, into a scratch file without a name that
is mapped like any other: nothing is copied for good, and memory stays flat.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.features.arrays import read_array
from ml.records import BadInput, FeaturePart

Rows = NDArray[np.floating[Any]]
ROWS_AT_ONCE = 256


def joined(parts: Sequence[FeaturePart]) -> Rows:
    """(T, K, D). Raise BadInput where the files do not fit each other."""
    crops = [crops_of(part) for part in parts]
    n_rows, n_crops = n_rows_of(parts, crops), max(map(len, crops))
    _check_crops(parts, crops, n_crops)
    dimension = sum(each[0].shape[1] for each in crops)
    with tempfile.TemporaryFile() as file:
        # Written, not mapped for writing: a full disk is then an error, not a signal.
        for first in range(0, n_rows, ROWS_AT_ONCE):
            rows = np.arange(first, min(n_rows, first + ROWS_AT_ONCE))
            file.write(_block(parts, crops, rows, n_crops).data)
        file.flush()
        return np.memmap(file, np.float32, "c", shape=(n_rows, n_crops, dimension))


def crops_of(part: FeaturePart) -> list[Rows]:
    """(T, D) of each crop; a file may also hold all of them. Raise BadInput where they differ."""
    files = [(Path(path).name, read_array(Path(path))) for path in part.paths]
    if len(files) == 1:
        return list(files[0][1].transpose(1, 0, 2))
    first_name, first = files[0]
    for name, rows in files:
        if rows.shape[1] != 1:
            raise BadInput(f"{name} has {rows.shape[1]} crops where each file is one")
        if rows.shape != first.shape:
            raise BadInput(
                f"{name} has {rows.shape[0]} rows of {rows.shape[2]} numbers, and {first_name} "
                f"{first.shape[0]} of {first.shape[2]}"
            )
    return [rows[:, 0] for _name, rows in files]


def n_rows_of(parts: Sequence[FeaturePart], crops: Sequence[Sequence[Rows]]) -> int:
    """The fewest that parts paired row by row have: what one of them lacks is dropped."""
    return min(len(each[0]) for part, each in zip(parts, crops, strict=True) if part.step == 1)


def _check_crops(
    parts: Sequence[FeaturePart], crops: Sequence[Sequence[Rows]], n_crops: int
) -> None:
    """Raise BadInput unless a part has a crop for each, or one for all as sound has."""
    for part, each in zip(parts, crops, strict=True):
        if len(each) not in (1, n_crops):
            name = Path(part.paths[0]).name
            raise BadInput(f"{name} and its like are {len(each)} crops where others are {n_crops}")


def _block(
    parts: Sequence[FeaturePart],
    crops: Sequence[Sequence[Rows]],
    rows: NDArray[np.int64],
    n_crops: int,
) -> NDArray[np.float32]:
    """(n, K, D) of some rows."""
    blocks = []
    for part, each in zip(parts, crops, strict=True):
        taken = np.minimum(((rows + 0.5) * part.step).astype(np.int64), len(each[0]) - 1)
        stacked = np.stack([crop[taken] for crop in each], axis=1, dtype=np.float32)
        blocks.append(np.broadcast_to(stacked, (len(rows), n_crops, stacked.shape[2])))
    return np.ascontiguousarray(np.concatenate(blocks, axis=2))
