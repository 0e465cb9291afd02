"""Extractors that are networks over clips: weights of a file, crops, pixels as they were trained.

K crops, L frames of a segment, H W height and width, S side of a crop, D numbers of a feature.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.ahead import ahead
from ml.data.video.resizing import Shorter, Size, Squeezed
from ml.device import Precision, has_bf16, to_device
from ml.extraction._base import PictureExtractor, Row, Segment, Warn, option
from ml.extraction.crops import N_CROPS, ORDERS, Crops, Place, crops_of, places_of
from ml.extraction.segments import Remainder
from ml.models.backbones.folding import made_ready
from ml.records import BadInput, VideoRecord
from ml.weights.networks import load_into

CropKind = Annotated[
    Crops,
    option("Data", "Crops", "The centre; four corners and the centre; these and their mirrors"),
]
ClipPrecision = Annotated[
    Precision,
    option("Model", "Precision", "bf16 is faster where the hardware has it, and rounds to 8 bits"),
]

CLIPS_AT_ONCE = 40  # on a GPU


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """What becomes of pixels 0…255: resized, less `mean`, divided by `deviation`, cropped."""

    resizing: Shorter | Squeezed
    crop: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    normalisation: str  # the same in words
    is_bgr: bool = False

    def __str__(self) -> str:
        return f"{'BGR' if self.is_bgr else 'RGB'}, {self.resize}; {self.normalisation}"

    @property
    def resize(self) -> str:
        return f"{self.resizing}, crops of {self.crop} × {self.crop}"


def of_255(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """What is told of pixels in 0…1."""
    return red * 255, green * 255, blue * 255


def minus_one_to_one(resizing: Shorter | Squeezed) -> Preprocessing:
    return Preprocessing(
        resizing=resizing, crop=224, mean=(127.5,) * 3, deviation=(127.5,) * 3,
        normalisation="pixels to −1…1",
    )  # fmt: skip


class ClipExtractor(PictureExtractor):
    """`preprocessings` are those that its option `preprocessing` names; without one, the only one.

    The config has `crops` and `precision`. `cam_layer` is the last stage that has four steps of 16
    frames, or two where only the first has more: by their end networks have shrunk time so far that
    a map would be the same for all frames of a segment, or nearly so.
    """

    takes_weights = True
    preprocessings: ClassVar[Mapping[str, Preprocessing]]
    cam_layer: ClassVar[str]
    classifier: ClassVar[tuple[str, ...]] = ()  # how names of tensors begin that are not needed

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        super().__init__(device, config, weights)
        assert weights is not None
        _check_precision(device, config.precision)
        default = next(iter(self.preprocessings))
        self.prepared = self.preprocessings[getattr(config, "preprocessing", default)]
        self.preprocessing = str(self.prepared)
        self.n_crops = N_CROPS[config.crops]
        network = self.build()
        load_into(network, weights, unread=self.classifier, renamed=self.our_name)
        self.dtype = torch.bfloat16 if config.precision == "bf16" else torch.float32
        self.network = made_ready(network, device, self.dtype)

    @abstractmethod
    def build(self) -> nn.Module:
        """The network by the config, (B, 3, L, S, S) to (B, D), with any weights."""

    def our_name(self, name: str) -> str:
        """Of a tensor that the file calls `name`."""
        return name

    @property
    def size(self) -> Shorter | Squeezed:
        return self.prepared.resizing

    @property
    def provenance(self) -> dict[str, str]:
        return {
            "resize": self.prepared.resize,
            "normalisation": self.prepared.normalisation,
            "crop_order": ORDERS[self.config.crops],
        }

    def rows(
        self, video: VideoRecord, *, frames_per_row: int, remainder: Remainder, warn: Warn
    ) -> Iterator[Row]:
        """On a GPU many clips at once, while the next ones are decoded."""
        if self.device.type != "cuda":
            return super().rows(
                video, frames_per_row=frames_per_row, remainder=remainder, warn=warn
            )
        at_once = max(1, CLIPS_AT_ONCE // self.n_crops)
        decoded = ahead(self.segments(video, frames_per_row, remainder), 2 * at_once)
        return map(self.finished, self.overlapped(batches_of(decoded, at_once)))

    def features(self, segment: Segment) -> Row:
        with torch.inference_mode():
            # A CPU gains nothing from many clips at once, and reads each from the picture itself.
            features = torch.cat([self.network(_laid_out(clip)) for clip in self.clips(segment)])
        return self.finished(np.asarray(features.float().cpu().numpy(), np.float32))

    def finished(self, row: Row) -> Row:
        """(K, D) as it is written, of what the network gave."""
        return row

    def frames_seen(self, length: int) -> list[int]:
        return list(range(length))

    def places(self, picture: Size) -> list[Place]:
        return places_of(picture, self.prepared.crop, self.config.crops)

    def inputs(self, segment: Segment) -> list[Tensor]:
        return self.clips(segment)

    def features_of(self, clips: Tensor) -> Tensor:
        """(B, D) of (B, 3, L, S, S), differentiable, as `finished` leaves them."""
        features: Tensor = self.network(_laid_out(clips))
        return features.float()

    def clips(self, segment: Segment) -> list[Tensor]:
        """K of (1, 3, L, S, S), views of the normalised pictures."""
        return [crop.permute(3, 0, 1, 2)[None] for crop in self._crops(segment)]

    def _crops(self, segment: Segment) -> list[Tensor]:
        """K of (L, S, S, 3), views."""
        pictures = self._pixels(segment)
        mirror = self._mirrored(segment, pictures) if self.config.crops == "ten" else None
        return crops_of(pictures, self.prepared.crop, self.config.crops, mirrored=mirror)

    def _pixels(self, segment: Segment) -> Tensor:
        return normalised(segment, self.prepared, self.device).to(self.dtype)

    def _mirrored(self, segment: Segment, pictures: Tensor) -> Tensor:
        """On a CPU made of bytes again, which is faster than turning round what they became."""
        return pictures.flip(2) if pictures.is_cuda else self._pixels(mirrored(segment))

    def overlapped(self, batches: Iterable[Sequence[Segment]]) -> Iterator[Row]:
        """(K, D) of each segment; those of a batch are waited for when the next one is begun."""
        begun: deque[_Begun] = deque()
        for batch in batches:
            begun.append(self._begin(batch))
            if len(begun) > 1:
                yield from begun.popleft().rows()
        for last in begun:
            yield from last.rows()

    def _begin(self, batch: Sequence[Segment]) -> _Begun:
        with torch.inference_mode():
            clips = torch.stack([crop for segment in batch for crop in self._crops(segment)])
            features = self.network(clips.permute(0, 4, 1, 2, 3)).float()
            made = features.unflatten(0, (len(batch), -1)).to("cpu", non_blocking=True)
        return _Begun(made, _mark(self.device))


@dataclass(frozen=True)
class _Begun:
    """Features (n, K, D) that are there once `done` has been waited for."""

    features: Tensor
    done: torch.cuda.Event | None

    def rows(self) -> Iterator[Row]:
        if self.done is not None:
            self.done.synchronize()
        yield from self.features.numpy()


def _mark(device: torch.device) -> torch.cuda.Event | None:
    """Of what was handed to the device until now; nothing is waited for on a CPU."""
    if device.type != "cuda":
        return None
    event = torch.cuda.Event()
    event.record(torch.cuda.current_stream(device))
    return event


def batches_of(segments: Iterable[Segment], n: int) -> Iterator[list[Segment]]:
    """`n` at a time, fewer at the end."""
    waiting = iter(segments)
    while batch := list(islice(waiting, n)):
        yield batch


def normalised(segment: Segment, prepared: Preprocessing, device: torch.device) -> Tensor:
    """(L, H, W, 3) of bytes in float32, as the network wants its pixels."""
    pictures = np.ascontiguousarray(segment[..., ::-1] if prepared.is_bgr else segment)
    if device.type != "cuda":
        return _looked_up(pictures, _table(prepared))
    values = to_device(torch.from_numpy(pictures), device)
    # By whole rows: three numbers at a time would be slow.
    rows = values.view(1, -1, values.shape[2] * 3)
    factor, shift = (each.to(device).repeat(values.shape[2]) for each in _scaling(prepared))
    return rows.float().mul_(factor).add_(shift).view(values.shape)


def _scaling(prepared: Preprocessing) -> tuple[Tensor, Tensor]:
    """(3,) each: what bytes are multiplied by, and what is added then."""
    factor = 1 / torch.tensor(prepared.deviation)
    return factor, -torch.tensor(prepared.mean) * factor


def _table(prepared: Preprocessing) -> NDArray[np.float32]:
    """(1, 256, 3): what each byte becomes."""
    factor, shift = _scaling(prepared)
    made = torch.arange(256.0)[None, :, None] * factor + shift
    return np.asarray(made.numpy(), np.float32)


def _looked_up(pictures: Segment, table: NDArray[np.float32]) -> Tensor:
    made = np.empty(pictures.shape, np.float32)
    for picture, own in zip(made, pictures, strict=True):
        cv2.LUT(own, table, dst=picture)
    return torch.from_numpy(made)


def mirrored(pictures: Segment) -> Segment:
    """(L, H, W, 3), left and right exchanged."""
    made = np.empty_like(pictures)
    for picture, own in zip(made, pictures, strict=True):
        cv2.flip(own, 1, dst=picture)
    return made


def _laid_out(clips: Tensor) -> Tensor:
    return clips.contiguous(memory_format=torch.channels_last_3d)


def _check_precision(device: torch.device, precision: Precision) -> None:
    """Not silently something else: the features say how they were computed."""
    if precision == "bf16" and not has_bf16(device):
        raise BadInput("precision: this machine has no instructions for bf16: choose float32")
