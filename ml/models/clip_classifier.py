"""A backbone over clips with a last layer that tells classes apart.

B clips in a batch, L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from torch import Tensor, nn


class ClipClassifier(nn.Module):
    """(B, 3, L, S, S) to logits (B, n_classes), of the `dimension` numbers of the backbone."""

    def __init__(
        self, backbone: nn.Module, dimension: int, n_classes: int, *, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(dimension, n_classes)

    def forward(self, clips: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.dropout(self.backbone(clips)))
        return logits


def as_he_begins(network: nn.Module) -> nn.Module:
    """Convolutions drawn as in He et al., ICCV 2015, by what leaves them, as 3-D ResNets begin."""
    for module in network.modules():
        if isinstance(module, nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network
