"""Networks that find what is bright, in files of the formats that detectors read."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

DARKNET = """[net]
width=64
height=64
channels=3

[convolutional]
filters=6
size=1
stride=1
pad=0
activation=linear

[yolo]
mask = 0
anchors = 10,13
classes=1
num=1
"""
BRIGHT = (40.0, -24.0)  # times the mean of the colours, and more: from 0.6 on something is there


def darknet_files(folder: Path) -> dict[str, Path]:
    """A box of 10 × 13 of the 64 × 64 pixels around each bright one; of one class."""
    folder.mkdir(parents=True, exist_ok=True)
    slope, offset = BRIGHT
    biases = np.array([0, 0, 0, 0, offset, 20], np.float32)  # centre, size, something, class
    weights = np.zeros((6, 3), np.float32)
    weights[4] = slope / 3
    header = struct.pack("<iiiq", 0, 2, 0, 0)
    paths = {"config": folder / "bright.cfg", "weights": folder / "bright.weights"}
    paths["config"].write_text(DARKNET)
    paths["weights"].write_bytes(header + biases.tobytes() + weights.tobytes())
    return paths


def onnx_file(path: Path, *outputs: np.ndarray, side: int = 64) -> Path:
    """A network that gives these numbers, whatever it sees."""
    graph = b""
    for number, output in enumerate(outputs):
        graph += _constant_output(number, output, side)
    graph += _field(2, b"tiny")
    graph += _field(11, _value("x", (1, 3, side, side)))
    for number, output in enumerate(outputs):
        graph += _field(12, _value(f"y{number}", output.shape))
    opset = _field(8, _number(2, 13))
    path.write_bytes(_number(1, 8) + _field(7, graph) + opset)
    return path


def _constant_output(number: int, output: np.ndarray, side: int) -> bytes:
    """Flattened, times 0 and plus the numbers, in their shape."""
    flat = output.astype(np.float32).reshape(1, -1)
    weights = np.zeros((3 * side * side, flat.shape[1]), np.float32)
    names = [f"{name}{number}" for name in ("flat", "w", "b", "row", "shape", "y")]
    flat_name, w, b, row, shape, y = names
    return b"".join([
        _field(1, _node("Flatten", ["x"], [flat_name])),
        _field(1, _node("Gemm", [flat_name, w, b], [row])),
        _field(1, _node("Reshape", [row, shape], [y])),
        _field(5, _tensor(w, weights)),
        _field(5, _tensor(b, flat[0])),
        _field(5, _tensor(shape, np.array(output.shape, np.int64))),
    ])  # fmt: skip


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    named = b"".join(_field(1, name.encode()) for name in inputs)
    named += b"".join(_field(2, name.encode()) for name in outputs)
    return named + _field(3, outputs[0].encode()) + _field(4, kind.encode())


def _tensor(name: str, values: np.ndarray) -> bytes:
    dimensions = b"".join(_number(1, side) for side in values.shape)
    kind = 7 if values.dtype == np.int64 else 1
    return dimensions + _number(2, kind) + _field(8, name.encode()) + _field(9, values.tobytes())


def _value(name: str, shape: Sequence[int]) -> bytes:
    sides = b"".join(_field(1, _number(1, side)) for side in shape)
    return _field(1, name.encode()) + _field(2, _field(1, _number(1, 1) + _field(2, sides)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def options(**changes: Any) -> dict[str, Any]:
    """For the toy videos: every second frame of 10 a second."""
    return {"input_size": 64, "every": 2, "shortest": 4, "longest_gap": 4, "margin": 0.0} | changes
