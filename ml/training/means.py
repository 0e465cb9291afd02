"""Means of losses over some steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor


@dataclass
class Means:
    """Means since the last point, summed where the losses are: no step waits for the device."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    n_samples: dict[str, int] = field(default_factory=dict)

    def add(self, losses: Mapping[str, Tensor], n_samples: int) -> None:
        for name, loss in losses.items():
            total = loss.detach().double() * n_samples
            self.sums[name] = self.sums[name] + total if name in self.sums else total
            self.n_samples[name] = self.n_samples.get(name, 0) + n_samples

    def values(self) -> dict[str, float]:
        return {name: float(total) / self.n_samples[name] for name, total in self.sums.items()}

    def to_json(self) -> dict[str, Any]:
        sums = {name: float(total) for name, total in self.sums.items()}
        return {"sums": sums, "n_samples": self.n_samples}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Means:
        sums = {
            name: torch.tensor(total, dtype=torch.float64) for name, total in value["sums"].items()
        }
        return cls(sums=sums, n_samples=dict(value["n_samples"]))
