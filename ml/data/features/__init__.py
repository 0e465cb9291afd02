"""Features of videos: what a network made of their frames before, kept as one .npy file each.

Letters: T rows along a video, K crops of each picture, D numbers of a feature.
"""

from ml.data.features.arrays import read_array
from ml.data.features.store import Features, open_features

__all__ = ["Features", "open_features", "read_array"]
