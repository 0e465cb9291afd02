"""ShanghaiTech Campus (Luo et al., ICCV 2017), as published or with frames alone.

    training/videos/01_001.avi       testing/frames/01_0014/000.jpg
    training/frames/01_001/000.jpg   testing/videos/01_0014.avi
    testing/test_frame_mask/01_0014.npy   testing/test_pixel_mask/01_0014.npy

`test_frame_mask` is the ground truth: one label per frame of a test clip, from frame 0 on. An id
is the scene (camera) and a number of 3 digits in training, of 4 in test; `01_014` and `01_0014`
are two clips. Frames were taken at 24 per second; the videos carry that rate themselves.

What else lies beside it is compared with it, clip by clip: the pixel masks (any pixel makes a
frame abnormal), and one vector through all test clips. Without frame masks the next of these is
the ground truth.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts._published import (
    each_about_one,
    folders_called,
    in_one_form,
    one_class,
    sources_beside,
)
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.formats.label_folder import labels_of
from ml.data.truth.resolving import Truth
from ml.data.truth.source import files_in
from ml.findings import Finding

FPS = 24.0
FRAME_MASKS, PIXEL_MASKS = "test_frame_mask", "test_pixel_mask"
TRAINED, TESTED = re.compile(r"\d\d_\d{3}"), re.compile(r"\d\d_\d{4}")


@register
class ShanghaiTech(DatasetLayout):
    title = "ShanghaiTech Campus"

    def recognises(self) -> bool:
        folder = self.folder
        is_masked = any(_masks(folder, name) for name in (FRAME_MASKS, PIXEL_MASKS))
        return is_masked or (
            _are_called(folder / "training", TRAINED) and _are_called(folder / "testing", TESTED)
        )

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        clips, strays = one_class(listed, fps=FPS)
        clips, twins = in_one_form(clips, _clip_id, prefer="frames")
        return clips, [*findings, *strays, *twins]

    def truth(self, videos: list[Listed]) -> Truth:
        masks = [(name, _masks(self.folder, name)) for name in (FRAME_MASKS, PIXEL_MASKS)]
        sources = [each_about_one(name, paths, _read_mask) for name, paths in masks if paths]
        return Truth(sources=(*sources, *sources_beside(self.folder)))


def _masks(folder: Path, name: str) -> list[Path]:
    return [path for place in folders_called(folder, name) for path in files_in(place, "*.npy")]


def _are_called(folder: Path, pattern: re.Pattern[str]) -> bool:
    """Whether all videos or folders of frames have such ids."""
    places = [folder / form for form in ("frames", "videos") if (folder / form).is_dir()]
    names = [path for place in places for path in place.iterdir() if path.name[0] != "."]
    return bool(names) and all(pattern.fullmatch(path.stem) for path in names)


def _clip_id(name: str) -> str:
    return PurePosixPath(name).name


def _read_mask(path: Path, *, options: Mapping[str, Any]) -> Annotations:
    labels = labels_of(path)
    claim = Claim(path=path.stem, part="test", labels=labels, n_frames=len(labels))
    return Annotations(claims=(claim,))
