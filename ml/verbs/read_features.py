"""Looks at the features that a folder has of the spec's videos: see `ml.data.features`."""

from ml.data.features.folder import read_features as run

__all__ = ["run"]
