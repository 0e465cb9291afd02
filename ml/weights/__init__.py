"""Weights that others have trained and published, given to our methods; one file per layout.

A layout recognises a file by its tensors' names and says which method they are of, which config
follows from their shapes, and where each tensor goes.
"""

from ml.weights._base import LAYOUTS, Imported, WeightLayout, Weights, import_weights

__all__ = ["LAYOUTS", "Imported", "WeightLayout", "Weights", "import_weights"]
