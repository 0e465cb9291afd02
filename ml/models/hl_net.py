"""HL-Net (Wu et al., Not only Look, but also Listen, ECCV 2020).

B bags, T segments, D numbers of a feature, C channels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, HIDDEN = 128, 32
SIMILAR = 0.7  # features less alike than this are not alike at all
CAUSAL = 4  # segments before one that the online branch sees
SCORE_SLOPE = 0.1


class HLNet(nn.Module):
    """Logits of segments from graphs over likeness, distance and scores, and an online branch.

    Keys are those of the published weights, where these are of use.
    """

    def __init__(self, dimension: int, *, dropout: float) -> None:
        super().__init__()
        self.conv1d1 = nn.Conv1d(dimension, 512, 1)
        self.conv1d2 = nn.Conv1d(512, WIDTH, 1)
        self.gc1, self.gc3, self.gc5 = (GraphConvolution(WIDTH, HIDDEN) for _ in range(3))
        self.gc2, self.gc4, self.gc6 = (GraphConvolution(HIDDEN, HIDDEN) for _ in range(3))
        self.classifier = nn.Linear(3 * HIDDEN, 1)
        self.approximator = nn.Sequential(
            nn.Conv1d(WIDTH, 64, 1), nn.ReLU(), nn.Conv1d(64, HIDDEN, 1), nn.ReLU()
        )
        self.conv1d_approximator = nn.Conv1d(HIDDEN, 1, CAUSAL + 1)
        self.dropout = nn.Dropout(dropout)
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)

    @property
    def online_branch(self) -> list[nn.Module]:
        return [self.approximator, self.conv1d_approximator]

    def forward(self, bags_BTD: Tensor, is_row_BT: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Logits (B, T) with the whole bag in view, and (B, T) with what came before alone.

        `is_row_BT` is False where a bag is padded; None: nowhere.
        """
        hidden_BCT = self._embedded(bags_BTD)
        online_BT = self._online(hidden_BCT)
        hidden_BTC = hidden_BCT.transpose(1, 2)
        n_segments = bags_BTD.shape[1]
        alike = _normalised(_likeness(bags_BTD), is_row_BT)
        near = _nearness(n_segments, bags_BTD.device).expand(len(bags_BTD), -1, -1)
        # What is learnt here does not change the other branch; what explains scores asks it, too.
        scores_BT = online_BT.detach() if self.training else online_BT
        scored = _normalised(_score_likeness(scores_BT), is_row_BT)
        graphs = [
            (self.gc1, self.gc2, alike),
            (self.gc3, self.gc4, near),
            (self.gc5, self.gc6, scored),
        ]
        joined = torch.cat([self._convolved(hidden_BTC, *graph) for graph in graphs], dim=2)
        return self.classifier(joined).squeeze(-1), online_BT

    def _embedded(self, bags_BTD: Tensor) -> Tensor:
        hidden = self.dropout(torch.relu(self.conv1d1(bags_BTD.transpose(1, 2))))
        embedded: Tensor = self.dropout(torch.relu(self.conv1d2(hidden)))
        return embedded

    def _online(self, hidden_BCT: Tensor) -> Tensor:
        logits: Tensor = self.conv1d_approximator(F.pad(self.approximator(hidden_BCT), (CAUSAL, 0)))
        return logits.squeeze(1)

    def _convolved(
        self, inputs: Tensor, first: GraphConvolution, second: GraphConvolution, adjacency: Tensor
    ) -> Tensor:
        hidden = self.dropout(torch.relu(first(inputs, adjacency)))
        convolved: Tensor = self.dropout(torch.relu(second(hidden, adjacency)))
        return convolved


class GraphConvolution(nn.Module):
    """A sum over neighbours, and the segment itself: as it is, or convolved to the width."""

    def __init__(self, channels: int, out_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(channels, out_channels)))
        self.residual = (
            nn.Identity() if channels == out_channels
            else nn.Conv1d(channels, out_channels, 5, padding=2)
        )  # fmt: skip

    def forward(self, inputs_BTC: Tensor, adjacency_BTT: Tensor) -> Tensor:
        gathered = adjacency_BTT @ (inputs_BTC @ self.weight)
        kept: Tensor = self.residual(inputs_BTC.transpose(1, 2))
        return gathered + kept.transpose(1, 2)


def _likeness(bags_BTD: Tensor) -> Tensor:
    """Cosines of the features, 0 where they are below `SIMILAR`."""
    units = F.normalize(bags_BTD, dim=2)
    return F.threshold(units @ units.transpose(1, 2), SIMILAR, 0.0)


def _nearness(n_segments: int, device: torch.device) -> Tensor:
    """(T, T): exp(−|i − j| / e)."""
    places = torch.arange(n_segments, device=device, dtype=torch.float32)
    return torch.exp(-(places[:, None] - places[None]).abs() / math.e)


def _score_likeness(logits_BT: Tensor) -> Tensor:
    """How near the segments' scores lie to each other, steeply around one half."""
    scores = torch.sigmoid(logits_BT)
    nearness = 1 - (scores[:, :, None] - scores[:, None]).abs()
    return torch.sigmoid((nearness - 0.5) / SCORE_SLOPE)


def _normalised(adjacency_BTT: Tensor, is_row_BT: Tensor | None) -> Tensor:
    """Softmax of each row over the segments that are there; all 0 for those that are not."""
    if is_row_BT is None:
        return adjacency_BTT.softmax(dim=2)
    hidden = adjacency_BTT.masked_fill(~is_row_BT[:, None], -torch.inf).softmax(dim=2)
    return hidden.masked_fill(~is_row_BT[:, :, None], 0.0)
