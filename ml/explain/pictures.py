"""Where in the frames scores come from that a method gave to features: back to the pixels.

The features of a row are made once more from its frames, and the score's gradient goes back through
the method and the network that makes them. That has to be the network that made those of the video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ml.data.features import Features, open_features
from ml.data.video.decode import decode
from ml.data.video.resizing import Size
from ml.explain.grad_cam import ShowsWhere, by_step, grad_cam
from ml.explain.laying import Map, cells_of, over_picture
from ml.explain.maps import LEVELS, Maps
from ml.explain.segments import ExplainsSegments, bag_of_rows, rows_between
from ml.extraction import EXTRACTORS, Extractor, PictureExtractor, create_extractor
from ml.extraction.segments import segments
from ml.findings import counted
from ml.records import BadInput, VideoRecord

KIND = "grad_cam"
MOST_ROWS = 64
MOST_INPUTS = 160  # of the network, over all rows: one of ten crops takes ten times as long
MOST_CELLS = 4_000_000  # of all maps of a sheet
ALIKE = 0.99  # cosine of the features that are there and those made here
MAP_RULE = (
    "Grad-CAM of {extractor}, its layer {layer}: {cells}. A row of features is scored with the "
    "others of its bag as they are; its score's odds, as a logarithm, are followed back through "
    "the method and the network to that layer. Level {levels} of {levels} is the highest cell of "
    "what was explained together; what lowers a score is not shown. {each}"
)
WHOLE = "{height} × {width} cells, which lie evenly over the whole picture"
CROPS = (
    "{height} × {width} cells of each of {crops}, laid back where that was cut from the picture of "
    "{picture_width} × {picture_height} pixels, added up where crops lie over each other, and kept "
    "as {kept_height} × {kept_width} cells of the whole picture"
)
EACH_FRAME = "The network sees {n} frames of a row of {length}; the map of one stands for {part}."
EACH_STEP = "The layer has {n} steps of a row of {length} frames; the map of one stands for {part}."
EACH_ROW = "The mean map of a row of {length} frames stands for {part}."


class NoPictures(BadInput):
    """Why there can be no maps: for people, and no fault of theirs."""


def extractor_of(
    names: Iterable[str],
    device: torch.device,
    *,
    options: Mapping[str, Any] | None = None,
    weights: Path | None = None,
) -> Extractor:
    """The one that features say they were made with, by its name here or its title.

    In float32, whatever they were made in. Raise NoPictures where it is none of those here, or
    nothing to be asked; BadInput where it lacks its weights.
    """
    given = [name.strip() for name in names if name.strip()]
    known = EXTRACTORS.load()
    exact = {
        name: "float32" if name == "precision" else value for name, value in (options or {}).items()
    }
    for name in given:
        for key, kind in known.items():
            if name.casefold() in (key.casefold(), kind.title.casefold()):
                _check_shows(kind)
                return create_extractor(key, exact, device, weights)
    if not given:
        raise NoPictures("Nothing says which network made these features.")
    raise NoPictures(
        f"{given[0]} is no network that is known here, so nothing leads to the pixels."
    )


def _check_shows(kind: type[Extractor]) -> None:
    if not hasattr(kind, "cam_layer"):
        raise NoPictures(
            f"{kind.title} has no layer here that could be asked: nothing leads back to the pixels."
        )


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A network, which of its layers is asked, and of what its features are there."""

    extractor: Extractor
    layer: str
    features: Features
    device: torch.device

    @property
    def shows(self) -> ShowsWhere:
        assert isinstance(self.extractor, ShowsWhere)
        return self.extractor

    @cached_property
    def module(self) -> nn.Module:
        return self.shows.network.get_submodule(self.layer)


