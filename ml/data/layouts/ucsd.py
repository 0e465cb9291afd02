"""UCSD Ped1 and Ped2 (Mahadevan et al., CVPR 2010), as published or re-encoded as video.

    Train/Train001/*.tif   Test/Test001/*.tif   Test/Test001_gt/*.bmp   Test/UCSDped2.m
    training/01.mp4   testing/01.mp4   gt/UCSDped2.m   gt/*pixel_masks*.npz   gt/*.npy   gt/*.mat

`UCSDped?.m` is the ground truth: line i belongs to test clip i, its ranges count frames from 1
and include their last frame (`61:180` is [60, 180) here). Images were taken at 10 per second.

Where there are other sources they are compared with it, clip by clip: pixel masks (any pixel
makes a frame abnormal), the concatenated 0/1 vector of MNAD, the ranges of ano_pred.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._beside import mask_folders
from ml.data.layouts._listing import is_inside, list_videos
from ml.data.truth.formats.mask_images import SUFFIX
from ml.data.truth.resolving import Truth, TruthFile, TruthSource
from ml.findings import Finding
from ml.normal import NORMAL
from ml.records import BadInput

FPS = 10.0
PLACES = ("Test", "testing", "gt", ".")  # where ground truth lies


@register
class UCSD(DatasetLayout):
    title = "UCSD Ped1 / Ped2"

    def recognises(self) -> bool:
        inner = [path.name for path in self.folder.glob("UCSDped[12]") if path.is_dir()]
        if inner:
            raise BadInput(f"choose one dataset inside this folder: {' or '.join(sorted(inner))}")
        return bool(_files(self.folder, "UCSDped*.m"))

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        return [
            replace(video, fps=FPS, label=NORMAL if video.part == "train" else "")
            for video in listed
            if not video.name.endswith(SUFFIX) and not video.name.startswith("gt/")
        ], findings

    def truth(self, videos: list[Listed]) -> Truth:
        patterns = ("UCSDped*.m", "frame_labels*.npy", "*pixel_masks*.npz", "*.mat")
        paths = [path for pattern in patterns for path in _files(self.folder, pattern)]
        sources = [
            TruthSource(name=path.name, files=(TruthFile(path=path, part="test"),))
            for path in paths
        ]
        found = mask_folders(self.folder, videos)
        if masks := tuple(TruthFile(path=each.path, own=each.own) for each in found):
            sources.append(TruthSource(name="pixel masks", files=masks))
        return Truth(sources=tuple(sources))


def _files(folder: Path, pattern: str) -> list[Path]:
    found = (path for place in PLACES for path in sorted((folder / place).glob(pattern)))
    return [path for path in found if path.is_file() and is_inside(folder, path)]
