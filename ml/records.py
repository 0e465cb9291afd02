"""What passes between the science and the site: plain records over NumPy, nothing else.

Frames are numbered from 0; intervals are half open. A score is a float32, higher is
more abnormal, one per frame or one per run of `frames_per_value` frames.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

Part = Literal["train", "validation", "test"]
Kind = Literal["file", "frames"]
ROTATIONS = (0, 90, 180, 270)


class BadInput(Exception):
    """A fault in what the user gave, as one plain sentence for that user."""


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Abnormal frames `start_frame` up to but not including `end_frame`."""

    start_frame: int
    end_frame: int
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class VideoRecord:
    """One video as a child process sees it.

    `path` is a video file, or a folder of images for `kind="frames"`. `n_frames` is the
    true count (0: not counted yet). `rotation` in degrees counter-clockwise is still to be
    applied to decoded frames. Of pixels with more than 8 bits `pixel_low` is black and
    `pixel_high` white, of 65536 values; both are 0 where pixels are bytes.
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

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> VideoRecord:
        intervals = tuple(Interval(**interval) for interval in value.get("intervals", ()))
        return cls(**value | {"intervals": intervals})

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
        if not isinstance(self.n_frames, int) or self.n_frames < 0:
            raise BadInput(f"{self.id}: n_frames {self.n_frames!r} is no number of frames")
        low, high = self.pixel_low, self.pixel_high
        if not all(isinstance(value, int) for value in (low, high)) or not (
            low == high == 0 or 0 <= low < high < 65536
        ):
            raise BadInput(f"{self.id}: pixels from {low!r} to {high!r} are no scale of 16 bits")
        for interval in self.intervals:
            self._check_interval(interval)

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
            given = json.loads(path.read_text())["videos"]
            videos = tuple(VideoRecord.from_json(video) for video in given)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
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

    `values` (N,) float32: value i covers `frames_per_value` frames from
    `first_frame + i * frames_per_value` on. Frames outside have no score.
    """

    values: NDArray[np.float32]
    first_frame: int = 0
    frames_per_value: int = 1

    def check(self, n_frames: int) -> None:
        """Raise BadInput unless the scores are finite and lie inside a video of `n_frames`."""
        if self.values.ndim != 1:
            raise BadInput(f"scores have {self.values.ndim} dimensions where 1 is expected")
        if self.first_frame < 0 or self.frames_per_value < 1:
            raise BadInput(
                f"scores cannot start at frame {self.first_frame} and cover "
                f"{self.frames_per_value} frames each: the first frame is 0 or more, the frames "
                "per score 1 or more"
            )
        self._check_finite()
        self._check_length(n_frames)

    def _check_finite(self) -> None:
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite
            bad = np.flatnonzero(~np.isfinite(self.values.astype(np.float32, copy=False)))
        if len(bad):
            raise BadInput(
                f"{len(bad)} of {len(self.values)} scores are NaN or infinite, the first at index "
                f"{bad[0]}"
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

    def to_frames(self, n_frames: int) -> NDArray[np.float32]:
        """(n_frames,) float32 with NaN where a frame has no score. Of checked scores only."""
        frames = np.full(n_frames, np.nan, dtype=np.float32)
        spread = np.repeat(self.values, self.frames_per_value)[: n_frames - self.first_frame]
        frames[self.first_frame : self.first_frame + len(spread)] = spread
        return frames

    def to_bytes(self) -> bytes:
        return self.values.astype("<f4", copy=False).tobytes()

    @classmethod
    def from_bytes(
        cls, data: bytes | memoryview, *, first_frame: int, frames_per_value: int
    ) -> Scores:
        values = np.frombuffer(data, dtype="<f4").astype(np.float32, copy=False)
        return cls(values=values, first_frame=first_frame, frames_per_value=frames_per_value)


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


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts names by the numbers in them: clip 2 before clip 10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def hash_of(value: Any) -> str:
    """SHA-256 of a JSON value, keys sorted: the same content has the same hash."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
