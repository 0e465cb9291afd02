"""Layouts of datasets. A new one is one file here: a class with @register.

Each file says in its docstring how frames are counted in the layout's annotations, whether
an interval's end is included, and which frame rate is meant.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from ml.data.layouts._base import FORMATS, Format
from ml.records import BadInput

FALLBACK = "folder"


def load_formats() -> dict[str, type[Format]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return FORMATS


def open_dataset(folder: Path, name: str = "") -> Format:
    """The dataset in `folder` read as format `name`, or as what its content looks like."""
    formats = load_formats()
    if name and name not in formats:
        raise BadInput(f"{name} is not a known format: {', '.join(sorted(formats))}")
    return formats[name or detect(folder)](folder)


def detect(folder: Path) -> str:
    """Raise BadInput when a format sees that another folder was meant."""
    formats = load_formats()
    special = [name for name in sorted(formats) if name != FALLBACK]
    special.sort(key=lambda name: formats[name].is_general)
    return next((name for name in special if FORMATS[name].recognises(folder)), FALLBACK)
