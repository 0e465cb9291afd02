"""Layouts of features as people have them. A new one is one file here: a class with @register.

Each file says in its docstring who publishes features so, and by which rule rows belong to frames.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml.data.features.layouts._base import AUDIO, LAYOUTS, FeatureLayout, Place, names_of_video
from ml.records import BadInput

__all__ = [
    "AUDIO",
    "LAYOUTS",
    "PLAIN",
    "FeatureLayout",
    "Place",
    "choose",
    "names_of_video",
    "titles",
]

PLAIN = "npy"


def choose(names: Sequence[str]) -> tuple[str, type[FeatureLayout]]:
    """The first that the names of files look like. Raise BadInput where none does."""
    for name, layout in LAYOUTS.in_order():
        if layout.recognises(names):
            return name, layout
    raise BadInput("No file there is one of features: .npy files are expected, or lines in .txt")


def titles() -> dict[str, str]:
    """What people choose from."""
    return {name: layout.title for name, layout in LAYOUTS.in_order()}
