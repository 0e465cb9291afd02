"""Weights in MATLAB's format, as Keras 1 code has saved them through SciPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import torch
from torch import Tensor

from ml.records import BadInput


def read_mat_weights(path: Path) -> dict[str, Tensor]:
    """Arrays of numbers by name. What stands in a cell has the cell's name, a dot and its place.

    Empty arrays and cells, as layers without weights have, are left out. Raise BadInput, saying
    what is wrong.
    """
    try:
        with path.open("rb") as file:
            held = scipy.io.loadmat(file)
    except NotImplementedError as error:  # SciPy's word for HDF5
        raise BadInput(
            f"{path.name} is of MATLAB 7.3, which no published weights are: save it as version 7"
        ) from error
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror or error}") from error
    except Exception as error:  # SciPy raises whatever a damaged byte leads it to
        raise BadInput(f"{path.name} is cut off or no .mat file: it cannot be read") from error
    weights: dict[str, Tensor] = {}
    for name, value in held.items():
        if not name.startswith("__"):
            _put(weights, name, value, path.name)
    return weights


def _put(weights: dict[str, Tensor], name: str, value: Any, file_name: str) -> None:
    array = np.asarray(value)
    if not array.size:
        return
    if array.dtype == object:
        for place, each in enumerate(array.ravel()):
            _put(weights, f"{name}.{place}", each, file_name)
    elif array.dtype.kind in "fiu":
        weights[name] = torch.from_numpy(np.array(array, np.float32))
    else:
        raise BadInput(f"{file_name} holds more than numbers: {name!r} is none")
