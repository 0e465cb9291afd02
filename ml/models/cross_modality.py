"""Weights of a second stream from those of a first that has learnt from pictures.

Cross Modality Pre-Training as Yamashita et al., IPSJ 2021 (in Japanese), have it, and as Wang et
al., Temporal Segment Networks, ECCV 2016, do. O filters of C channels, L S S their sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from torch import Tensor

FirstFilters = Literal["mean_filters", "mean_channels"]
FIRST = "conv1.weight"
OWN = ("conv1.", "bn1.")  # of the second stream: what follows the first convolution learns anew
Tensors = Mapping[str, Tensor]


def first_filters(weights: Tensor, how: FirstFilters) -> Tensor:
    """(O, C, L, S, S) of the first convolution of the second stream.

    `mean_filters`: the mean of all filters, place by place and channel by channel, for each of
    them. `mean_channels`: of each filter its mean over the channels, for each of these.
    """
    axis = 0 if how == "mean_filters" else 1
    return weights.mean(axis, keepdim=True).expand_as(weights).clone()


def second_stream(first_stream: Tensors, how: FirstFilters) -> dict[str, Tensor]:
    """What the second stream takes of a first one's tensors; its first norm is not among them."""
    taken = {name: each for name, each in first_stream.items() if not name.startswith(OWN)}
    return {FIRST: first_filters(first_stream[FIRST], how), **taken}
