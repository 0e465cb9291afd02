"""Checkpoints: tensors in a safetensors file, everything else in a JSON file beside it.

Neither can hold code. The JSON is written last and carries the SHA-256 of the tensors, so
the pair is complete exactly when the JSON is there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.optim import Optimizer

from ml.records import BadInput

FORMAT = 1
Tensors = dict[str, Tensor]


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """What was learnt up to `step`, and what the training loop needs to go on from there.

    `threads` of the CPU, of each of the `processes` that learnt together, decide in which order
    sums are made; 0 where they were not recorded.
    `tensors` are named modules/<module>/<key> and optimisers/<optimiser>/<parameter>/<key>;
    `loop` and `optimisers` are JSON.
    """

    method: str
    config: dict[str, Any]
    seed: int
    step: int
    epoch: float
    threads: int = 0
    processes: int = 1
    tensors: Tensors = field(repr=False)
    optimisers: dict[str, Any] = field(default_factory=dict, repr=False)
    loop: dict[str, Any] = field(default_factory=dict)


def save(checkpoint: Checkpoint, folder: Path) -> tuple[Path, Path]:
    """Write the pair into `folder`; return the paths of weights and state.

    Raise OSError when the disk is full; then nothing new is left in the folder.
    """
    stem = f"step-{checkpoint.step:08d}"
    weights, state = folder / f"{stem}.safetensors", folder / f"{stem}.json"
    data = safetensors.torch.save(checkpoint.tensors)
    facts = {key: value for key, value in vars(checkpoint).items() if key != "tensors"}
    facts |= {"format": FORMAT, "weights_sha256": hashlib.sha256(data).hexdigest()}
    write_atomically(weights, data)
    try:
        write_atomically(state, json.dumps(facts, indent=1).encode())
    except OSError:
        weights.unlink()
        raise
    return weights, state


def load(weights: Path, state: Path) -> Checkpoint:
    """Raise BadInput, saying what is wrong, unless the pair is complete and belongs together."""
    facts = _read_state(state)
    data = _read(weights)
    if hashlib.sha256(data).hexdigest() != facts.pop("weights_sha256"):
        raise BadInput(
            f"{weights.name} is damaged, or is not the file that {state.name} was written with: "
            "its SHA-256 differs"
        )
    try:
        return Checkpoint(tensors=safetensors.torch.load(data), **facts)
    except (SafetensorError, TypeError) as error:
        raise BadInput(f"{weights.name} is not a checkpoint of this program: {error}") from error


def paths_of(place: Path) -> tuple[Path, Path]:
    """Weights and state of `place`: the state (.json), or a folder, whose last one is taken."""
    return latest(place) if place.is_dir() else (place.with_suffix(".safetensors"), place)


def latest(folder: Path) -> tuple[Path, Path]:
    """Weights and state of the last step saved in `folder`."""
    states = sorted(folder.glob("step-*.json"))
    if not states:
        raise BadInput(f"There is no checkpoint in {folder}")
    return states[-1].with_suffix(".safetensors"), states[-1]


def write_atomically(path: Path, data: bytes) -> None:
    """Afterwards `path` holds `data`, on disk, or is as it was before."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def pack(modules: Mapping[str, nn.Module], optimisers: Mapping[str, Optimizer]) -> Tensors:
    """Copies of all tensors, on the CPU."""
    tensors = {
        f"modules/{name}/{key}": value
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }
    for name, optimiser in optimisers.items():
        for index, state in optimiser.state_dict()["state"].items():
            tensors |= {f"optimisers/{name}/{index}/{key}": state[key] for key in state}
    # A clone keeps channels-last strides, which safetensors refuses.
    return {
        name: value.detach().clone(memory_format=torch.contiguous_format).cpu()
        for name, value in tensors.items()
    }


def restore_modules(checkpoint: Checkpoint, modules: Mapping[str, nn.Module]) -> None:
    """Raise BadInput unless every tensor is there, in its shape, and no other."""
    for name, module in modules.items():
        given = _below(checkpoint.tensors, f"modules/{name}/")
        expected = module.state_dict()
        _refuse("lacks", name, expected.keys() - given.keys())
        _refuse("has the unknown", name, given.keys() - expected.keys())
        # Lazy ones take the shape that they are given: the data gave a first layer its width.
        known = {key: value for key, value in expected.items() if not is_lazy(value)}
        wrong = {key for key in known if known[key].shape != given[key].shape}
        _refuse("has another shape of", name, wrong)
        module.load_state_dict(given)


def restore_optimisers(checkpoint: Checkpoint, optimisers: Mapping[str, Optimizer]) -> None:
    for name, optimiser in optimisers.items():
        state: dict[int, Tensors] = {}
        for key, value in _below(checkpoint.tensors, f"optimisers/{name}/").items():
            index, _, entry = key.partition("/")
            state.setdefault(int(index), {})[entry] = value
        try:
            groups = checkpoint.optimisers[name]
            optimiser.load_state_dict({"state": state, "param_groups": groups})
        except (KeyError, ValueError) as error:
            raise BadInput(f"The checkpoint does not fit the optimiser {name}: {error}") from error


def _below(tensors: Tensors, prefix: str) -> Tensors:
    return {
        key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)
    }


def _refuse(fault: str, module: str, keys: set[str]) -> None:
    if keys:
        raise BadInput(
            f"The checkpoint {fault} {len(keys)} tensors of the {module}, first {min(keys)!r}: "
            "it was made with another version or config of the method"
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path.name} cannot be read: {error.strerror}") from error


def _read_state(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(_read(path))
        version = facts.pop("format")
        facts["weights_sha256"] = str(facts["weights_sha256"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path.name} is damaged or not the state of a checkpoint") from error
    if version != FORMAT:
        raise BadInput(f"{path.name} has format {version}; this program reads format {FORMAT}")
    return dict(facts)


def _sync_folder(folder: Path) -> None:
    """A rename is on disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
