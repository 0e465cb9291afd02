"""Files of weights, read without running any code in them: safetensors, torch's own, MATLAB's."""

from __future__ import annotations

import errno
import pickle  # noqa: TID251  the name of an exception, nothing is loaded with it
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from ml.records import BadInput
from ml.weights.mat_files import read_mat_weights

WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "net_g")
PARALLEL = "module."  # what DataParallel puts before each name


def read_weights(path: Path) -> dict[str, Tensor]:
    """Tensors by name, on the CPU, out of what wraps them. Raise BadInput, saying what is wrong."""
    if path.suffix.lower() == ".mat":
        return read_mat_weights(path)
    weights = _unwrapped(_loaded(path))
    if not isinstance(weights, Mapping) or not weights:
        raise BadInput(f"{path.name} holds no tensors by name: a state dict is expected")
    if strange := [key for key, value in weights.items() if not isinstance(value, Tensor)]:
        raise BadInput(f"{path.name} holds more than tensors: {strange[0]!r} is none")
    has_prefix = all(str(key).startswith(PARALLEL) for key in weights)
    return {
        str(key).removeprefix(PARALLEL if has_prefix else ""): value.detach()
        for key, value in weights.items()
    }


def _loaded(path: Path) -> Any:
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        if error.errno == errno.EINVAL:  # torch has looked for what lies before the first byte
            raise BadInput(_why_cut_off(path)) from error
        raise BadInput(f"{path.name} cannot be read: {error.strerror or error}") from error
    except SafetensorError as error:
        raise BadInput(f"{path.name} is not a whole safetensors file: {error}") from error
    except pickle.UnpicklingError as error:
        raise BadInput(_why_not_unpickled(path)) from error
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError) as error:
        raise BadInput(_why_cut_off(path)) from error


def _why_cut_off(path: Path) -> str:
    return f"{path.name} is cut off or no file of weights: torch cannot read it to its end"


def _why_not_unpickled(path: Path) -> str:
    return (
        f"{path.name} holds Python objects besides tensors, such as a whole pickled network, and "
        "loading these could run any code. It is not read: save its state_dict() instead"
    )


def _unwrapped(value: Any) -> Any:
    for name in WRAPPERS:
        if isinstance(value, Mapping) and isinstance(value.get(name), Mapping):
            return value[name]
    return value
