"""The accuracies that Jo and Yu print of 3-D ResNets, by depth and by what was learnt before.

Which clips were tested the paper does not say. All of its numbers are whole counts of 125 clips
with ordinary rounding, and of no fewer: neighbours of its tables differ by one or two of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.metrics import wilson

SOURCE = "Jo, Yu, Anomaly Detection using Transfer Learning based on 3D ResNet (in Korean)"
N = 125
ORDER = ("K700", "STAIR", "MiT", "K700+MiT", "MiT+STAIR", "K700+MiT+STAIR")
PERCENT: dict[tuple[str, int], dict[str, float]] = {
    ("r3d", 18): {"K700": 93.6, "K700+MiT": 96.8},
    ("r3d", 34): {"K700": 96.8, "K700+MiT": 93.6},
    ("r3d", 50): {
        "K700": 98.4, "STAIR": 95.2, "MiT": 92.0, "K700+MiT": 98.4, "MiT+STAIR": 96.8,
        "K700+MiT+STAIR": 95.2,
    },
    ("r3d", 101): {"K700": 98.4, "K700+MiT": 95.2},
    ("r3d", 152): {"K700": 93.6, "K700+MiT": 95.2},
    ("r3d", 200): {"K700": 95.2, "K700+MiT": 93.6},
    ("r2plus1d", 50): {"K700": 96.8, "K700+MiT": 98.4},
}  # fmt: skip
METHOD = "resnet3d"
NAMES = {"r3d": "3D ResNet", "r2plus1d": "R(2+1)D"}


@dataclass(frozen=True, kw_only=True)
class Printed:
    """An accuracy of the paper, and the count that it fits."""

    percent: float

    @property
    def n_right(self) -> int:
        return round(self.percent * N / 100)

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.n_right, N)


def printed_for(method: str | None, config: Mapping[str, Any], title: str) -> Printed | None:
    """Beside a row whose variant is called as the paper calls what was learnt before."""
    if method != METHOD:
        return None
    row = PERCENT.get((config.get("architecture", "r3d"), config.get("depth", 50)), {})
    percent = row.get(title.replace(" ", ""))
    return None if percent is None else Printed(percent=percent)


def printed_grid() -> list[tuple[str, list[Printed | None]]]:
    """Both tables as one: a line per network, a column per `ORDER`."""
    return [
        (
            f"{NAMES[architecture]}-{depth}",
            [Printed(percent=row[name]) if name in row else None for name in ORDER],
        )
        for (architecture, depth), row in PERCENT.items()
    ]
