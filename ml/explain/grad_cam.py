"""Where a convolutional network looks for a score: Grad-CAM, by Captum.

Selvaraju et al., Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization,
ICCV 2017. Nothing here knows what the score is: a method over features that an extractor makes, or
a network's own class.

The gradient by what a layer gives needs nothing of what lies before that layer. So that part is
passed without a graph, which costs as little as when the network scores, and only the rest is
differentiated.

N inputs of a network, C channels of a layer, then its places: H W, or T H W where it sees clips.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from captum.attr import LayerGradCam
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.data.video.resizing import Size
from ml.extraction.crops import Place


@runtime_checkable
class ShowsWhere(Protocol):
    """A network over segments of frames that can be asked where it looks.

    A segment is shown to it as one input or several, such as crops, each of which makes a row of
    its features (K, D). `cam_layer` names the layer of `network` that is asked unless told. What
    that gives of an input has a row for each of the `frames_seen`, (L, C, H, W), or for the clip,
    (1, C, T, H, W), whose steps divide it evenly. Its cells lie evenly over the input.
    """

    network: nn.Module
    cam_layer: str

    def frames_seen(self, length: int) -> list[int]:
        """Of a segment of so many frames those that the network is shown."""

    def inputs(self, segment: NDArray[np.uint8]) -> Sequence[Tensor]:
        """K of them, of a segment (L, H, W[, 3])."""

    def places(self, picture: Size) -> Sequence[Place]:
        """Where each of them lies in the pictures (H, W) of the segment."""

    def features_of(self, pictures: Tensor) -> Tensor:
        """(1, D) of an input, differentiable."""


def grad_cam(
    layer: nn.Module, inputs: Tensor | tuple[Tensor, ...], score: Callable[..., Tensor]
) -> Tensor:
    """Maps (N, *places), never negative, of what the layer gives (N, C, *places).

    `score` makes of the inputs one number, or one for each of a batch of which none depends on the
    others. Equation 1: the weight of a channel is the mean of its gradients over all places;
    equation 2: the sum of the weighted channels, where that is positive. The layer is to be passed
    once and to give places. Raise ValueError where it does not.
    """
    n_passed = 0

    def differentiate_from_here(_layer: nn.Module, _inputs: object, output: Tensor) -> None:
        nonlocal n_passed
        n_passed += 1
        if not isinstance(output, Tensor) or output.ndim not in (4, 5):
            raise ValueError("what the layer gives has no places in a picture")
        torch.set_grad_enabled(True)

    def numbers(*given: Tensor) -> Tensor:
        with torch.no_grad():  # until the layer is passed
            found = score(*given).reshape(-1)
        if n_passed != 1:
            raise ValueError(f"the layer was passed {n_passed} times")
        return found

    hook = layer.register_forward_hook(differentiate_from_here)
    try:
        maps = LayerGradCam(numbers, layer).attribute(inputs, relu_attributions=True)
    finally:
        hook.remove()
    assert isinstance(maps, Tensor)
    return maps[:, 0].detach()


def by_step(maps: Tensor) -> NDArray[np.float32]:
    """(steps, H, W) of the maps of one segment: of its frames, or of the steps of a clip."""
    steps = maps if maps.ndim == 3 else maps.flatten(0, 1)
    return steps.float().cpu().numpy()
