"""UR-DMU's network (Zhou et al., Dual Memory Units with Uncertainty Regulation, AAAI 2023).

B bags, T segments, D numbers of a feature, C channels, M entries of a memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, HEADS, LAYERS = 512, 4, 2
ENTRIES_PER_TOP = 16


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What a memory says of segments: how well each fits it (B, T), and what it adds (B, T, C)."""

    fit: Tensor
    added: Tensor


class Memory(nn.Module):
    """Entries that segments are held against; each adds itself as far as it fits."""

    def __init__(self, n_entries: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(WIDTH)
        self.entries = nn.Parameter(torch.empty(n_entries, WIDTH).uniform_(-bound, bound))

    def forward(self, segments_BTC: Tensor) -> Remembered:
        """A segment fits as well as the mean of its best entries, one and another for every 16."""
        fits_BTM = torch.sigmoid(segments_BTC @ self.entries.T / math.sqrt(WIDTH))
        n_best = len(self.entries) // ENTRIES_PER_TOP + 1
        return Remembered(
            fit=fits_BTM.topk(n_best, dim=2).values.mean(2), added=fits_BTM @ self.entries
        )


class DualMemory(nn.Module):
    """Scores of segments from what a memory of normal and one of abnormal ones add to them."""

    def __init__(self, dimension: int, *, n_entries: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Conv1d(dimension, WIDTH, 3, padding=1)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))
        self.normal = Memory(n_entries)
        self.abnormal = Memory(n_entries)
        self.mean = nn.Linear(WIDTH, WIDTH)
        self.log_variance = nn.Linear(WIDTH, WIDTH)
        self.head = nn.Sequential(nn.Linear(2 * WIDTH, 128), nn.ReLU(), nn.Linear(128, 1))

    def forward(self, bags_BTD: Tensor) -> Tensor:
        """(B, T) in [0, 1]."""
        segments = self.embedded(bags_BTD)
        added = self.mean(self.normal(segments).added) + self.mean(self.abnormal(segments).added)
        return self.scores(segments, added)

    def embedded(self, bags_BTD: Tensor) -> Tensor:
        """(B, T, C): each segment with all others in view."""
        segments = torch.relu(self.embedding(bags_BTD.transpose(1, 2))).transpose(1, 2)
        for layer in self.layers:
            segments = layer(segments)
        return segments

    def scores(self, segments_BTC: Tensor, added_BTC: Tensor) -> Tensor:
        logits: Tensor = self.head(torch.cat([segments_BTC, added_BTC], dim=2))
        return torch.sigmoid(logits).squeeze(-1)


class Layer(nn.Module):
    """Attention to what is alike and to what is near, then two linear layers; norms come first."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(WIDTH)
        self.attention = GlobalLocalAttention(dropout)
        self.feed_forward = nn.Sequential(
            nn.LayerNorm(WIDTH),
            nn.Linear(WIDTH, WIDTH), nn.GELU(), nn.Dropout(dropout),
            nn.Linear(WIDTH, WIDTH), nn.Dropout(dropout),
        )  # fmt: skip

    def forward(self, segments_BTC: Tensor) -> Tensor:
        attended = self.attention(self.attention_norm(segments_BTC)) + segments_BTC
        fed: Tensor = self.feed_forward(attended) + attended
        return fed


class GlobalLocalAttention(nn.Module):
    """Each head carries, besides its own attention, a sum by nearness in time."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.to_parts = nn.Linear(WIDTH, 4 * WIDTH, bias=False)
        self.to_out = nn.Sequential(nn.Linear(2 * WIDTH, WIDTH), nn.Dropout(dropout))

    def forward(self, inputs_BTC: Tensor) -> Tensor:
        parts = self.to_parts(inputs_BTC).unflatten(2, (4, HEADS, -1)).permute(2, 0, 3, 1, 4)
        query, key, value, near_value = parts
        alike = F.scaled_dot_product_attention(query, key, value)
        near = _nearness(inputs_BTC) @ near_value
        heads = torch.cat([alike, near], dim=-1).transpose(1, 2).flatten(2)
        attended: Tensor = self.to_out(heads)
        return attended


def _nearness(inputs_BTC: Tensor) -> Tensor:
    """(T, T): exp(−|i − j| / e), column j divided by what its segment has in all."""
    places = torch.arange(inputs_BTC.shape[1], device=inputs_BTC.device, dtype=torch.float32)
    near = torch.exp(-(places[:, None] - places[None]).abs() / math.e)
    return (near / near.sum(1)).to(inputs_BTC.dtype)
