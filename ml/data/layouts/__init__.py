"""Layouts of datasets. A new one is one file here: a class with @register.

Each file says in its docstring how frames are counted in the layout's annotations, whether
an interval's end is included, and which frame rate is meant.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from ml.data.layouts._base import LAYOUTS, DatasetLayout, Listed
from ml.records import BadInput

FALLBACK = "folder"

__all__ = ["LAYOUTS", "DatasetLayout", "Listed", "load_layouts", "open_dataset"]


def load_layouts() -> dict[str, type[DatasetLayout]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return LAYOUTS


def open_dataset(folder: Path, name: str = "") -> DatasetLayout:
    """The dataset in `folder` read as format `name`, or as what its content looks like."""
    layouts = load_layouts()
    if name and name not in layouts:
        raise BadInput(f"{name} is not a known format: {', '.join(sorted(layouts))}")
    return layouts[name](folder) if name else _recognised(folder)


def _recognised(folder: Path) -> DatasetLayout:
    """Raise BadInput when a format sees that another folder was meant."""
    special = [name for name in sorted(LAYOUTS) if name != FALLBACK]
    special.sort(key=lambda name: LAYOUTS[name].is_general)
    found = (layout for name in special if (layout := LAYOUTS[name](folder)).recognises())
    return next(found, None) or LAYOUTS[FALLBACK](folder)
