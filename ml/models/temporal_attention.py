"""Self-attention over the segments of a bag (Lin et al., A Structured Self-attentive Sentence
Embedding, ICLR 2017), as a network of one score per bag.

B bags, T segments, D numbers of a feature, R hops.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ml.models.lstm import BidirectionalLSTM


class TemporalAttention(nn.Module):
    """R weighted means of the segments: A1 = tanh(W1 F), A2 = softmax over time of W2 A1, F A2ᵀ."""

    def __init__(self, dimension: int, *, hidden: int, hops: int, dropout: float) -> None:
        super().__init__()
        self.hidden = nn.Linear(dimension, hidden)
        self.hops = nn.Linear(hidden, hops)
        # On the weights after the softmax, where the authors' code has it.
        self.dropout = nn.Dropout(dropout)

    def weights(self, bags_BTD: Tensor) -> Tensor:
        """(B, T, R), each hop's sum over time 1, before dropout."""
        return torch.softmax(self.hops(torch.tanh(self.hidden(bags_BTD))), dim=1)

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B, D · R), feature-major: number d of hop r is at d · R + r."""
        weights_BTR = self.dropout(self.weights(bags_BTD))
        return torch.einsum("btd,btr->bdr", bags_BTD, weights_BTR).flatten(1)


class AttentionClassifier(nn.Module):
    """One logit per bag, of any length: attention, then two layers without activation between."""

    def __init__(self, dimension: int, *, hidden: int, hops: int, dropout: float) -> None:
        super().__init__()
        self.attention = TemporalAttention(dimension, hidden=hidden, hops=hops, dropout=dropout)
        self.fc1 = nn.Linear(dimension * hops, 32)
        self.fc2 = nn.Linear(32, 1)

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B,)"""
        logits: Tensor = self.fc2(self.fc1(self.attention(bags_BTD)))
        return logits.squeeze(-1)


class RecurrentClassifier(nn.Module):
    """One logit per bag from what a two-layer bidirectional LSTM says at its last step."""

    WIDTH = 256  # each way

    def __init__(self, dimension: int) -> None:
        super().__init__()
        self.lstm = BidirectionalLSTM(dimension, self.WIDTH)
        self.dropout = nn.Dropout(0.5)
        self.fc = nn.Linear(2 * self.WIDTH, 1)

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B,)"""
        logits: Tensor = self.fc(self.dropout(self.lstm(bags_BTD)[:, -1]))
        return logits.squeeze(-1)


class RecurrentAttentionClassifier(nn.Module):
    """The attention classifier over the outputs of a two-layer bidirectional LSTM."""

    def __init__(self, dimension: int, *, hidden: int, hops: int, dropout: float) -> None:
        super().__init__()
        width = RecurrentClassifier.WIDTH
        self.lstm = BidirectionalLSTM(dimension, width)
        self.classifier = AttentionClassifier(2 * width, hidden=hidden, hops=hops, dropout=dropout)

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B,)"""
        logits: Tensor = self.classifier(self.lstm(bags_BTD))
        return logits
