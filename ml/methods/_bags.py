"""Bags as tensors on the device: held there where they fit, else brought batch by batch.

B bags, T segments, K crops, D numbers of a feature.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ml.data.features.bags import BagStore, Rows
from ml.device import free_bytes, to_device
from ml.training.plan import Indices

HELD_SHARE = 0.5  # of the memory that is free: the rest is for the network and its gradients
COPIED_VIDEOS = 64  # at once, so that main memory never holds a second copy


class DeviceBags:
    """What `store` holds, as float32 tensors on the device; the numbers are the same either way.

    A GPU holds all bags, as the store has them, where they take no more than half of its free
    memory. A CPU reads the map: the page cache holds it already.
    """

    def __init__(self, store: BagStore, device: torch.device) -> None:
        self.store = store
        self.device = device
        fits = store.bags.nbytes <= HELD_SHARE * free_bytes(device)
        self.held = _copied(store, device) if fits else None

    def take(self, samples: Indices, *, crop_by_crop: bool) -> Tensor:
        """(B, T, D) of crops, or (B, K, T, D) of videos."""
        if self.held is None and self.device.type == "cpu":
            return _widened(self.store.laid(crop_by_crop=crop_by_crop), samples)
        if self.held is None:
            taken = self.store.take(samples, crop_by_crop=crop_by_crop)
            return to_device(torch.from_numpy(taken), self.device).float()
        bags = self.held.flatten(0, 1) if crop_by_crop else self.held
        return bags[to_device(torch.from_numpy(samples), self.device)].float()


def _widened(bags: Rows, samples: Indices) -> Tensor:
    """Those of `samples` as float32: each copied once, and widened on the way."""
    whole = torch.from_numpy(bags)
    made = torch.empty((len(samples), *whole.shape[1:]))
    for bag, number in zip(made, samples.tolist(), strict=True):
        bag.copy_(whole[number])
    return made


def _copied(store: BagStore, device: torch.device) -> Tensor:
    kind = torch.float16 if store.bags.dtype.itemsize == 2 else torch.float32
    held = torch.empty(store.bags.shape, dtype=kind, device=device)
    for first in range(0, len(store.bags), COPIED_VIDEOS):
        part = store.bags[first : first + COPIED_VIDEOS].copy()
        held[first : first + len(part)].copy_(torch.from_numpy(part))
    return held
