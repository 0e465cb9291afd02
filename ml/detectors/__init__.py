"""What finds persons in frames, and who of one frame is who of the next.

One file per detector. Letters: H W height and width of a frame, N persons in it.
"""

from ml.detectors._base import DETECTORS, Boxes, Detector, Found, overlaps
from ml.detectors._making import create_detector, describe, facts_of
from ml.detectors.videos import find_regions

__all__ = [
    "DETECTORS",
    "Boxes",
    "Detector",
    "Found",
    "create_detector",
    "describe",
    "facts_of",
    "find_regions",
    "overlaps",
]
