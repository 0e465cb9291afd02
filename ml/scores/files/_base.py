"""What every score file gives: one series of scores, or several by the names of their videos."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ml.catalogue import Catalogue
from ml.records import BadInput

Values = NDArray[np.float64]
Numbers = NDArray[np.int64]
Counts = Literal["frame", "segment", "start"]
MAX_VALUES = 50_000_000
EXACT = 2**53  # from here on two whole numbers may be one float64


@dataclass(frozen=True, kw_only=True)
class Series:
    """Scores of one video as they stand in a file.

    `values` (N,) float64, NaN where the file has none. `places` (N,) rise and are numbers as the
    file counts them, from 0 or from 1: of frames, of segments, or of the frames at which segments
    `start`, whose `lengths` (N,) it may give; without places scores stand one after the other.
    `stated` are fields of `Layout` that the file itself says, and `n_frames` the length that it
    says the video has.
    """

    values: Values
    places: Numbers | None = None
    counts: Counts = "frame"
    lengths: Numbers | None = None
    stated: Mapping[str, Any] = field(default_factory=dict)
    n_frames: int | None = None


@dataclass(frozen=True, kw_only=True)
class ScoreFile:
    """`series` of one video or of several one after the other, or else `by_video`.

    `notes` are sentences about what was made of the file.
    """

    series: Series | None = None
    by_video: Mapping[str, Series] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Format(ABC):
    title: ClassVar[str]

    @classmethod
    @abstractmethod
    def recognises(cls, data: bytes) -> bool: ...

    @classmethod
    @abstractmethod
    def read(cls, data: bytes) -> ScoreFile: ...


FORMATS: Catalogue[Format] = Catalogue("ml.scores.files", "format")
register = FORMATS.register


def vector(given: NDArray[Any]) -> Values:
    """(N,) float64, the same numbers. Raise BadInput where there is no such thing."""
    if given.dtype.kind not in "fiub":
        raise BadInput(f"it holds {_kind_of(given)}, not numbers")
    if given.size != max(given.shape, default=0) or given.ndim == 0:
        raise BadInput(f"shape {given.shape} where one row of scores is expected")
    if given.size > MAX_VALUES:
        raise BadInput(f"{given.size} scores are more than the {MAX_VALUES} that are read")
    flat = given.ravel()
    with np.errstate(over="ignore"):
        values = flat.astype(np.float64)
    _check_exact(flat, values)
    return values


def _kind_of(given: NDArray[Any]) -> str:
    kinds = {"O": "Python objects", "U": "texts", "S": "texts"}
    return kinds.get(given.dtype.kind, str(given.dtype))


def _check_exact(given: NDArray[Any], values: Values) -> None:
    """Numbers that float64 rounds may become equal, and nothing would tell."""
    if given.dtype.kind in "iub":
        is_rounded = np.abs(values) >= EXACT
    else:
        is_rounded = (values != given) & ~np.isnan(values)
    if is_rounded.any():
        first = int(np.argmax(is_rounded))
        raise BadInput(
            f"{given[first]} has more digits than float64, so that scores which differ could "
            "become equal: send their ranks, or take a constant away from all of them"
        )


def of_numbers(given: Sequence[Any]) -> Values:
    """(N,) float64 of Python's numbers, None being NaN. Raise BadInput for anything else."""
    kinds = set(map(type, given))
    if kinds - {int, float, type(None)}:
        raise BadInput(_not_all_numbers(given))
    wholes = [each for each in given if type(each) is int] if int in kinds else []
    if any(abs(each) >= EXACT for each in wholes):
        raise BadInput("whole numbers from 2^53 on are not kept exactly: send their ranks")
    if type(None) in kinds:
        given = [np.nan if each is None else each for each in given]
    return np.array(given, dtype=np.float64)


def _not_all_numbers(given: Sequence[Any]) -> str:
    at, other = next(
        (at, each) for at, each in enumerate(given) if type(each) not in (int, float, type(None))
    )
    if isinstance(other, str):
        return f"its score {at} is the text {other[:40]!r}: write numbers without quotes"
    names = {bool: "true or false", list: "a list", dict: "an object"}
    return f"its score {at} is {names.get(type(other), 'no number')} where a number is expected"