def explain_pictures(
    method: ExplainsSegments,
    extractor: Extractor,
    video: VideoRecord,
    *,
    frames: tuple[int, int] | None = None,
    layer: str = "",
    device: torch.device,
) -> tuple[Maps, str]:
    """Maps of the rows of `frames`, every so many of them, and the rule by which they are made.

    Of the extractor's own choice of a layer unless told. Raise NoPictures where rows are not made
    of whole frames, or not by this extractor.
    """
    assert isinstance(extractor, ShowsWhere)
    assert isinstance(extractor, PictureExtractor)
    features = open_features(video)
    asked = Asked(
        extractor=extractor, layer=layer or extractor.cam_layer, features=features, device=device
    )
    rows = rows_between(features, frames)
    stride = -(-len(rows) // most_rows(extractor))
    _check_laid_out(asked)
    cut = islice(_segments(extractor, video, features, rows), 0, None, stride)
    found = [
        (_maps_of_row(method, asked, row, segment), segment.shape[1:3])
        for row, segment in zip(rows[::stride], cut, strict=False)
    ]
    if not found:
        raise NoPictures(f"{video.name} has no frames where its features are.")
    return _as_sheet(found, asked, rows.start, stride)


def most_rows(extractor: Extractor) -> int:
    """How many rows are explained at most."""
    return max(1, min(MOST_ROWS, MOST_INPUTS // extractor.n_crops))


def _check_laid_out(asked: Asked) -> None:
    extractor, features = asked.extractor, asked.features
    if features.row_length:
        raise NoPictures("Rows of these features are not made of whole frames.")
    made, given = extractor.shape, features.rows.shape[1:]
    if made != given:
        raise NoPictures(
            f"{extractor.title} makes {made[0]} crops × {made[1]} numbers, "
            f"where these features have {given[0]} × {given[1]}."
        )
    names = dict(asked.shows.network.named_modules())
    if asked.layer not in names or not asked.layer:
        known = ", ".join(name for name, _module in asked.shows.network.named_children())
        raise NoPictures(f"{extractor.title} has no layer {asked.layer}; it has {known}, …")


def _segments(
    extractor: PictureExtractor, video: VideoRecord, features: Features, rows: range
) -> Iterator[NDArray[np.uint8]]:
    """The frames of each row, (L, H, W[, 3])."""
    length = features.frames_per_row
    first, end = (features.first_frame + row * length for row in (rows.start, rows.stop))
    frames = decode(video, size=extractor.size, grey=extractor.is_grey)
    return segments(islice(frames, first, end), length, remainder="repeat")


def _maps_of_row(
    method: ExplainsSegments, asked: Asked, row: int, segment: NDArray[np.uint8]
) -> list[Map]:
    """(S, h, w) of each input that the network is shown of the row's frames."""
    given_KD, by_KD = _followed_to_features(method, asked, row)
    maps, made = [], []
    for number, pictures in enumerate(asked.shows.inputs(segment)):

        def score(pictures: Tensor, by_D: Tensor = by_KD[number]) -> Tensor:
            features_D = asked.shows.features_of(pictures)[0]
            made.append(features_D.detach())
            return features_D @ by_D  # whose gradient is that of the score

        maps.append(by_step(_asked(asked, pictures, score)))
    _check_alike(torch.stack(made), given_KD, asked.extractor)
    return maps


def _asked(asked: Asked, pictures: Tensor, score: Callable[[Tensor], Tensor]) -> Tensor:
    try:
        return grad_cam(asked.module, pictures, score)
    except ValueError as error:
        raise NoPictures(f"The layer {asked.layer} cannot be asked: {error}.") from error


def _followed_to_features(
    method: ExplainsSegments, asked: Asked, row: int
) -> tuple[Tensor, Tensor]:
    """(K, D) the row's features, and the derivatives of its score's log odds by them."""
    bag = method.bag_of(row, len(asked.features.rows))
    bag_KTD = bag_of_rows(asked.features, bag, asked.device)
    place = row - bag.start
    row_KD = bag_KTD[:, place].clone().requires_grad_()
    with torch.enable_grad():
        with_it = torch.cat([bag_KTD[:, :place], row_KD[:, None], bag_KTD[:, place + 1 :]], dim=1)
        odds = torch.logit(method.bag_scores(with_it)[:, place].mean(), eps=1e-6)
    [by_KD] = torch.autograd.grad(odds, [row_KD])
    return row_KD.detach(), by_KD


def _check_alike(made_KD: Tensor, given_KD: Tensor, extractor: Extractor) -> None:
    if torch.equal(made_KD, given_KD):  # all of them may be 0, which is at no angle to itself
        return
    cosine = float(torch.cosine_similarity(made_KD.flatten(), given_KD.flatten(), dim=0))
    if cosine < ALIKE:
        raise NoPictures(
            f"{extractor.title} makes other features of these frames than the video has (cosine "
            f"{cosine:.2f}): they were made otherwise, or of other frames."
        )


def _as_sheet(
    found: list[tuple[list[Map], Size]], asked: Asked, first_row: int, stride: int
) -> tuple[Maps, str]:
    """As many maps for each row as its frames can be divided by; their mean where they cannot, or
    where the map of a row stands for several rows.
    """
    maps_of_first, picture = found[0]
    length, n_steps = asked.features.frames_per_row, len(maps_of_first[0])
    is_split = length % n_steps == 0 and stride == 1
    cells = cells_of(picture, len(found) * (n_steps if is_split else 1), MOST_CELLS)
    laid = [over_picture(maps, asked.shows.places(size), size, cells) for maps, size in found]
    maps = np.concatenate([each if is_split else each.mean(0, keepdims=True) for each in laid])
    per_map = length // n_steps if is_split else stride * length
    sheet = Maps.of(
        maps, first_frame=asked.features.first_frame + first_row * length, frames_per_map=per_map
    )
    return sheet, _rule(asked, maps_of_first, picture, sheet, n_steps if is_split else 0)


def _rule(asked: Asked, maps: list[Map], picture: Size, sheet: Maps, n_steps: int) -> str:
    """`n_steps` that each have a map, 0 where a row has one."""
    length = asked.features.frames_per_row
    n_seen = len(asked.shows.frames_seen(length))
    each = EACH_ROW if not n_steps else EACH_FRAME if n_steps == n_seen else EACH_STEP
    height, width = maps[0].shape[1:]
    kept_height, kept_width = sheet.levels.shape[1:]
    is_whole = sheet.levels.shape[1:] == maps[0].shape[1:] and len(maps) == 1
    return MAP_RULE.format(
        extractor=asked.extractor.title, layer=asked.layer, levels=LEVELS,
        cells=(WHOLE if is_whole else CROPS).format(
            height=height, width=width, crops=counted(len(maps), "crop"),
            picture_height=picture[0], picture_width=picture[1],
            kept_height=kept_height, kept_width=kept_width,
        ),
        each=each.format(n=n_steps, length=length, part=counted(sheet.frames_per_map, "frame")),
    )  # fmt: skip
