"""What every score file gives: one array, or arrays by the names of their videos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput

Values = NDArray[np.float64]
MAX_VALUES = 50_000_000


@dataclass(frozen=True, kw_only=True)
class ScoreFile:
    """`values` (N,) of one video or of several one after the other, or else `by_video`."""

    values: Values | None = None
    by_video: Mapping[str, Values] = field(default_factory=dict)


class Format(ABC):
    title: ClassVar[str]

    @classmethod
    @abstractmethod
    def recognises(cls, data: bytes) -> bool: ...

    @classmethod
    @abstractmethod
    def read(cls, data: bytes) -> ScoreFile: ...


FORMATS: dict[str, type[Format]] = {}


def register(layout: type[Format]) -> type[Format]:
    """Add a format to the catalogue under the name of its module."""
    FORMATS[layout.__module__.rpartition(".")[2]] = layout
    return layout


def vector(given: NDArray[Any] | Sequence[Any], *, of: str = "") -> Values:
    """(N,) float64. Raise BadInput where there is no such thing, naming the video `of`."""
    where = f"{of}: " if of else ""
    try:
        values = np.asarray(given)
        if values.dtype.kind in "UO":  # texts of a table, lists of unlike things
            values = values.astype(np.float64)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(f"{where}its scores are not all numbers") from error
    if values.dtype.kind not in "fiub":
        raise BadInput(f"{where}its scores are not all numbers")
    if values.size != max(values.shape, default=0) or values.ndim == 0:
        raise BadInput(f"{where}shape {values.shape} where one row of scores is expected")
    if values.size > MAX_VALUES:
        raise BadInput(f"{where}{values.size} scores are more than the {MAX_VALUES} that are read")
    return values.ravel().astype(np.float64)
