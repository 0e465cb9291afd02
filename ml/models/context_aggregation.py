"""PEL4VAD's network (Pu et al., Learning Prompt-Enhanced Context Features, IEEE TIP 2024).

B bags, T segments, D numbers of a feature, H of the attention, V of a context feature.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ContextAggregation(nn.Module):
    """Scores of segments by a causal convolution over their context features.

    `window` is how many segments local attention sees, `slope` and `offset` what nearness in time
    begins with, `causal` over how many segments, itself and those before, a score is made.
    """

    def __init__(
        self,
        dimension: int,
        *,
        context: int,
        attention: int,
        hidden: int,
        window: int,
        causal: int,
        is_normed: bool,
        dropout: float,
        slope: float,
        offset: float,
        temperature: float,
    ) -> None:
        super().__init__()
        self.nearness = Nearness(slope, offset)
        self.attention = GlobalLocalAttention(
            dimension, attention, window=window, is_normed=is_normed
        )
        self.norm = nn.LayerNorm(dimension)
        self.to_context = nn.Conv1d(dimension, context, 1)
        self.to_hidden = nn.Conv1d(context, hidden, 1)
        self.classifier = nn.Conv1d(hidden, 1, causal)
        self.dropout = nn.Dropout(dropout)
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / temperature)))
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d | nn.Linear):
                nn.init.xavier_uniform_(layer.weight)

    def forward(self, bags_BTD: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (B, T) in [0, 1] and context features (B, T, V)."""
        attended = self.attention(bags_BTD, self.nearness(bags_BTD.shape[1]))
        normed_BDT = self.norm(bags_BTD + attended).transpose(1, 2)
        context_BVT = self.dropout(F.gelu(self.to_context(normed_BDT)))
        hidden = self.dropout(F.gelu(self.to_hidden(context_BVT)))
        before = self.classifier.kernel_size[0] - 1
        logits = self.classifier(F.pad(hidden, (before, 0)))
        return torch.sigmoid(logits.squeeze(1)), context_BVT.transpose(1, 2)

    def likeness(self, features: Tensor, others: Tensor) -> Tensor:
        """(n, m): cosines of (n, V) to (m, V), times what is learnt of their scale."""
        return self.log_scale.exp() * F.normalize(features, dim=1) @ F.normalize(others, dim=1).T


class Nearness(nn.Module):
    """The dynamic position encoding: exp(−|slope · (i − j)² − offset|), both learnt."""

    def __init__(self, slope: float, offset: float) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([slope]))
        self.offset = nn.Parameter(torch.tensor([offset]))

    def forward(self, n_segments: int) -> Tensor:
        """(T, T)"""
        places = torch.arange(n_segments, device=self.slope.device, dtype=torch.float32)
        squares = (places[:, None] - places[None]).square()
        return torch.exp(-(self.slope * squares - self.offset).abs())


class GlobalLocalAttention(nn.Module):
    """One matrix of likeness read twice, over all segments and over near ones, and mixed.

    `is_normed`: the signed root of the mixture, each of its numbers then 1 long over time.
    """

    def __init__(self, dimension: int, width: int, *, window: int, is_normed: bool) -> None:
        super().__init__()
        self.query = nn.Linear(dimension, width)
        self.key = nn.Linear(dimension, width)
        self.value = nn.Linear(dimension, width)
        self.to_out = nn.Linear(width, dimension)
        self.mixing = nn.Parameter(torch.tensor(0.0))
        self.window = window
        self.is_normed = is_normed

    def forward(self, inputs_BTD: Tensor, nearness_TT: Tensor) -> Tensor:
        """(B, T, D)"""
        query, key, value = (layer(inputs_BTD) for layer in (self.query, self.key, self.value))
        alike = query @ key.transpose(1, 2) / math.sqrt(query.shape[2]) + nearness_TT
        is_far = ~_is_near(alike.shape[1], self.window, alike.device)
        everywhere = alike.softmax(dim=2) @ value
        nearby = alike.masked_fill(is_far, -torch.inf).softmax(dim=2) @ value
        share = torch.sigmoid(self.mixing)
        mixed_BTH = share * everywhere + (1 - share) * nearby
        if self.is_normed:
            mixed_BTH = F.normalize(_signed_root(mixed_BTH), dim=1)
        out: Tensor = self.to_out(mixed_BTH)
        return out


def _is_near(n_segments: int, window: int, device: torch.device) -> Tensor:
    """(T, T): where j is one of the `window` segments around i, of an even one more before it."""
    places = torch.arange(n_segments, device=device)
    gaps = places[None] - places[:, None]
    before = window // 2
    return (gaps >= -before) & (gaps < window - before)


def _signed_root(values: Tensor) -> Tensor:
    return values.relu().sqrt() - (-values).relu().sqrt()
