"""Layouts of features as people have them. A new one is one file here: a class with @register.

Each file says in its docstring who publishes features so, and by which rule rows belong to frames.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml.data.features.layouts._base import LAYOUTS, FeatureLayout, Place
from ml.records import BadInput

__all__ = ["LAYOUTS", "FeatureLayout", "Place", "choose", "titles"]


def choose(names: Sequence[str], wanted: str = "") -> tuple[str, type[FeatureLayout]]:
    """The layout that is `wanted`, or the first that the names of files look like.

    Raise BadInput where there is none of that name, or none that fits.
    """
    if wanted:
        return wanted, LAYOUTS.find(wanted)
    for name, layout in LAYOUTS.in_order():
        if layout.recognises(names):
            return name, layout
    raise BadInput("No file there is one of features: .npy files are expected, or lines in .txt")


def titles() -> dict[str, str]:
    """What people choose from."""
    return {name: layout.title for name, layout in LAYOUTS.in_order()}
