"""Doubling a map and convolving it, without doubling it first.

After nearest upsampling the four pixels that come of one see only 2×2 different ones: a 3×3 kernel
is then four kernels of 2×2, its taps added up, for the four places. That is less than half of
the work. B maps, C and D channels, H W height and width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

Place = tuple[int, int]  # row and column of a pixel among the four that come of one
# Which taps of a kernel's side fall on the first and on the second pixel, by the place.
TAPS = (((0,), (1, 2)), ((0, 1), (2,)))


def folded(kernel_DC33: Tensor) -> dict[Place, Tensor]:
    """Kernels (D, C, 2, 2) by the place that they compute."""
    return {
        (row, column): _added(_added(kernel_DC33, TAPS[row], dim=2), TAPS[column], dim=3)
        for row in (0, 1)
        for column in (0, 1)
    }


def _added(kernel: Tensor, groups: tuple[tuple[int, ...], ...], *, dim: int) -> Tensor:
    parts = [kernel.narrow(dim, taps[0], len(taps)).sum(dim) for taps in groups]
    return torch.stack(parts, dim)


def grow(x_BCHW: Tensor, kernels: dict[Place, Tensor], bias: Tensor) -> Tensor:
    """(B, D, 2 H, 2 W): as a 3×3 convolution with padding 1 of the map doubled."""
    places = {
        (row, column): F.conv2d(F.pad(x_BCHW, (1 - column, column, 1 - row, row)), kernel, bias)
        for (row, column), kernel in kernels.items()
    }
    first = places[0, 0]
    batch, channels, height, width = first.shape
    grown = torch.empty(
        (batch, channels, 2 * height, 2 * width), dtype=first.dtype, device=first.device,
        memory_format=torch.channels_last,
    )  # fmt: skip
    for (row, column), computed in places.items():
        grown[:, :, row::2, column::2] = computed
    return grown
