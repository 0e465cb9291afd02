"""Layers in NumPy, written for the tests from their definitions and from nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

Array = NDArray[np.float64]
Weights = Mapping[str, Array]
Sides = tuple[int, ...]  # in time, height and width
NO_PADS = ((0, 0), (0, 0), (0, 0))


def weights_of(module: nn.Module) -> dict[str, Array]:
    return {name: each.detach().double().numpy() for name, each in module.state_dict().items()}


def below(weights: Weights, prefix: str) -> dict[str, Array]:
    """Those whose names begin with `prefix` and a dot."""
    start = f"{prefix}."
    return {name[len(start) :]: each for name, each in weights.items() if name.startswith(start)}


def relu(values: Array) -> Array:
    return np.maximum(values, 0)


def sigmoid(values: Array) -> Array:
    return 1 / (1 + np.exp(-values))


def softmax(values: Array) -> Array:
    """Over the last axis."""
    raised = np.exp(values - values.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))


def linear(inputs_TC: Array, weights: Weights) -> Array:
    return np.asarray(inputs_TC @ weights["weight"].T + weights.get("bias", 0.0))


def conv1d(
    inputs_TC: Array, weights: Weights, *, before: int, after: int = 0, dilation: int = 1
) -> Array:
    """(T', O): `before` and `after` rows of zeros are put at the ends."""
    padded = np.pad(inputs_TC, [(before, after), (0, 0)])
    kernel = weights["weight"]  # (O, C, k)
    n_outputs = len(padded) - dilation * (kernel.shape[2] - 1)
    rows = [
        sum(kernel[:, :, tap] @ padded[place + tap * dilation] for tap in range(kernel.shape[2]))
        for place in range(n_outputs)
    ]
    return np.stack(rows) + weights.get("bias", 0.0)


def batch_norm(inputs_TC: Array, weights: Weights) -> Array:
    """In evaluation mode."""
    centred = inputs_TC - weights["running_mean"]
    scaled = centred / np.sqrt(weights["running_var"] + 1e-5)
    return np.asarray(scaled * weights["weight"] + weights["bias"])


def layer_norm(inputs_TC: Array, weights: Weights) -> Array:
    centred = inputs_TC - inputs_TC.mean(-1, keepdims=True)
    scaled = centred / np.sqrt(inputs_TC.var(-1, keepdims=True) + 1e-5)
    return np.asarray(scaled * weights["weight"] + weights["bias"])


def _windows(
    inputs_CTHW: Array, sides: Sides, stride: Sides, pads: Sequence[tuple[int, int]], value: float
) -> Array:
    """(C, T', H', W', *sides)"""
    padded = np.pad(inputs_CTHW, [(0, 0), *pads], constant_values=value)
    frames, rows, columns = stride
    windows = np.lib.stride_tricks.sliding_window_view(padded, sides, axis=(1, 2, 3))
    return np.asarray(windows[:, ::frames, ::rows, ::columns])


def conv3d(
    inputs_CTHW: Array, weights: Weights, stride: Sides, pads: Sequence[tuple[int, int]]
) -> Array:
    """(O, T', H', W'): `pads` are zeros before and after, in time, height and width."""
    kernel = weights["weight"]
    windows = _windows(inputs_CTHW, kernel.shape[2:], stride, pads, 0.0)
    outputs = np.tensordot(kernel, windows, axes=((1, 2, 3, 4), (0, 4, 5, 6)))
    return outputs + np.reshape(weights.get("bias", np.zeros(len(kernel))), (-1, 1, 1, 1))


def max_pool3d(
    inputs_CTHW: Array, sides: Sides, stride: Sides, pads: Sequence[tuple[int, int]] = NO_PADS
) -> Array:
    windows = _windows(inputs_CTHW, sides, stride, pads, -np.inf)
    return np.asarray(windows.max((4, 5, 6)))


def batch_norm3d(inputs_CTHW: Array, weights: Weights, eps: float = 1e-5) -> Array:
    """In evaluation mode."""
    mean, variance, scale, shift = (
        weights[name].reshape(-1, 1, 1, 1)
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    return np.asarray((inputs_CTHW - mean) / np.sqrt(variance + eps) * scale + shift)
