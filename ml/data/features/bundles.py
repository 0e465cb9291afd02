"""The files of a folder by the videos, parts and crops that they are of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from ml.data.features.layouts import (
    AUDIO,
    LAYOUTS,
    PLAIN,
    FeatureLayout,
    choose,
    names_of_video,
)
from ml.findings import counted, shortened
from ml.naming import NameIndex
from ml.records import BadInput

IN_WORDS = {"rgb": "RGB", "flow": "flow", "audio": "sound"}


class VideoNames:
    """The videos of a dataset by what files of features are called."""

    def __init__(self, names: Iterable[str]) -> None:
        known = list(names)
        self._index = NameIndex(known, name=str)
        self._folders = {folder for name in known for folder in name.split("/")[:-1]}

    def find(self, name: str) -> str | None:
        names = names_of_video(name, self._folders)
        return next((found for each in names if (found := self._index.find(each))), None)

    def why_not(self, name: str) -> str:
        return self._index.why_not(name)


@dataclass(kw_only=True)
class Bundle:
    """The files of one video, by part and crop, and what is wrong with them."""

    video: str
    files: dict[tuple[str, int], str] = field(default_factory=dict)
    doubles: list[str] = field(default_factory=list)

    def crops(self, part: str) -> list[int]:
        return sorted(crop for each, crop in self.files if each == part)

    def names(self, part: str) -> tuple[str, ...]:
        """Of its files, in the order of the crops."""
        return tuple(self.files[part, crop] for crop in self.crops(part))


@dataclass(frozen=True, kw_only=True)
class Bundles:
    """All of a folder; `unknown` are files of no video here, with the reason."""

    by_video: Mapping[str, Bundle]
    unknown: Sequence[str]
    parts: tuple[str, ...]  # that some video has, or the layout needs
    n_crops: int

    def check(self, bundle: Bundle) -> None:
        """Raise BadInput, with the name, where a file is missing or too many."""
        for part in self.parts:
            if not bundle.crops(part):
                raise BadInput(f"it has no file of {IN_WORDS[part]}, which the other videos have")
            self._check_crops(bundle, part)

    def _check_crops(self, bundle: Bundle, part: str) -> None:
        crops, wanted = bundle.crops(part), range(1 if part == AUDIO else self.n_crops)
        missing = [f"__{crop}" for crop in wanted if crop not in crops]
        extra = [bundle.files[part, crop] for crop in crops if crop not in wanted]
        if missing:
            raise BadInput(
                f"{counted(len(missing), 'crop')} of its {IN_WORDS[part]} missing: "
                f"{shortened(missing)}, where the other videos have {len(wanted)}"
            )
        if extra:
            text = f"{shortened(extra)} would be crop {max(crops)}, where the other videos have"
            raise BadInput(f"{text} {counted(len(wanted), 'crop')}, counted from 0")


def layout_of(
    names: Sequence[str], videos: VideoNames, wanted: str = ""
) -> tuple[str, type[FeatureLayout]]:
    """The one that is `wanted`, or what the names of files look like.

    Videos, too, may be called `door__1` or `goal_clip`: then each file is one's own. Raise BadInput
    where there is none of that name, or none that fits.
    """
    if wanted:
        return wanted, LAYOUTS.find(wanted)
    name, layout = choose(names)
    plain = LAYOUTS.find(PLAIN)
    if _matches(plain, names, videos) > _matches(layout, names, videos):
        return PLAIN, plain
    return name, layout


def _matches(layout: type[FeatureLayout], names: Iterable[str], videos: VideoNames) -> int:
    """Files that the layout finds a video for."""
    own = (name for name in names if name.lower().endswith(layout.suffix))
    places = filter(None, map(layout.place, own))
    return sum(videos.find(place.name) is not None for place in places)


def gather(layout: type[FeatureLayout], names: Iterable[str], videos: VideoNames) -> Bundles:
    """Files by what they are of; those of another ending are passed over."""
    by_video: dict[str, Bundle] = {}
    unknown = []
    for name in names:
        if not name.lower().endswith(layout.suffix):
            continue
        place = layout.place(name)
        video = videos.find(place.name) if place else None
        if place is None or video is None:
            unknown.append(_why_unknown(place.name if place else "", name, layout, videos))
            continue
        bundle = by_video.setdefault(video, Bundle(video=video))
        _add(bundle, (place.part, place.crop), name)
    parts = _parts_of(layout, by_video.values())
    return Bundles(
        by_video=by_video, unknown=unknown, parts=parts, n_crops=_usual_crops(by_video.values())
    )


def _why_unknown(stem: str, name: str, layout: type[FeatureLayout], videos: VideoNames) -> str:
    if not stem:
        return f"{name} (it is named as none of {layout.title})"
    return f"{stem} ({videos.why_not(stem)})"


def _add(bundle: Bundle, key: tuple[str, int], name: str) -> None:
    if other := bundle.files.get(key):
        first, second = PurePosixPath(name).name, PurePosixPath(other).name
        text = f"{first} would be a second file of it: {second} is one, too"
        bundle.doubles.append(text)
    else:
        bundle.files[key] = name


def _parts_of(layout: type[FeatureLayout], bundles: Iterable[Bundle]) -> tuple[str, ...]:
    found = {part for bundle in bundles for part, _crop in bundle.files}
    return tuple(part for part in layout.parts if part in found or part in layout.needed)


def _usual_crops(bundles: Iterable[Bundle]) -> int:
    """As many as most videos have; where two are equally usual, more: one that lacks some."""
    counts = Counter(len(crops) for each in bundles if (crops := _visual_crops(each)))
    return max(counts, key=lambda n: (counts[n], n), default=1)


def _visual_crops(bundle: Bundle) -> set[int]:
    return {crop for part, crop in bundle.files if part != AUDIO}
