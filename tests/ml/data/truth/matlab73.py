"""Writes MATLAB 7.3 files as MATLAB does: HDF5, columns first, cells as references."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np


def save(path: Path, **variables: Any) -> Path:
    """Lists become cells (1, n), dicts structs, texts chars, arrays of two axes numbers."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            put(file, file, name, value)
    head = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM"
    with path.open("r+b") as plain:
        plain.write(head)
    return path


def put(file: Any, group: Any, name: str, value: Any) -> None:
    if isinstance(value, dict):
        struct = group.create_group(name)
        struct.attrs["MATLAB_class"] = np.bytes_(b"struct")
        for field, each in value.items():
            put(file, struct, field, each)
    elif isinstance(value, list):
        cell(file, group, name, value)
    elif isinstance(value, str):
        signs = np.array([[ord(sign)] for sign in value], np.uint16)
        stored(group, name, signs, b"char")
    else:
        stored(group, name, np.asarray(value).T, b"double")


def cell(file: Any, group: Any, name: str, values: list[Any]) -> None:
    refs = file.require_group("#refs#")
    names = [f"{name}{index}" for index in range(len(values))]
    for each, value in zip(names, values, strict=True):
        put(file, refs, each, value)
    references = np.array([[refs[each].ref] for each in names], h5py.ref_dtype)
    stored(group, name, references, b"cell")


def stored(group: Any, name: str, values: Any, kind: bytes) -> None:
    if values.size:
        dataset = group.create_dataset(name, data=values)
    else:  # MATLAB keeps the shape of what is empty
        dataset = group.create_dataset(name, data=np.array(values.shape, np.uint64))
        dataset.attrs["MATLAB_empty"] = np.uint8(1)
    dataset.attrs["MATLAB_class"] = np.bytes_(kind)
