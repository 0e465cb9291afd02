"""NumPy's `.npy`: one array of numbers with one long axis."""

from __future__ import annotations

import io
import tokenize

import numpy as np

from ml.records import BadInput
from ml.scores.files._base import Format, ScoreFile, Series, register, vector

MAGIC = b"\x93NUMPY"
# All of them seen from NumPy's reading of damaged headers, which are Python source.
FAULTS = (ValueError, TypeError, EOFError, OSError, MemoryError, tokenize.TokenError)


@register
class Npy(Format):
    title = "npy"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data.startswith(MAGIC)

    @classmethod
    def read(cls, data: bytes) -> ScoreFile:
        """A header may promise more than there is; NumPy then fails before it takes memory."""
        try:
            values = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
        except FAULTS as error:
            if "Object arrays" in str(error):
                raise BadInput(
                    "it holds Python objects, which are a pickle: save each video's scores as a "
                    "plain array"
                ) from error
            raise BadInput(f"it cannot be read as an array of numbers: {error}") from error
        return ScoreFile(series=Series(values=vector(values)))
