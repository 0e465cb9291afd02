"""Looks at every file of a folder: see `ml.data.survey`."""

from ml.data.survey import survey as run

__all__ = ["run"]
