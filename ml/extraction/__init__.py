"""From pixels to features: what a network, or none, makes of a few frames at a time.

One file per extractor. Letters: L frames of a segment, T segments of a video, H W height and
width, K crops, D numbers of a feature.
"""

from ml.extraction._base import EXTRACTORS, Extractor, PictureExtractor
from ml.extraction._making import create_extractor, describe
from ml.extraction.videos import extract, extract_all

__all__ = [
    "EXTRACTORS",
    "Extractor",
    "PictureExtractor",
    "create_extractor",
    "describe",
    "extract",
    "extract_all",
]
