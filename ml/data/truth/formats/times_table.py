"""A table of clips with times on the clock and a class, as annotated shoplifting videos have.

    id video_name class start_time end_time x y width height fps
    1 video-2EoU6EXnPuE.mp4 1 00:00:08 00:00:16 261 215 175 190

Class 0 is normal. Times are hours, minutes and seconds, minutes and seconds, or seconds from the
video's start; the end is exclusive. Columns are found by their names (video and the like,
class, start_time and end_time or t_start and t_end); commas, semicolons, tabs or spaces part
them. A line without times says that the video is normal.
"""

from __future__ import annotations

from ml.data.truth.claims import Annotations, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.formats._stretches import is_table_of, read_stretches
from ml.data.truth.source import Source
from ml.headings import Unit

UNITS: tuple[Unit, ...] = ("clock",)


@register
class TimesTable(AnnotationFormat):
    title = "table with video_name, class, start_time and end_time"
    reading = Reading(end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return is_table_of(source, UNITS)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        return read_stretches(source, reading, UNITS)
