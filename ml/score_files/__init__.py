"""Score files from other code bases. A new format is one file here: a class with @register.

A file is recognised by its content. Nothing in it is trusted: no pickles, no archive that
unpacks without end, and every fault is a BadInput with a sentence for whoever sent it.
"""

from __future__ import annotations

import importlib
import pkgutil

from ml.records import BadInput
from ml.score_files._base import FORMATS, Format, ScoreFile, Values
from ml.score_files._layout import Layout, spread

__all__ = ["Layout", "ScoreFile", "Values", "load_formats", "read", "spread"]


def load_formats() -> dict[str, type[Format]]:
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            importlib.import_module(f"{__name__}.{module.name}")
    return FORMATS


def read(data: bytes) -> ScoreFile:
    """Raise BadInput when no format knows the content, or the one that does finds a fault."""
    if not data:
        raise BadInput("the file is empty")
    for _name, layout in sorted(load_formats().items()):
        if layout.recognises(data):
            found = layout.read(data)
            if found.values is None and not found.by_video:
                raise BadInput("the file holds no scores")
            return found
    titles = ", ".join(sorted(layout.title for layout in FORMATS.values()))
    raise BadInput(f"this is no score file; known are: {titles}")
