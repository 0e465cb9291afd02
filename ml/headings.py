"""What the headings of people's tables mean, and which ones nobody can be certain of."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ml.findings import Finding, shortened
from ml.records import BadInput
from ml.tables import INDEX, Table

Unit = Literal["frames", "seconds", "milliseconds", "clock"]

VIDEO = (  # the one that says most comes first
    "video_name", "videoname", "video_file", "video", "filename", "file_name", "file", "clip_name",
    "clip", "video_path", "file_path", "filepath", "path", "video_id", "videoid", "name",
)  # fmt: skip
LABEL = (
    "label", "labels", "class", "class_name", "category", "anomaly", "anomaly_type",
    "anomaly_class", "event", "event_type", "event_class", "type",
)  # fmt: skip
COUNT = (
    "n_frames", "nframes", "num_frames", "frame_count", "framecount", "total_frames",
    "number_of_frames", "frames_total",
)  # fmt: skip
RATE = ("fps", "frame_rate", "framerate", "frames_per_second")
LENGTH = ("video_duration", "video_seconds", "video_length_seconds", "duration_seconds")
PART = ("part", "split", "subset")
# Plainly of no use here: told, and passed over.
NOTES = frozenset(
    {
        "comment", "comments", "note", "notes", "remark", "remarks", "description", "id", "no",
        "nr", "index", "row", "annotator", "annotators", "author", "user", "reviewer", "checked",
        "reviewed", "confidence", "certainty", "date", "created", "created_at", "updated",
        "updated_at", "lead_time", "annotation_id", "source", "camera", "actor", "scene", "place",
        "location", "group", "url", "base_name", "x", "y", "w", "h", "width", "height", "xmin",
        "ymin", "xmax", "ymax", "x1", "y1", "x2", "y2", "original_width", "original_height",
        "resolution",
    }
)  # fmt: skip
UNITS: dict[str, Unit] = {
    "frame": "frames", "frames": "frames",
    "s": "seconds", "sec": "seconds", "secs": "seconds", "second": "seconds", "seconds": "seconds",
    "ms": "milliseconds", "msec": "milliseconds", "millis": "milliseconds",
    "millisecond": "milliseconds", "milliseconds": "milliseconds",
    "times": "seconds", "timesec": "seconds", "timeseconds": "seconds", "timems": "milliseconds",
    "time": "clock", "t": "clock",
}  # fmt: skip
ALL_UNITS: tuple[Unit, ...] = ("frames", "seconds", "milliseconds", "clock")
TIME_UNITS: tuple[Unit, ...] = ("seconds", "milliseconds", "clock")
STARTS = {"start": "end", "begin": "end", "first": "last", "from": "to"}
AMBIGUOUS_ENDS = (
    ("start", "end"), ("begin", "end"), ("start", "stop"), ("begin", "stop"), ("onset", "offset"),
    ("from", "to"), ("first", "last"), ("start_frame", "stop_frame"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Which columns hold start and end, and in which unit; `is_last`: the end is in it, too."""

    start: str
    end: str
    unit: Unit
    is_last: bool = False


def plain(heading: str) -> str:
    """`Start (s)`, `start-s` and `startS` are told apart by nothing that matters."""
    return re.sub(r"[\s\-./()\[\]]+", "_", heading.strip().lower()).strip("_")


def first_of(table: Table, meant: Sequence[str]) -> str | None:
    """The column that means one of `meant`. Raise BadInput where two columns do."""
    found = [column for column in table.columns if plain(column) in meant]
    if len(found) > 1:
        both = " and ".join(found)
        raise BadInput(f"{table.name}: the columns {both} may mean the same: keep one of them")
    return found[0] if found else None


def video_column(columns: Iterable[str]) -> str | None:
    """That of the names. Names of files come before ids and paths where there are several."""
    by_name = {plain(column): column for column in columns}
    return next((by_name[name] for name in VIDEO if name in by_name), None)


def ends_in(columns: Iterable[str], units: Collection[Unit]) -> Ends | None:
    """Columns of start and end in one of `units`; frames come before times."""
    by_name = {plain(column).replace("_", ""): column for column in columns}
    for word, unit in UNITS.items():
        for start, end in STARTS.items():
            for pair in ((start + word, end + word), (word + start, word + end)):
                if unit in units and pair[0] in by_name and pair[1] in by_name:
                    first, last = (by_name[name] for name in pair)
                    return Ends(start=first, end=last, unit=unit, is_last=end == "last")
    return None


def ambiguous_ends(columns: Iterable[str]) -> tuple[str, str] | None:
    """Columns of start and end that do not say what they count."""
    names = {plain(column) for column in columns}
    return next((pair for pair in AMBIGUOUS_ENDS if set(pair) <= names), None)


def is_index(heading: str) -> bool:
    """The column of row numbers that pandas writes without a name."""
    return heading.strip().lower() in INDEX


def sort_out(
    name: str, columns: Iterable[str], known: Collection[str | None], passed: Collection[str] = ()
) -> list[Finding]:
    """A finding about columns that are passed over. Raise BadInput for one nobody knows.

    It may say where a stretch lies, how frames are counted or what is normal.
    """
    others = [column for column in columns if column not in known]
    unknown = [each for each in others if each not in passed and plain(each) not in NOTES]
    if unknown:
        raise BadInput(
            f"{name}: nobody knows what {_columns(unknown)} {shortened(unknown, 6)} may say of "
            "frames or labels: leave it out, or call it comment"
        )
    if not others:
        return []
    are = "is" if len(others) == 1 else "are"
    text = f"{_columns(others)} {shortened(others, 10)} {are} not used"
    return [Finding(level="info", subject=name, text=text)]


def _columns(names: Sequence[str]) -> str:
    return "the column" if len(names) == 1 else "the columns"
