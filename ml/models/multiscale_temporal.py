"""RTFM's network (Tian et al., Weakly-supervised Video Anomaly Detection with Robust Temporal
Feature Magnitude Learning, ICCV 2021).

B bags, T segments, D numbers of a feature, C = D / 4 channels of each branch.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MultiscaleTemporalNetwork(nn.Module):
    """Adds to each segment what its neighbourhood at three scales, and all others, say of it.

    Keys are those of the published weights, which the importer renames nothing of.
    """

    def __init__(self, dimension: int, *, dropout: float) -> None:
        super().__init__()
        branch = dimension // 4
        self.conv_1, self.conv_2, self.conv_3 = (
            _dilated(dimension, branch, dilation) for dilation in (1, 2, 4)
        )
        self.conv_4 = nn.Sequential(nn.Conv1d(dimension, branch, 1, bias=False), nn.ReLU())
        self.conv_5 = nn.Sequential(
            nn.Conv1d(4 * branch, dimension, 3, padding=1, bias=False),
            nn.ReLU(),
            nn.BatchNorm1d(dimension),
        )
        self.non_local = NonLocal(branch)
        self.dropout = nn.Dropout(dropout)

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B, T, D)"""
        inputs_BDT = bags_BTD.transpose(1, 2)
        scales = [each(inputs_BDT) for each in (self.conv_1, self.conv_2, self.conv_3)]
        everywhere = self.non_local(self.conv_4(inputs_BDT))
        joined = self.conv_5(torch.cat([*scales, everywhere], dim=1))
        features: Tensor = self.dropout(joined + inputs_BDT)
        return features.transpose(1, 2)


class NonLocal(nn.Module):
    """Each segment gets a sum over all others by their dot products, divided by T."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(1, channels // 2)
        self.g, self.theta, self.phi = (nn.Conv1d(channels, inner, 1) for _ in range(3))
        self.W = nn.Sequential(nn.Conv1d(inner, channels, 1), nn.BatchNorm1d(channels))
        # At first it changes nothing.
        nn.init.zeros_(self.W[1].weight)  # type: ignore[arg-type]
        nn.init.zeros_(self.W[1].bias)  # type: ignore[arg-type]

    def forward(self, inputs_BCT: Tensor) -> Tensor:
        """(B, C, T)"""
        alike_BTT = self.theta(inputs_BCT).transpose(1, 2) @ self.phi(inputs_BCT)
        gathered = self.g(inputs_BCT) @ (alike_BTT / inputs_BCT.shape[2]).transpose(1, 2)
        changed: Tensor = self.W(gathered) + inputs_BCT
        return changed


class MagnitudeClassifier(nn.Module):
    """Features of segments, and a score of each."""

    def __init__(self, dimension: int, *, dropout: float) -> None:
        super().__init__()
        self.aggregate = MultiscaleTemporalNetwork(dimension, dropout=dropout)
        self.fc1 = nn.Linear(dimension, 512)
        self.fc2 = nn.Linear(512, 128)
        self.fc3 = nn.Linear(128, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, bags_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, D) and (B, T) in [0, 1]."""
        features = self.aggregate(bags_BTD)
        hidden = self.dropout(torch.relu(self.fc1(features)))
        hidden = self.dropout(torch.relu(self.fc2(hidden)))
        return features, torch.sigmoid(self.fc3(hidden)).squeeze(-1)


def _dilated(dimension: int, channels: int, dilation: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv1d(dimension, channels, 3, dilation=dilation, padding=dilation),
        nn.ReLU(),
        nn.BatchNorm1d(channels),
    )
