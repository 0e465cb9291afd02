"""A bidirectional LSTM over the segments of a bag, with a score for each of them."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.lstm import BidirectionalLSTM


class RecurrentRanking(nn.Module):
    """Two LSTM layers, then three of 512 (swish), 32 (no activation) and 1 (sigmoid)."""

    def __init__(self, dimension: int, *, width: int, dropout: float) -> None:
        super().__init__()
        self.lstm = BidirectionalLSTM(dimension, width)
        self.fc1 = nn.Linear(2 * width, 512)
        self.fc2 = nn.Linear(512, 32)
        self.fc3 = nn.Linear(32, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B, T) in [0, 1]."""
        hidden = F.silu(self.fc1(self.lstm(bags_BTD)))
        hidden = self.fc2(self.dropout(hidden))
        return torch.sigmoid(self.fc3(self.dropout(hidden))).squeeze(-1)

    @property
    def layer_weights(self) -> list[Tensor]:
        """Of the three layers after the LSTM."""
        return [layer.weight for layer in (self.fc1, self.fc2, self.fc3)]
