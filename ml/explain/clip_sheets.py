"""Maps of clips on the frames and over the pictures of their video.

A clip's pictures are each the first frame of a part of it, and a step of a layer stands for as many
pictures as any other. So a frame has the step of the picture that is shown last when it is.

T steps of a clip's maps, h w their cells, L pictures of a clip, N tiles of a sheet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.data.clips.cutting import Clip
from ml.data.clips.sampling import Ints
from ml.data.video.resizing import Size
from ml.explain.laying import Map, cells_of, in_cells
from ml.explain.maps import Maps
from ml.extraction.crops import Place

MOST_CLIPS = 256  # of a video
MOST_TILES = 512
MOST_CELLS = 4_000_000  # of all tiles of a sheet
Frames = tuple[int, int]  # the first, and the one after the last


@dataclass(frozen=True, kw_only=True, eq=False)
class Explained:
    """A clip of the `stretch` of that number, which stands for its frames and those `until` there.

    `starts` (L,) are the first frames that each of its pictures stands for.
    """

    clip: Clip
    stretch: int
    starts: Ints
    until: int

    def steps_at(self, frames: Ints, n_steps: int) -> Ints:
        """Of its frames, the numbers of the steps that they belong to."""
        pictures = np.maximum(np.searchsorted(self.starts, frames, side="right") - 1, 0)
        return np.asarray(pictures * n_steps // len(self.starts), np.int64)


def thinned(
    by_stretch: Sequence[Sequence[Clip]], starts_of: Callable[[Clip], Ints]
) -> list[Explained]:
    """Every so many clips of each stretch, at most MOST_CLIPS and one of each, as they begin.

    Where some are left out, one stands up to the next.
    """
    stride = max(1, -(-sum(map(len, by_stretch)) // MOST_CLIPS))
    kept = [
        Explained(clip=clip, stretch=number, starts=starts_of(clip), until=until)
        for number, clips in enumerate(by_stretch)
        for clip, until in _with_ends(clips, stride)
    ]
    return sorted(kept, key=lambda each: (each.clip.start_frame, each.stretch))


def _with_ends(clips: Sequence[Clip], stride: int) -> Iterator[tuple[Clip, int]]:
    for place in range(0, len(clips), stride):
        last = place + stride >= len(clips)
        until = clips[-1].end_frame if last else clips[place + stride].start_frame
        yield clips[place], max(clips[place].end_frame, until)


class ClipSheet:
    """Gathers maps of clips into the tiles of some frames, every so many of them.

    With a `picture`, its height and width, clips lie in its regions; without, over all of it.
    """

    def __init__(self, frames: Frames, picture: Size | None) -> None:
        self.picture = picture
        self._frames = frames
        self._stretches: dict[int, _Stretch] = {}

    def add(self, explained: Explained, maps: Map) -> None:
        """(T, h, w) of a clip, all of the same layer."""
        if not self._stretches:
            self._tile_frames = self._every_so_many(maps[0].size)
        stretch = self._stretches.setdefault(
            explained.stretch,
            _Stretch(explained, np.zeros((len(self._tile_frames), *maps.shape[1:]), np.float32)),
        )
        stretch.add(explained, self._tile_frames, maps)

    def _every_so_many(self, n_cells: int) -> Ints:
        first, end = self._frames
        most = MOST_TILES if self.picture else min(MOST_TILES, max(1, MOST_CELLS // n_cells))
        return np.arange(first, end, -(-(end - first) // most))

    def finish(self) -> Maps:
        first, *others = self._tile_frames.tolist()
        per_map = others[0] - first if others else self._frames[1] - first
        return Maps.of(
            self._in_picture(self.picture) if self.picture else self._over_all(),
            first_frame=first, frames_per_map=per_map,
        )  # fmt: skip

    def _over_all(self) -> Map:
        [stretch] = self._stretches.values()
        return stretch.means()

    def _in_picture(self, picture: Size) -> Map:
        cells = cells_of(picture, len(self._tile_frames), MOST_CELLS)
        sheet = np.zeros((len(self._tile_frames), *cells), np.float32)
        for stretch in self._stretches.values():
            place, means = _place_of(stretch.first.clip, picture), stretch.means()
            for tile in np.flatnonzero(stretch.votes):
                laid = in_cells([means[tile][None]], [place], picture, cells)[0]
                np.maximum(sheet[tile], laid, out=sheet[tile])
        return sheet


@dataclass(eq=False)
class _Stretch:
    """The sums (N, h, w) of the maps of its clips at each tile, and how many there are (N,)."""

    first: Explained
    sums: Map

    def __post_init__(self) -> None:
        self.votes: NDArray[np.int64] = np.zeros(len(self.sums), np.int64)

    def add(self, explained: Explained, frames: Ints, maps: Map) -> None:
        inside = (frames >= explained.clip.start_frame) & (frames < explained.until)
        self.sums[inside] += maps[explained.steps_at(frames[inside], len(maps))]
        self.votes[inside] += 1

    def means(self) -> Map:
        votes = np.maximum(self.votes, 1).astype(np.float32)
        means: Map = self.sums / votes[:, None, None]
        return means


def _place_of(clip: Clip, picture: Size) -> Place:
    box = clip.box
    if box is None:
        return Place(top=0, left=0, height=picture[0], width=picture[1])
    return Place(top=box.top, left=box.left, height=box.height, width=box.width)
