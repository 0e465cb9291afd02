"""Layers that look along space or along time alone, computed in two dimensions.

Kernels for pictures are faster than those for clips. Where clips lie channels last, as the
networks here are given them, the axis that a layer does not look along is folded into the batch,
or height and width into one axis, without a copy. A first layer, which looks along all axes of
few channels, sees the frames of its window as channels side by side.

B clips in a batch, C channels, T frames, H W height and width, P what height and width become.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Sides = tuple[int, int, int]  # in time, height and width
FEW_CHANNELS = 4
MULTIPLE = 8  # of channels, as tensor cores want them


def max_pool(clips: Tensor, kernel: Sides, stride: Sides, padding: Sides = (0, 0, 0)) -> Tensor:
    """As `F.max_pool3d`, which CPUs have a fast kernel for and GPUs have not."""
    if clips.is_cuda:
        return max_pool_by_axes(clips, kernel, stride, padding)
    return F.max_pool3d(clips, kernel, stride, padding)


def max_pool_by_axes(clips: Tensor, kernel: Sides, stride: Sides, padding: Sides) -> Tensor:
    """Along time, then along space."""
    if (kernel[0], stride[0]) != (1, 1):
        rows = F.max_pool2d(_time_rows(clips), (kernel[0], 1), (stride[0], 1), (padding[0], 0))
        clips = _from_time_rows(rows, clips)
    if (kernel[1:], stride[1:]) == ((1, 1), (1, 1)):
        return clips
    return _from_space_rows(
        F.max_pool2d(_space_rows(clips), kernel[1:], stride[1:], padding[1:]), clips
    )


class PointConvolution(nn.Conv3d):
    """Of 1 × 1 × 1, without padding: on a CPU a product of the channels of each place.

    torch's own brings clips that lie channels last into the other order first. It can be trained.
    """

    def forward(self, clips: Tensor) -> Tensor:
        if clips.is_cuda:
            return super().forward(clips)
        frames, rows, columns = self.stride
        kept = clips[:, :, ::frames, ::rows, ::columns]
        channels_last = kept.permute(0, 2, 3, 4, 1).contiguous()
        made = F.linear(channels_last, self.weight.flatten(1), self.bias)
        return made.permute(0, 4, 1, 2, 3)


def make_planar(network: nn.Module, *, with_first: bool) -> None:
    """Replace each convolution that can be one in two dimensions. It cannot be trained then.

    A first one too if `with_first`: that is faster on a GPU, and slower on a CPU.
    """
    for name, module in list(network.named_modules()):
        kind = _kind_for(module) if isinstance(module, nn.Conv3d) else None
        if kind is not None and (with_first or kind is not FirstConvolution):
            parent, _, own_name = name.rpartition(".")
            setattr(network.get_submodule(parent), own_name, kind(module))


def activated(
    layer: nn.Module, norm: nn.Module, inputs: Tensor, added: Tensor | None = None
) -> Tensor:
    """ReLU of what a convolution and its norm make of `inputs`, `added` to it before."""
    if isinstance(layer, PlanarConvolution) and inputs.is_cuda and not torch.is_grad_enabled():
        return layer.activated(inputs, added)
    outputs = norm(layer(inputs))
    return F.relu(outputs if added is None else outputs + added, inplace=True)


class PlanarConvolution(nn.Module, ABC):
    """Of pictures that clips are seen as: `rows` makes them, `clips` undoes it.

    Unless a kind says otherwise, outputs are seen as frames by themselves.
    """

    def __init__(self, convolution: nn.Conv3d, weight: Tensor) -> None:
        """`weight` (C', C, kernel height, kernel width) is the convolution's, seen so."""
        super().__init__()
        laid_out = weight.contiguous(memory_format=torch.channels_last)
        self.weight = nn.Parameter(laid_out, requires_grad=False)
        bias = convolution.bias
        made = weight.new_zeros(len(weight)) if bias is None else bias.detach()
        self.bias = nn.Parameter(made, requires_grad=False)
        self.stride: tuple[int, int] = (1, 1)
        self.padding: tuple[int, int] = (0, 0)

    @abstractmethod
    def rows(self, clips: Tensor) -> Tensor: ...

    def clips(self, rows: Tensor, like: Tensor) -> Tensor:
        return _from_space_rows(rows, like)

    def rows_of_outputs(self, outputs: Tensor) -> Tensor:
        return _space_rows(outputs)

    def forward(self, clips: Tensor) -> Tensor:
        rows = F.conv2d(self.rows(clips), self.weight, self.bias, self.stride, self.padding)
        return self.clips(rows, clips)

    def activated(self, clips: Tensor, added: Tensor | None) -> Tensor:
        """The same with ReLU, by the one kernel that cuDNN has for both."""
        rows = self.rows(clips)
        sides = (self.stride, self.padding, (1, 1), 1)
        if added is None:
            made = torch.cudnn_convolution_relu(rows, self.weight, self.bias, *sides)
        else:
            beside = self.rows_of_outputs(added)
            made = torch.cudnn_convolution_add_relu(
                rows, self.weight, beside, 1.0, self.bias, *sides
            )
        return self.clips(made, clips)


class SpaceConvolution(PlanarConvolution):
    """Of 1 × H × W, of each frame by itself; a stride in time leaves frames out."""

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__(convolution, convolution.weight.detach()[:, :, 0])
        self.step, *stride = convolution.stride
        self.stride = (stride[0], stride[1])
        self.padding = _padding(convolution)[1:]

    def rows(self, clips: Tensor) -> Tensor:
        return _space_rows(clips[:, :, :: self.step])


class TimeConvolution(PlanarConvolution):
    """Of T × 1 × 1, of pictures T high and H · W wide."""

    def __init__(self, convolution: nn.Conv3d) -> None:
        super().__init__(convolution, convolution.weight.detach()[..., 0])
        self.stride = (convolution.stride[0], 1)
        self.padding = (_padding(convolution)[0], 0)

    def rows(self, clips: Tensor) -> Tensor:
        return _time_rows(clips)

    def clips(self, rows: Tensor, like: Tensor) -> Tensor:
        return _from_time_rows(rows, like)

    def rows_of_outputs(self, outputs: Tensor) -> Tensor:
        return _time_rows(outputs)


class FirstConvolution(PlanarConvolution):
    """Of few channels: those of the frames of a window stand side by side, then zeros."""

    def __init__(self, convolution: nn.Conv3d) -> None:
        weight = convolution.weight.detach()
        self.n_frames = weight.shape[2]
        width = weight.shape[1] * self.n_frames
        self.width = -(-width // MULTIPLE) * MULTIPLE
        beside = weight.permute(0, 2, 1, 3, 4).flatten(1, 2)
        super().__init__(convolution, F.pad(beside, (0, 0, 0, 0, 0, self.width - width)))
        self.step, *stride = convolution.stride
        self.stride = (stride[0], stride[1])
        self.before, *padding = _padding(convolution)
        self.padding = (padding[0], padding[1])

    def rows(self, clips: Tensor) -> Tensor:
        n_clips, channels, n_frames, height, width = clips.shape
        n_windows = (n_frames + 2 * self.before - self.n_frames) // self.step + 1
        rows = clips.new_zeros(n_clips, n_windows, height, width, self.width)
        for place in range(self.n_frames):
            # Of the windows whose frame at this place is one of the clip.
            first = max(0, -(-(self.before - place) // self.step))
            end = min(n_windows, (n_frames - 1 + self.before - place) // self.step + 1)
            start = first * self.step + place - self.before
            taken = clips[:, :, start :: self.step][:, :, : end - first]
            beside = slice(place * channels, (place + 1) * channels)
            rows[:, first:end, ..., beside] = taken.permute(0, 2, 3, 4, 1)
        return rows.flatten(0, 1).permute(0, 3, 1, 2)


def _kind_for(
    convolution: nn.Conv3d,
) -> type[SpaceConvolution | TimeConvolution | FirstConvolution] | None:
    """None for one that has to stay as it is."""
    time, *space = convolution.kernel_size
    is_plain = convolution.groups == 1 and set(convolution.dilation) == {1}
    if not is_plain or convolution.padding_mode != "zeros":
        return None
    if time == 1 and convolution.padding[0] == 0:
        return SpaceConvolution
    if space == [1, 1] and convolution.stride[1:] == (1, 1) and _padding(convolution)[1:] == (0, 0):
        return TimeConvolution
    return FirstConvolution if convolution.in_channels <= FEW_CHANNELS else None


def _padding(convolution: nn.Conv3d) -> Sides:
    assert not isinstance(convolution.padding, str)
    frames, rows, columns = convolution.padding
    return frames, rows, columns


def _space_rows(clips: Tensor) -> Tensor:
    """(B, C, T, H, W) as (B · T, C, H, W)."""
    return clips.permute(0, 2, 3, 4, 1).flatten(0, 1).permute(0, 3, 1, 2)


def _from_space_rows(rows: Tensor, like: Tensor) -> Tensor:
    """(B · T, C, H, W) as (B, C, T, H, W), B as of `like`."""
    return rows.permute(0, 2, 3, 1).unflatten(0, (len(like), -1)).permute(0, 4, 1, 2, 3)


def _time_rows(clips: Tensor) -> Tensor:
    """(B, C, T, H, W) as (B, C, T, P)."""
    return clips.permute(0, 2, 3, 4, 1).flatten(2, 3).permute(0, 3, 1, 2)


def _from_time_rows(rows: Tensor, like: Tensor) -> Tensor:
    """(B, C, T, P) as (B, C, T, H, W), H and W as of `like`."""
    return rows.permute(0, 2, 3, 1).unflatten(2, like.shape[3:]).permute(0, 4, 1, 2, 3)
