"""How features are made here, and by which key they are known again.

A recipe is complete: {"extractor", "version", "options", "weights_sha256", "frames_per_row",
"remainder"} make the numbers what they are; "weights", a path, and "facts", what the extractor
told of itself, are for people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.records import hash_of
from webapp.common.config import EXTRACTOR, complete_config
from webapp.common.errors import UserError
from webapp.datasets.folders import resolve_path
from webapp.datasets.models import Extractor, Video

Recipe = dict[str, Any]
REMAINDERS = {
    "drop": gettext_lazy("left out"),
    "repeat": gettext_lazy("filled up by repeating the last one"),
}
IDENTITY = (
    "extractor", "version", "options", "weights_sha256", "frames_per_row", "remainder",
)  # fmt: skip
CONTENT = ("sha256", "n_frames", "kind", "rotation", "pixel_low", "pixel_high")
MOST_FRAMES_PER_ROW = 512  # all of them are in memory at once
MOST_BYTES = 4 * 1024**3  # of a file of weights


def write(
    extractor: Extractor,
    *,
    options: Mapping[str, Any],
    weights: str,
    frames_per_row: int,
    remainder: str,
) -> Recipe:
    """Checked and completed. Raise UserError, with the field."""
    _check_rule(extractor, frames_per_row, remainder)
    complete = complete_config(extractor.schema, dict(options), of=EXTRACTOR, under="options")
    path = _weights(extractor, weights)
    return {
        "extractor": extractor.pk,
        "version": extractor.version,
        "options": complete,
        "weights": str(path) if path else "",
        "weights_sha256": _sha256(path) if path else extractor.weights_sha256,
        "frames_per_row": frames_per_row,
        "remainder": remainder,
    }


def key_of(recipe: Recipe, video: Video) -> str:
    """The same for the same pictures, whichever dataset they are in and however they are called."""
    content = [getattr(video, name) for name in CONTENT]
    return hash_of([identity_of(recipe), content])


def identity_of(recipe: Recipe) -> Recipe:
    """Without what is for people only."""
    return {name: recipe[name] for name in IDENTITY}


def lengths_of(extractor: Extractor) -> tuple[int, int]:
    """The fewest and most frames of a row."""
    return extractor.fewest_frames, min(extractor.most_frames, MOST_FRAMES_PER_ROW)


def _check_rule(extractor: Extractor, frames_per_row: int, remainder: str) -> None:
    fewest, most = lengths_of(extractor)
    if not fewest <= frames_per_row <= most:
        sentence = _(
            "frames_per_row: %(extractor)s looks at %(fewest)s to %(most)s (given: %(n)s)."
        )
        values = {"extractor": extractor, "fewest": fewest, "most": most, "n": frames_per_row}
        raise UserError(sentence % values, field="frames_per_row")
    if remainder not in REMAINDERS:
        sentence = _("remainder: %(given)s is none of %(known)s.")
        words = {"given": remainder, "known": ", ".join(REMAINDERS)}
        raise UserError(sentence % words, field="remainder")


def _weights(extractor: Extractor, given: str) -> Path | None:
    """The file that was named, where the extractor takes one."""
    if extractor.lacks:
        raise UserError(extractor.lacks, code="no_weights", field="extractor")
    if not extractor.takes_weights:
        if given:
            sentence = _("%s takes no weights.") % extractor
            raise UserError(sentence, field="weights")
        return None
    if not given.strip():
        sentence = _("%(extractor)s needs a file of weights: %(wanted)s.")
        values = {"extractor": extractor, "wanted": extractor.weights_wanted}
        raise UserError(sentence % values, code="no_weights", field="weights")
    return _file(given.strip())


def _file(given: str) -> Path:
    path = resolve_path(given, field="weights")
    if not path.is_file():
        raise UserError(_("%s is no file.") % given, field="weights")
    if path.stat().st_size > MOST_BYTES:
        sentence = _("The file is larger than %d MiB.") % (MOST_BYTES // 1024**2)
        raise UserError(sentence, code="too_large", field="weights")
    return path


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        sentence = _("%(name)s cannot be read: %(why)s.")
        values = {"name": path.name, "why": error.strerror or error}
        raise UserError(sentence % values, field="weights") from error
