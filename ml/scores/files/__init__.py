"""Score files from other code bases. A new format is one file here: a class with @register.

A file is recognised by its content. Nothing in it is trusted: no pickles, no archive that
unpacks without end, and every fault is a BadInput with a sentence for whoever sent it.
"""

from __future__ import annotations

from ml.records import BadInput
from ml.scores.files._base import FORMATS, Format, ScoreFile, Series, Values
from ml.scores.files._layout import Layout
from ml.scores.files._others import why_not
from ml.scores.files._places import Item
from ml.scores.files._spread import item_of, one_after_another, spread

__all__ = [
    "Item", "Layout", "ScoreFile", "Series", "Values", "item_of", "load_formats",
    "one_after_another", "read", "spread",
]  # fmt: skip


def load_formats() -> dict[str, type[Format]]:
    return FORMATS.load()


def read(data: bytes) -> ScoreFile:
    """Raise BadInput when no format knows the content, or the one that does finds a fault."""
    if not data:
        raise BadInput("the file is empty")
    if refusal := why_not(data):
        raise BadInput(refusal)
    for _name, layout in FORMATS.in_order():
        if layout.recognises(data):
            found = layout.read(data)
            if found.series is None and not found.by_video:
                raise BadInput("the file holds no scores")
            return found
    titles = ", ".join(sorted(layout.title for layout in load_formats().values()))
    raise BadInput(f"this is no score file; known are: {titles}")
