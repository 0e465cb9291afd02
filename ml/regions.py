"""Regions of videos as tables have them: a box over a range of frames, or a range alone, a clip.

    video,start_frame,end_frame,x,y,width,height,label
    Abuse028_x264,165,240,3,83,79,67,Abuse

Frames are numbered from 0, ends not included. In place of the two there may be one column `frame`,
in place of width and height the corners `x1,y1,x2,y2`. Without frames a region lasts as long as its
video, without a box it is the whole picture. A column `track` may say who it is. Boxes are in
pixels of the upright picture.
"""

from __future__ import annotations

from dataclasses import dataclass

from ml.headings import LABEL, plain, video_column
from ml.records import MAX_FRAMES, BadInput, Box
from ml.tables import Record, Table, read_table

__all__ = ["Box", "Region", "read_regions"]

CORNERS = ("x1", "y1", "x2", "y2")
SIZES = ("x", "y", "width", "height")


@dataclass(frozen=True, kw_only=True)
class Region:
    """`end_frame` is None for the end of the video, `box` for the whole picture."""

    video: str
    start_frame: int = 0
    end_frame: int | None = None
    box: Box | None = None
    label: str = ""
    track: int | None = None  # who it is, within the video

    def misfit(self, n_frames: int, width: int, height: int) -> str:
        """Why it lies outside a video, as a clause; empty where it lies inside.

        A `width` of 0 says that the picture's size is not known.
        """
        if max(self.start_frame + 1, self.end_frame or 0) > n_frames:
            return f"frames [{self.start_frame}, {self.end_frame or 'end'}) of {n_frames}"
        box = self.box
        if box and width and (box.left + box.width > width or box.top + box.height > height):
            right, bottom = box.left + box.width, box.top + box.height
            return f"a box up to ({right}, {bottom}) of a picture of {width} × {height}"
        return ""


def read_regions(data: bytes, file_name: str) -> list[Region]:
    """Every row of a table. Raise BadInput, with the line, for one that is no region."""
    table = read_table(data, file_name)
    naming = video_column(table.columns)
    if naming is None:
        raise BadInput(f"{file_name} has no column that names the video")
    columns = {plain(column): column for column in table.columns}
    if not columns.keys() & {"frame", "start_frame", *SIZES, *CORNERS}:
        raise BadInput(
            f"{file_name} has neither frames (start_frame and end_frame, or frame) nor boxes "
            f"({', '.join(SIZES)}, or {', '.join(CORNERS)})"
        )
    return [_region(table, record, naming, columns) for record in table.records]


def _region(table: Table, record: Record, naming: str, columns: dict[str, str]) -> Region:
    video = record[naming]
    if not video:
        raise table.fault(record, "it names no video")
    start, end = _frames(table, record, columns)
    label = next((columns[name] for name in LABEL if name in columns), None)
    return Region(
        video=video,
        start_frame=start,
        end_frame=end,
        box=_box(table, record, columns),
        label=record.get(label),
        track=_track(table, record, columns),
    )


def _track(table: Table, record: Record, columns: dict[str, str]) -> int | None:
    column = columns.get("track") or columns.get("track_id")
    track = table.whole(record, column)
    if track is not None and not 0 <= track <= MAX_FRAMES:
        raise table.fault(record, f"{track} is no number of a track")
    return track


def _frames(table: Table, record: Record, columns: dict[str, str]) -> tuple[int, int | None]:
    single = table.whole(record, columns.get("frame"))
    start = single if single is not None else table.whole(record, columns.get("start_frame"))
    end = single + 1 if single is not None else table.whole(record, columns.get("end_frame"))
    first = start or 0
    if first < 0 or (end is not None and end <= first):
        raise table.fault(record, f"[{first}, {end}) is no range of frames")
    return first, end


def _box(table: Table, record: Record, columns: dict[str, str]) -> Box | None:
    """Raise BadInput where it is empty, lies left of or above the picture, or is said by half."""
    names = CORNERS if columns.keys() & set(CORNERS) else SIZES
    given = [table.whole(record, columns.get(name)) for name in names]
    values = [value for value in given if value is not None]
    if not values:
        return None
    if len(values) < len(given):
        raise table.fault(record, f"a box needs {', '.join(names)}")
    left, top, width, height = values
    if names is CORNERS:
        width, height = width - left, height - top
    if left < 0 or top < 0 or width < 1 or height < 1:
        raise table.fault(record, f"{', '.join(map(str, values))} is no box of a picture")
    return Box(left=left, top=top, width=width, height=height)
