"""The spatio-temporal generator: convolutions per frame, a ConvLSTM over a window, a decoder.

B windows, T frames in a window, H W height and width, multiples of 8. Frames are grey.
"""

from __future__ import annotations

from torch import Tensor, nn

from ml.models.layers import ConvLSTMCell, SelfAttention

SCALE = 8  # the code has an eighth of the frame's height and width
GROUPS = 8


class FrameEncoder(nn.Module):
    """(N, 1, H, W) in [-1, 1] to (N, 4 w, H / 8, W / 8): three convolutions of stride 2."""

    def __init__(self, width: int, *, attention: bool) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for before, after in ((1, width), (width, 2 * width), (2 * width, 4 * width)):
            convolution = nn.Conv2d(before, after, 4, stride=2, padding=1)
            blocks += [
                convolution,
                nn.GroupNorm(GROUPS, after),
                nn.LeakyReLU(0.2),
            ]
        if attention:
            blocks.append(SelfAttention(4 * width))
        self.blocks = nn.Sequential(*blocks)

    def forward(self, frames: Tensor) -> Tensor:
        return self.blocks(frames)


class FrameDecoder(nn.Module):
    """(N, C, H / 8, W / 8) to (N, 1, H, W) in [-1, 1]: three transposed convolutions."""

    def __init__(self, code_channels: int, width: int, *, attention: bool) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        sizes = ((code_channels, 2 * width), (2 * width, width), (width, width))
        for number, (before, after) in enumerate(sizes):
            convolution = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
            blocks += [
                convolution,
                nn.GroupNorm(GROUPS, after),
                nn.ReLU(),
            ]
            if attention and number == 0:
                blocks.append(SelfAttention(after))
        self.blocks = nn.Sequential(*blocks, nn.Conv2d(width, 1, 3, padding=1), nn.Tanh())

    def forward(self, code: Tensor) -> Tensor:
        return self.blocks(code)


class STNetwork(nn.Module):
    """Encoder and decoder around a ConvLSTM.

    Neighbouring windows share all but one of their frames, so the convolutions of a frame are
    computed once for all windows that contain it: `encode`, then `remember` for the windows.
    """

    def __init__(self, *, width: int, code_channels: int, attention: bool) -> None:
        super().__init__()
        self.encoder = FrameEncoder(width, attention=attention)
        self.memory = ConvLSTMCell(4 * width, code_channels)
        self.decoder = FrameDecoder(code_channels, width, attention=attention)

    def encode(self, frames_N1HW: Tensor) -> Tensor:
        """What each frame brings to the memory's gates, (N, 4 C, H / 8, W / 8)."""
        return self.memory.from_input(self.encoder(frames_N1HW))

    def remember(self, gates_BT: Tensor) -> list[Tensor]:
        """The hidden state after each frame of (B, T, 4 C, H / 8, W / 8) windows."""
        state = self.memory.first(gates_BT[:, 0])
        states = [state[0]]
        for step in range(1, gates_BT.shape[1]):
            state = self.memory(gates_BT[:, step], state)
            states.append(state[0])
        return states

    def codes(self, windows_BTHW: Tensor) -> list[Tensor]:
        """The hidden states of whole windows in [-1, 1]."""
        n_windows, length = windows_BTHW.shape[:2]
        gates = self.encode(windows_BTHW.flatten(0, 1).unsqueeze(1))
        return self.remember(gates.unflatten(0, (n_windows, length)))
