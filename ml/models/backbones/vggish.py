"""VGGish (Hershey et al., CNN Architectures for Large-Scale Audio Classification, ICASSP 2017).

Names of weights are those of torchvggish (harritaylor/torchvggish) and its like.
"""

from __future__ import annotations

from torch import Tensor, nn

DIMENSION = 128
WIDTHS = ((64,), (128,), (256, 256), (512, 512))  # of the layers between halvings
HIDDEN = 4096
REST = 6 * 4  # of a patch of 96 × 64, halved four times


class VGGish(nn.Module):
    """(B, 1, 96, 64), windows of 10 ms by mel bands, to (B, 128), none below 0."""

    def __init__(self) -> None:
        super().__init__()
        channels = 1
        layers: list[nn.Module] = []
        for widths in WIDTHS:
            for width in widths:
                layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
                channels = width
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.embeddings = nn.Sequential(
            nn.Linear(channels * REST, HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, DIMENSION), nn.ReLU(),
        )  # fmt: skip

    def forward(self, patches: Tensor) -> Tensor:
        features: Tensor = self.features(patches)
        # The weights were learnt where channels come last.
        flat = features.permute(0, 2, 3, 1).flatten(1)
        embedded: Tensor = self.embeddings(flat)
        return embedded
