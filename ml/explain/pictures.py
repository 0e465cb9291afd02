"""Where in the frames scores come from that a method gave to features: back to the pixels.

The features of a row are made once more from its frames, and the score's gradient goes back through
the method and the network that makes them. That has to be the network that made those of the video.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.data.features import Features, open_features
from ml.data.video.decode import decode
from ml.explain.grad_cam import ShowsWhere, by_step, grad_cam
from ml.explain.maps import LEVELS, Maps
from ml.explain.segments import ExplainsSegments, bag_of_rows, rows_between
from ml.extraction import EXTRACTORS, Extractor, PictureExtractor, create_extractor
from ml.extraction.segments import segments
from ml.records import BadInput, VideoRecord

KIND = "grad_cam"
MOST_ROWS = 64
ALIKE = 0.99  # cosine of the features that are there and those made here
MAP_RULE = (
    "Grad-CAM of {extractor}: {height} × {width} cells, which lie evenly over the whole picture. A "
    "row of features is scored with the others of its bag as they are; its score's odds, as a "
    "logarithm, are followed back through the method and the network to the network's last "
    "convolution. Level {levels} of {levels} is the highest cell of what was explained together; "
    "what lowers a score is not shown. {each}"
)
EACH_FRAME = "The network sees {n} frames of a row of {length}; the map of one stands for {part}."
EACH_ROW = "The network sees {n} frames of a row of {length}; their mean map stands for {part}."


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

    Raise NoPictures where it is none of those here, or nothing to be asked; BadInput where it lacks
    its weights.
    """
    given = [name.strip() for name in names if name.strip()]
    known = EXTRACTORS.load()
    for name in given:
        for key, kind in known.items():
            if name.casefold() in (key.casefold(), kind.title.casefold()):
                _check_shows(kind)
                return create_extractor(key, dict(options or {}), device, weights)
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


def explain_pictures(
    method: ExplainsSegments,
    extractor: Extractor,
    video: VideoRecord,
    *,
    frames: tuple[int, int] | None = None,
    device: torch.device,
) -> tuple[Maps, str]:
    """Maps of the rows of `frames`, every so many of them, and the rule by which they are made.

    Raise NoPictures where rows are not made of whole frames, or not by this extractor.
    """
    assert isinstance(extractor, ShowsWhere)
    assert isinstance(extractor, PictureExtractor)
    features = open_features(video)
    rows = rows_between(features, frames)
    stride = -(-len(rows) // MOST_ROWS)
    _check_laid_out(extractor, features)
    cut = islice(_segments(extractor, video, features, rows), 0, None, stride)
    found = [
        _maps_of_row(method, extractor, features, row, segment, device)
        for row, segment in zip(rows[::stride], cut, strict=False)
    ]
    if not found:
        raise NoPictures(f"{video.name} has no frames where its features are.")
    return _as_sheet(found, extractor, features, rows.start, stride)


def _check_laid_out(extractor: Extractor, features: Features) -> None:
    assert isinstance(extractor, ShowsWhere)
    if features.row_length:
        raise NoPictures("Rows of these features are not made of whole frames.")
    if not extractor.sees_all or extractor.n_crops != 1:
        raise NoPictures(
            f"{extractor.title} sees crops of the picture: maps are made of whole ones alone."
        )


def _segments(
    extractor: PictureExtractor, video: VideoRecord, features: Features, rows: range
) -> Iterator[NDArray[np.uint8]]:
    """The frames of each row, (L, H, W[, 3])."""
    length = features.frames_per_row
    first, end = (features.first_frame + row * length for row in (rows.start, rows.stop))
    frames = decode(video, size=extractor.size, grey=extractor.is_grey)
    return segments(islice(frames, first, end), length, remainder="repeat")


def _maps_of_row(
    method: ExplainsSegments,
    extractor: Extractor,
    features: Features,
    row: int,
    segment: NDArray[np.uint8],
    device: torch.device,
) -> NDArray[np.float32]:
    """(steps, h, w)"""
    assert isinstance(extractor, ShowsWhere)
    bag = method.bag_of(row, len(features.rows))
    bag_KTD = bag_of_rows(features, bag, device)
    place = row - bag.start

    def score(pictures: Tensor) -> Tensor:
        made_KD = extractor.features_of(pictures)
        _check_alike(made_KD, bag_KTD[:, place], extractor)
        with_it = torch.cat([bag_KTD[:, :place], made_KD[:, None], bag_KTD[:, place + 1 :]], dim=1)
        return torch.logit(method.bag_scores(with_it)[:, place].mean(), eps=1e-6)

    return by_step(grad_cam(extractor.cam_layer, extractor.pictures(segment), score))


def _check_alike(made_KD: Tensor, given_KD: Tensor, extractor: Extractor) -> None:
    if made_KD.shape != given_KD.shape:
        raise NoPictures(
            f"{extractor.title} makes {made_KD.shape[0]} crops × {made_KD.shape[1]} numbers, "
            f"where these features have {given_KD.shape[0]} × {given_KD.shape[1]}."
        )
    cosine = float(torch.cosine_similarity(made_KD.detach().flatten(), given_KD.flatten(), dim=0))
    if cosine < ALIKE:
        raise NoPictures(
            f"{extractor.title} makes other features of these frames than the video has (cosine "
            f"{cosine:.2f}): they were made otherwise, or of other frames."
        )


def _as_sheet(
    found: list[NDArray[np.float32]],
    extractor: Extractor,
    features: Features,
    first_row: int,
    stride: int,
) -> tuple[Maps, str]:
    """As many maps for each row as its frames can be divided by; their mean where they cannot, or
    where the map of a row stands for several rows.
    """
    assert isinstance(extractor, ShowsWhere)
    length = features.frames_per_row
    n_steps = len(found[0])
    is_split = length % n_steps == 0 and stride == 1
    maps = np.concatenate([each if is_split else each.mean(0, keepdims=True) for each in found])
    per_map = length // n_steps if is_split else stride * length
    sheet = Maps.of(
        maps, first_frame=features.first_frame + first_row * length, frames_per_map=per_map
    )
    each = (EACH_FRAME if is_split else EACH_ROW).format(
        n=len(extractor.frames_seen(length)), length=length, part=f"{per_map} frames"
    )
    rule = MAP_RULE.format(
        extractor=extractor.title, height=maps.shape[1], width=maps.shape[2], levels=LEVELS,
        each=each,
    )  # fmt: skip
    return sheet, rule
