"""Any detector of Darknet: a .cfg and its .weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ml.bad_input import BadInput
from ml.detectors._base import DETECTORS
from ml.detectors._networks import Candidates, NetworkDetector, Outputs, corners_of, read, why

FIRST_CLASS = 5  # after centre, size and how likely something is there


@DETECTORS.register
class Darknet(NetworkDetector):
    """Rows of its YOLO layers are centre, size, and 1 + C scores, which OpenCV has multiplied."""

    title = "Darknet, by file"
    summary = "Any YOLO network of Darknet, from its .cfg and .weights"
    source = "files that you name"
    files = {"config": "the .cfg of a Darknet network", "weights": "its .weights"}

    def load(self, files: Mapping[str, Path]) -> Any:
        config, weights = files["config"], files["weights"]
        return load_darknet(read(config), read(weights), config.name, weights.name)

    def candidates(self, outputs: Outputs) -> Candidates:
        for each in outputs:
            if each.ndim != 2 or each.shape[1] <= FIRST_CLASS:
                raise BadInput(
                    f"The network ends in {each.shape}, not in YOLO layers: rows of centre, size "
                    "and scores are expected"
                )
        rows = np.concatenate(outputs)
        column = FIRST_CLASS + self.options.person_class
        if column >= rows.shape[1]:
            raise BadInput(
                f"The network knows {rows.shape[1] - FIRST_CLASS} classes: there is no class "
                f"{self.options.person_class}"
            )
        return corners_of(rows), rows[:, column].astype(np.float64)


def load_darknet(config: bytes, weights: bytes, config_name: str, weights_name: str) -> Any:
    """Raise BadInput for files that are none of Darknet, or not of one network."""
    if b"[net]" not in config and b"[network]" not in config:
        raise BadInput(f"{config_name} is no .cfg of Darknet: it has no section [net]")
    if b"[yolo]" not in config and b"[region]" not in config:
        raise BadInput(f"{config_name} is the .cfg of a network without a YOLO layer: no detector")
    try:
        net = cv2.dnn.readNetFromDarknet(
            np.frombuffer(config, np.uint8),
            np.frombuffer(weights, np.uint8),
        )
    except cv2.error as error:
        raise BadInput(
            f"{weights_name} does not hold the weights of the network of {config_name}: "
            f"{why(error)}"
        ) from error
    n_there, n_wanted = _n_numbers(weights), _n_weights(net)
    if n_there != n_wanted:
        raise BadInput(
            f"{weights_name} does not hold the weights of the network of {config_name}: it has "
            f"{n_there:,g} numbers where that has {n_wanted:,}"
        )
    return net


def _n_numbers(weights: bytes) -> float:
    """After the version and how many pictures were seen, which later versions count in 8 bytes."""
    version = np.frombuffer(weights[:8].ljust(8, b"\0"), "<i4")
    header = 20 if version[0] * 10 + version[1] >= 2 else 16
    return max(0, len(weights) - header) / 4


def _n_weights(net: Any) -> int:
    """Of all layers but those of the anchors. OpenCV reads a file that ends before, in silence."""
    layers = (net.getLayer(net.getLayerId(name)) for name in net.getLayerNames())
    return sum(blob.size for layer in layers if layer.type != "Region" for blob in layer.blobs)
