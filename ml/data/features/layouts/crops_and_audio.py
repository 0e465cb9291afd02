"""Crops in files, and sound beside them: `name__0.npy` to `name__4.npy` and `name__vggish.npy`, as
published for XD-Violence; or all crops in `name.npy`.

Sound stands after the picture, the same for all crops. Its rows are paired as `pairing` says: one
for each of the picture's, of which the last is dropped where sound has one less, or by time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from ml.data.features.layouts._base import AUDIO, FLOW, RGB, FeatureLayout, Place, register
from ml.data.features.layouts.crops_in_files import CROP, CropsInFiles

SOUND = re.compile(r"^(.+?)__vggish\.npy$", re.IGNORECASE)


@register
class CropsAndAudio(FeatureLayout):
    title = "crops in files with sound: name__0.npy and name__vggish.npy"
    parts = (RGB, FLOW, AUDIO)
    needed = (AUDIO,)
    rules = CropsInFiles.rules

    @classmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        heard = {PurePosixPath(match[1]).name for match in map(SOUND.match, names) if match}
        seen = {PurePosixPath(name).stem for name in names}
        return bool(heard) and (any(map(CROP.search, names)) or bool(heard & seen))

    @classmethod
    def place(cls, name: str) -> Place | None:
        match = SOUND.match(name)
        return Place(name=match[1], part=AUDIO) if match else CropsInFiles.place(name)
