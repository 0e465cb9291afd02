"""Layouts of datasets. A new one is one file here: a class with @register.

Each file says in its docstring how frames are counted in the layout's annotations, whether
an interval's end is included, and which frame rate is meant.
"""

from __future__ import annotations

from pathlib import Path

from ml.data.layouts._base import LAYOUTS, DatasetLayout, Listed

FALLBACK = "folder"

__all__ = ["LAYOUTS", "DatasetLayout", "Listed", "open_dataset"]


def open_dataset(folder: Path, name: str = "") -> DatasetLayout:
    """The dataset in `folder` read as format `name`, or as what its content looks like."""
    return LAYOUTS.find(name)(folder) if name else _recognised(folder)


def _recognised(folder: Path) -> DatasetLayout:
    """Raise BadInput when a format sees that another folder was meant."""
    special = [layout for name, layout in LAYOUTS.in_order() if name != FALLBACK]
    found = (layout for each in special if (layout := each(folder)).recognises())
    return next(found, None) or LAYOUTS.find(FALLBACK)(folder)
