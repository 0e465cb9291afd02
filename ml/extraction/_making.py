"""Extractors by name: described for the site, and made with their options and weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ml import configs
from ml.extraction._base import EXTRACTORS, Extractor, sha256_of
from ml.records import BadInput

if TYPE_CHECKING:
    import torch


def describe() -> list[dict[str, Any]]:
    """All of them; `schema` is that of the options, `licence` that of weights that come along.

    `weights_sha256` is of weights in an installed package; where that is missing, `lacks` is the
    sentence that says so.
    """
    return [
        {
            "name": name,
            "title": extractor.title,
            "summary": extractor.summary,
            "source": extractor.source,
            "licence": extractor.licence,
            "version": extractor.version,
            "preprocessing": extractor.preprocessing,
            "takes_weights": extractor.takes_weights,
            "weights_wanted": extractor.weights_wanted,
            "dimension": extractor.dimension,
            "n_crops": extractor.n_crops,
            "fewest_frames": extractor.fewest_frames,
            "most_frames": extractor.most_frames,
            "schema": configs.schema_of(extractor.Config),
            **_packaged(extractor),
        }
        for name, extractor in sorted(EXTRACTORS.load().items())
    ]


def _packaged(extractor: type[Extractor]) -> dict[str, str]:
    try:
        return {"weights_sha256": sha256_of(extractor.packaged_weights()), "lacks": ""}
    except BadInput as error:
        return {"weights_sha256": "", "lacks": str(error)}


def create_extractor(
    name: str, options: dict[str, Any], device: torch.device, weights: Path | None = None
) -> Extractor:
    """Raise BadInput for an unknown extractor or option, and for weights that it lacks, has no
    use for, or that are another network's.
    """
    extractor = EXTRACTORS.find(name)
    config = configs.parse(extractor.Config, options, of=f"the extractor {name}")
    _check_weights(name, extractor, weights)
    return extractor(device, config, weights)


def _check_weights(name: str, extractor: type[Extractor], weights: Path | None) -> None:
    if extractor.takes_weights and weights is None:
        raise BadInput(f"{name} needs a file of weights: {extractor.weights_wanted}")
    if weights is not None and not extractor.takes_weights:
        raise BadInput(f"{name} takes no weights (given: {weights.name})")
    if weights is not None and not weights.is_file():
        raise BadInput(f"{weights.name}: there is no such file of weights")
