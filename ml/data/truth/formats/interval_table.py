"""Our own CSV: a line per interval, or per normal video.

    video,start_frame,end_frame,label
    test/01.mp4,60,180,running
    test/02.mp4,,,

Frames count from 0 and the end is exclusive; `first_frame` and `last_frame` instead say that
the last one is abnormal, too. A line without numbers says that the video is normal. Instead of
frames there may be `start_seconds` and `end_seconds` or `start_ms` and `end_ms`. A column
`n_frames` is compared with the true counts, `fps` is the rate at which frames are counted.
Without a column of names (video, name, file and the like) the table is about the one video that
the file is named after; no line then says that it is normal. Columns that nobody knows are
refused, but for notes.
"""

from __future__ import annotations

from typing import Any

from ml import headings
from ml.data.truth.claims import Annotations, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.formats._stretches import is_table_of, read_stretches
from ml.data.truth.source import Source
from ml.headings import Unit

UNITS: tuple[Unit, ...] = ("frames", "seconds", "milliseconds")


@register
class IntervalTable(AnnotationFormat):
    title = "CSV with video, start_frame and end_frame"
    reading = Reading(base=0, end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return is_table_of(source, UNITS)

    @classmethod
    def stated(cls, source: Source) -> dict[str, Any]:
        ends = headings.ends_in(source.text.headings, UNITS)
        return {"end": "inclusive"} if ends and ends.is_last else {}

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        return read_stretches(source, reading, UNITS)
