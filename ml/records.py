"""What passes between the science and the site: plain records over NumPy, nothing else.

Frames are numbered from 0; intervals are half open. A score is a float32, or a float64 where
float32 would change it; higher is more abnormal, one per frame or one per run of
`frames_per_value` frames.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ml.bad_input import BadInput
from ml.strict_json import parse

__all__ = [
    "LARGEST_SCORE",
    "MAX_FRAMES",
    "BadInput",
    "Box",
    "FeaturePart",
    "FeatureRecord",
    "FloatArray",
    "Interval",
    "Kind",
    "Layout",
    "Manifest",
    "Part",
    "Scores",
    "VideoRecord",
    "VideoRegion",
    "frame_labels",
    "hash_of",
    "intervals_of",
    "narrowest",
    "natural_key",
]  # fmt: skip
Part = Literal["train", "validation", "test"]
Kind = Literal["file", "frames"]
ROTATIONS = (0, 90, 180, 270)
LARGEST_SCORE = float(np.finfo(np.float32).max)  # sums and ranges of such stay finite
MAX_FRAMES = 2**31 - 1  # what the database counts with
FloatArray = NDArray[np.floating[Any]]
Layout = tuple[int, int, int]  # of scores: first frame, frames per value, number of values


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Abnormal frames `start_frame` up to but not including `end_frame`."""

    start_frame: int
    end_frame: int
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Box:
    """`left` and `top` of its first pixel in the upright picture, and how many there are from there
    on."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class VideoRegion:
    """Frames `start_frame` up to but not including `end_frame`, in `box` or in the whole picture.

    `label` is what somebody says is there: normal, a class, or nothing.
    """

    start_frame: int
    end_frame: int
    box: Box | None = None
    label: str = ""

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> VideoRegion:
        return cls(**value | {"box": Box(**value["box"]) if value.get("box") else None})

    def check(self, video_id: str, n_frames: int) -> None:
        """Raise BadInput where it can lie in no video, or not in one of `n_frames`, if known."""
        start, end, box = self.start_frame, self.end_frame, self.box
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
            raise BadInput(f"{video_id}: [{start}, {end}) is no range of frames")
        if n_frames and end > n_frames:
            raise BadInput(
                f"{video_id}: a region of the frames [{start}, {end}) ends past the last of "
                f"{n_frames} frames"
            )
        if box and (min(box.left, box.top) < 0 or min(box.width, box.height) < 1):
            raise BadInput(
                f"{video_id}: a box of {box.width} × {box.height} pixels at ({box.left}, "
                f"{box.top}) is no part of a picture"
            )


@dataclass(frozen=True, kw_only=True)
class FeaturePart:
    """Files that each hold one crop of the same numbers, in the order of the crops.

    Row i of the features takes row ⌊(i + 0.5) · step⌋ of them: 1 pairs row with row.
    """

    paths: tuple[str, ...]
    step: float = 1.0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> FeaturePart:
        return cls(**value | {"paths": tuple(value["paths"])})

    def check(self, video_id: str) -> None:
        """Raise BadInput where it names no files."""
        if not self.paths or not all(isinstance(path, str) and path for path in self.paths):
            raise BadInput(f"{video_id}: a part of its features has no path")
        if not isinstance(self.step, int | float) or not 0 < self.step < MAX_FRAMES:
            raise BadInput(f"{video_id}: step {self.step!r} is no distance of rows")


@dataclass(frozen=True, kw_only=True)
class FeatureRecord:
    """Where the features of a video lie: an .npy file, see `ml.data.features`.

    Row i is made of `frames_per_row` frames from `first_frame + i * frames_per_row` on. Where a
    row is not made of whole frames, `row_length` says of how many: frame f belongs to row
    ⌊f / row_length⌋. Features in several files have `parts`, whose numbers stand one after
    another; `path` is then the first of the files.
    """

    path: str
    frames_per_row: int = 16
    first_frame: int = 0
    row_length: float = 0.0
    parts: tuple[FeaturePart, ...] = ()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> FeatureRecord:
        parts = tuple(FeaturePart.from_json(part) for part in value.get("parts", ()))
        return cls(**value | {"parts": parts})

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all of them."""
        return tuple(path for part in self.parts for path in part.paths) or (self.path,)

    def check(self, video_id: str) -> None:
        """Raise BadInput where a field has a value that no features can have."""
        if not isinstance(self.path, str) or not self.path:
            raise BadInput(f"{video_id}: its features have no path")
        for name, least in (("frames_per_row", 1), ("first_frame", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or not least <= value <= MAX_FRAMES:
                raise BadInput(f"{video_id}: {name} {value!r} is no number of frames")
        length = self.row_length
        if not isinstance(length, int | float) or not 0 <= length <= MAX_FRAMES:
            raise BadInput(f"{video_id}: row_length {length!r} is no number of frames")
        for part in self.parts:
            part.check(video_id)


@dataclass(frozen=True, kw_only=True)
class VideoRecord:
    """One video as a child process sees it.

    `path` is a video file, or a folder of images for `kind="frames"`. `n_frames` is the
    true count (0: not counted yet). `rotation` in degrees counter-clockwise is still to be
    applied to decoded frames. Of pixels with more than 8 bits `pixel_low` is black and
    `pixel_high` white, of 65536 values; both are 0 where pixels are bytes. `features` are there
    for a method that reads them, which needs no file at `path`. `fps` is the rate at which images
    were taken, 0 where nobody says; files carry their own times. Where there are `regions`, a
    method that reads clips looks at these alone.
    """

    id: str
    path: str
    kind: Kind = "file"
    n_frames: int = 0
    rotation: int = 0
    part: Part = "test"
    label: str = ""
    intervals: tuple[Interval, ...] = ()
    pixel_low: int = 0
    pixel_high: int = 0
    features: FeatureRecord | None = None
    fps: float = 0.0
    regions: tuple[VideoRegion, ...] = ()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> VideoRecord:
        intervals = tuple(Interval(**interval) for interval in value.get("intervals", ()))
        features = FeatureRecord.from_json(value["features"]) if value.get("features") else None
        regions = tuple(VideoRegion.from_json(region) for region in value.get("regions", ()))
        return cls(**value | {"intervals": intervals, "features": features, "regions": regions})

    @property
    def name(self) -> str:
        """The end of its path: enough for a person to find it, without the server's folders."""
        return "/".join(Path(self.path).parts[-2:]) or self.id

    def check(self) -> None:
        """Raise BadInput where a field has a value that no video can have."""
        for name in ("id", "path"):
            if not isinstance(getattr(self, name), str):
                raise BadInput(f"video {self.id}: its {name} is no text")
        allowed = {"kind": get_args(Kind), "part": get_args(Part), "rotation": ROTATIONS}
        for name, values in allowed.items():
            if getattr(self, name) not in values:
                known = ", ".join(str(value) for value in values)
                raise BadInput(f"{self.id}: {name} {getattr(self, name)!r} is none of {known}")
        self._check_frames()
        low, high = self.pixel_low, self.pixel_high
        if not all(isinstance(value, int) for value in (low, high)) or not (
            low == high == 0 or 0 <= low < high < 65536
        ):
            raise BadInput(f"{self.id}: pixels from {low!r} to {high!r} are no scale of 16 bits")
        for interval in self.intervals:
            self._check_interval(interval)
        if self.features is not None:
            self.features.check(self.id)
        for region in self.regions:
            region.check(self.id, self.n_frames)

    def _check_frames(self) -> None:
        if not isinstance(self.n_frames, int) or self.n_frames < 0:
            raise BadInput(f"{self.id}: n_frames {self.n_frames!r} is no number of frames")
        if not isinstance(self.fps, int | float) or not 0 <= self.fps < MAX_FRAMES:
            raise BadInput(f"{self.id}: fps {self.fps!r} is no number of frames per second")

    def _check_interval(self, interval: Interval) -> None:
        start, end = interval.start_frame, interval.end_frame
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
            raise BadInput(f"{self.id}: [{start}, {end}) is no interval of frames")
        if self.n_frames and end > self.n_frames:
            raise BadInput(
                f"{self.id}: interval [{start}, {end}) ends past the last of {self.n_frames} frames"
            )


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Videos with their parts and ground truth: all that `python -m ml` needs of a dataset."""

    videos: tuple[VideoRecord, ...] = field(default_factory=tuple)

    def part(self, part: Part) -> tuple[VideoRecord, ...]:
        return tuple(video for video in self.videos if video.part == part)

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1))

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """Raise BadInput when the file is not a manifest, or says what cannot be."""
        try:
            given = parse(path.read_text(), path.name)["videos"]
            videos = tuple(VideoRecord.from_json(video) for video in given)
        except (BadInput, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{path.name} is not a manifest: {error}") from error
        for video in videos:
            video.check()
        for video_id, count in Counter(video.id for video in videos).items():
            if count > 1:
                raise BadInput(f"{path.name} has {count} videos with the id {video_id}")
        return cls(videos=videos)


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Native scores of one video and where they belong.

    `values` (N,) float32 or float64: value i covers `frames_per_value` frames from
    `first_frame + i * frames_per_value` on. Frames outside have no score, and neither have those
    of a NaN, which may only stand there where it `has_gaps`.
    """

    values: FloatArray
    first_frame: int = 0
    frames_per_value: int = 1
    has_gaps: bool = False

    @property
    def is_double(self) -> bool:
        """Whether the values are float64."""
        return self.values.dtype == np.float64

    @property
    def layout(self) -> Layout:
        return self.first_frame, self.frames_per_value, len(self.values)

    @property
    def extremes(self) -> tuple[float, float] | None:
        """The lowest and the highest; None without any."""
        known = self.values[~np.isnan(self.values)]
        return (float(known.min()), float(known.max())) if len(known) else None

    def check(self, n_frames: int) -> None:
        """Raise BadInput unless the scores are finite and lie inside a video of `n_frames`."""
        if self.values.ndim != 1:
            raise BadInput(f"scores have {self.values.ndim} dimensions where 1 is expected")
        if self.values.dtype.kind != "f" or self.values.dtype.itemsize > 8:
            raise BadInput(f"scores are {self.values.dtype} where float32 or float64 is expected")
        if not (0 <= self.first_frame <= MAX_FRAMES and 1 <= self.frames_per_value <= MAX_FRAMES):
            raise BadInput(
                f"scores cannot start at frame {self.first_frame} and cover "
                f"{self.frames_per_value} frames each: the first frame is 0 or more, the frames "
                f"per score 1 or more, and both at most {MAX_FRAMES}"
            )
        self._check_finite()
        self._check_length(n_frames)

    def _check_finite(self) -> None:
        is_bad = np.isinf(self.values) if self.has_gaps else ~np.isfinite(self.values)
        self._refuse(is_bad, "NaN or infinite")
        self._refuse(np.abs(self.values) > LARGEST_SCORE, f"beyond ± {LARGEST_SCORE:.3g}")

    def _refuse(self, is_bad: NDArray[np.bool_], what: str) -> None:
        if n_bad := np.count_nonzero(is_bad):
            raise BadInput(
                f"{n_bad} of {len(self.values)} scores are {what}, the first at index "
                f"{np.argmax(is_bad)}"
            )

    def _check_length(self, n_frames: int) -> None:
        room = max(0, n_frames - self.first_frame)
        most = -(-room // self.frames_per_value)
        if len(self.values) > most:
            raise BadInput(
                f"{len(self.values)} scores where at most {most} fit: the video has "
                f"{n_frames} frames, scores start at frame {self.first_frame} and each covers "
                f"{self.frames_per_value}. Either they belong to another video, or the first "
                "frame or the frames per score are stated wrongly; nothing is cut off"
            )

    def to_frames(self, n_frames: int) -> FloatArray:
        """(n_frames,) with NaN where a frame has no score. Of checked scores only."""
        frames = np.full(n_frames, np.nan, dtype=self.values.dtype)
        width = min(self.frames_per_value, max(1, n_frames))
        room = max(0, n_frames - self.first_frame)
        spread = np.repeat(self.values, width)[:room]
        frames[self.first_frame : self.first_frame + len(spread)] = spread
        return frames

    def to_bytes(self) -> bytes:
        return self.values.astype("<f8" if self.is_double else "<f4", copy=False).tobytes()

    @classmethod
    def from_bytes(
        cls,
        data: bytes | memoryview,
        *,
        first_frame: int,
        frames_per_value: int,
        is_double: bool = False,
    ) -> Scores:
        dtype = np.float64 if is_double else np.float32
        values = np.frombuffer(data, dtype="<f8" if is_double else "<f4")
        return cls(
            values=values.astype(dtype, copy=False),
            first_frame=first_frame,
            frames_per_value=frames_per_value,
            has_gaps=bool(np.isnan(values).any()),
        )


def narrowest(values: NDArray[np.float64]) -> FloatArray:
    """As float32 where that changes none of them, else as they are.

    Rounded to float32, scores that differ could become equal, and every number by rank would
    change with them.
    """
    with np.errstate(over="ignore", under="ignore"):
        narrow = values.astype(np.float32)
    is_same = (narrow == values) | np.isnan(values)
    return narrow if is_same.all() else values


def frame_labels(intervals: Iterable[Interval], n_frames: int) -> NDArray[np.uint8]:
    """(n_frames,) uint8, 1 inside any interval; what lies past the end is cut off."""
    labels = np.zeros(n_frames, dtype=np.uint8)
    for interval in intervals:
        labels[interval.start_frame : interval.end_frame] = 1
    return labels


def intervals_of(labels: NDArray[Any]) -> tuple[Interval, ...]:
    """The runs of non-zero values in a (n_frames,) vector."""
    is_on = np.asarray(labels) != 0
    if not len(is_on):
        return ()
    edges = (np.flatnonzero(is_on[1:] != is_on[:-1]) + 1).tolist()
    edges = [0] * bool(is_on[0]) + edges + [len(is_on)] * bool(is_on[-1])
    pairs = zip(edges[::2], edges[1::2], strict=True)
    return tuple(Interval(start_frame=start, end_frame=end) for start, end in pairs)


@lru_cache(maxsize=2**14)  # each order of a dataset's videos asks for the same names
def natural_key(name: str) -> tuple[tuple[int, str], ...]:
    """Sorts names by the numbers in them: clip 2 before clip 10."""
    parts = re.findall(r"\d{1,1000}|\D+", name)  # longer ones Python refuses to turn into numbers
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def hash_of(value: Any) -> str:
    """SHA-256 of a JSON value, keys sorted: the same content has the same hash."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
