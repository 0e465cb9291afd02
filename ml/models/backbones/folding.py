"""A network made ready to evaluate clips: norms folded, convolutions as they are fastest."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from ml.models.backbones.planar import make_planar

Norm = nn.BatchNorm2d | nn.BatchNorm3d
Convolution = nn.Conv2d | nn.Conv3d


def made_ready(network: nn.Module, device: torch.device, dtype: torch.dtype) -> nn.Module:
    """It computes the same, but for rounding, of clips that lie channels last."""
    network.eval().requires_grad_(False)
    fold_norms(network)
    network.to(device=device, dtype=dtype, memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
    make_planar(network, with_first=device.type == "cuda")
    return network


def fold_norms(network: nn.Module) -> None:
    """Each norm into the convolution that is registered right before it, which must feed it alone.

    Outputs stay the same but for rounding. What is folded cannot be trained as it was.
    """
    before: nn.Module | None = None
    for name, module in list(network.named_modules()):
        if isinstance(module, Norm):
            assert isinstance(before, Convolution), f"{name} follows no convolution"
            _fold(before, module)
            parent, _, own_name = name.rpartition(".")
            setattr(network.get_submodule(parent), own_name, nn.Identity())
        if not list(module.children()) and list(module.parameters()):
            before = module


def _fold(convolution: Convolution, norm: Norm) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    convolution.weight, convolution.bias = fuse_conv_bn_weights(
        convolution.weight, convolution.bias, norm.running_mean, norm.running_var, norm.eps,
        norm.weight, norm.bias,
    )  # fmt: skip
