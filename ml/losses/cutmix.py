"""CutMix for a discriminator that judges every pixel.

Schönfeld et al., A U-Net Based Discriminator for GANs, CVPR 2020, section 3.2.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ml.device import to_device


def masks(count: int, height: int, width: int, device: torch.device) -> Tensor:
    """(count, 1, height, width) of 0 and 1, where 1 keeps the real pixel.

    A rectangle with the share 1 - r of the area, r uniform, is cut out; with probability one half
    the mask is turned into its opposite. Drawn on the CPU, so that every device draws the same.
    """
    shares, flips = torch.rand(count), torch.rand(count) < 0.5
    centres = torch.rand(count, 2)
    drawn = torch.ones(count, 1, height, width)
    for number in range(count):
        side = math.sqrt(1 - float(shares[number]))
        rows = _span(float(centres[number, 0]), round(side * height), height)
        columns = _span(float(centres[number, 1]), round(side * width), width)
        drawn[number, 0, rows, columns] = 0
        if flips[number]:
            drawn[number] = 1 - drawn[number]
    return to_device(drawn, device)


def _span(centre: float, length: int, size: int) -> slice:
    """`length` places of `size`, cut off at the borders."""
    start = round(centre * size) - length // 2
    return slice(max(0, start), min(size, start + length))


def mix(real: Tensor, fake: Tensor, mask: Tensor) -> Tensor:
    """Real pixels where the mask is 1, generated ones where it is 0."""
    return mask * real + (1 - mask) * fake


def consistency(of_mix: Tensor, of_real: Tensor, of_fake: Tensor, mask: Tensor) -> Tensor:
    """Mean squared distance between the logits of the mix and the mix of the logits."""
    return F.mse_loss(of_mix, mix(of_real, of_fake, mask))


def ramp(position: float, warm_up: float) -> float:
    """From 0 at the start to 1 after `warm_up` epochs; 1 throughout without one."""
    return min(1.0, position / warm_up) if warm_up else 1.0
