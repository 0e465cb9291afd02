"""Datasets, their videos, ground truth, splits and features."""

from webapp.datasets.models.annotation_imports import AnnotationImport, annotation_file_name
from webapp.datasets.models.detections import DetectedVideo, Detection, Detector
from webapp.datasets.models.features import (
    ExtractedFile,
    Extractor,
    FeatureFile,
    FeatureSet,
    FeatureSetQuerySet,
    extracted_file_name,
)
from webapp.datasets.models.previews import ClipPreview
from webapp.datasets.models.regions import Region, RegionSet
from webapp.datasets.models.splits import Split, SplitMember
from webapp.datasets.models.videos import (
    AnnotationSet,
    Dataset,
    FrameNumbers,
    Interval,
    Part,
    Video,
    VideoQuerySet,
    add_times,
    clock_of,
    dataset_file_name,
    media_name,
)

__all__ = [
    "AnnotationImport",
    "AnnotationSet",
    "ClipPreview",
    "Dataset",
    "DetectedVideo",
    "Detection",
    "Detector",
    "ExtractedFile",
    "Extractor",
    "FeatureFile",
    "FeatureSet",
    "FeatureSetQuerySet",
    "FrameNumbers",
    "Interval",
    "Part",
    "Region",
    "RegionSet",
    "Split",
    "SplitMember",
    "Video",
    "VideoQuerySet",
    "add_times",
    "annotation_file_name",
    "clock_of",
    "dataset_file_name",
    "extracted_file_name",
    "media_name",
]
