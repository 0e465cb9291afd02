"""What a file is that no format knows, and what to do: one sentence, never a list of formats."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from typing import Any

from ml import headings
from ml.data.truth.arrays import is_npy, is_npz, mat_variables, shapes_in
from ml.data.truth.hdf5 import is_hdf5
from ml.data.truth.source import Source
from ml.data.truth.xml import root_of
from ml.file_kinds import ZIP, kind_of
from ml.findings import shortened
from ml.records import BadInput

MATLAB = b"MATLAB 5.0 MAT-file"
KNOWN_VARIABLES = "gt of ano_pred, volLabel of Avenue and Annotation_file of UCF-Crime"
TABLE = "video, start_frame and end_frame (or start_seconds and end_seconds)"
TIMED_TEXT = re.compile(r"\d+:\d\d[:.,\d]*\s*-->\s*\d+:\d\d")
SHOWN = 8
Json = dict[str, Any]


def check_kind(source: Source) -> None:
    """Raise BadInput for what can be no ground truth, whatever is in it."""
    if kind := kind_of(source.head):
        raise BadInput(f"{source.name} is {kind}")


def why_unknown(source: Source) -> str:
    """For a file that no format recognises. May raise BadInput itself."""
    if source.path.is_dir():
        return (
            f"{source.name} holds no ground truth that is known: a folder has a .npy or .mat per "
            "video, or folders of mask images whose names end in _gt"
        )
    for look in LOOKS:
        if text := look(source):
            return f"{source.name} {text}"
    return f"{source.name} is no ground truth that is known{_first_line(source)}"


def _first_line(source: Source) -> str:
    return f"; its first line is {source.text.lines[0][:80]!r}" if source.text.lines else ""


def _arrays(source: Source) -> str:
    if is_npz(source):
        shapes = shapes_in(source.path)
        shown = [f"{name} {shape}" for name, shape in shapes.items()]
        return (
            f"holds arrays of other shapes ({shortened(shown)}), as features have: labels have one "
            "axis, masks are frames × height × width"
        )
    if source.head.startswith(ZIP):
        is_whole = zipfile.is_zipfile(source.path)
        return "is packed: unpack it first" if is_whole else "is a damaged archive: it was cut"
    if source.head.startswith(MATLAB) or is_hdf5(source.head):
        found = ", ".join(sorted(mat_variables(source))) or "nothing that can be read"
        return f"is a MATLAB file with {found}; known are {KNOWN_VARIABLES}"
    return "is damaged" if is_npy(source) else ""


def _json(source: Source) -> str:
    if why := source.why_no_json():
        objects = sum(line.startswith("{") and line.endswith("}") for line in source.text.lines)
        if objects > 1 and objects == len(source.text.lines):
            return "has a JSON object per line: make it one document"
        return why.removeprefix(f"{source.name} ")
    document = source.document
    if isinstance(document, list):
        return _list(document)
    return _object(document) if isinstance(document, dict) else ""


def _list(tasks: list[Any]) -> str:
    first: Json = next((each for each in tasks if isinstance(each, dict)), {})
    if "annotation_id" in first or {"annotator", "lead_time"} & first.keys():
        return "is Label Studio's JSON-MIN: export as JSON, not JSON-MIN"
    if "data" in first:
        return "is a list of Label Studio's tasks without annotations: export as JSON"
    if first:
        return f"is a list of objects with {_keys(first)}: {WANTED}"
    return f"is a list, which names no videos: {WANTED}"


WANTED = 'what is read is {"videos": {"01": [[60, 180, "fall"]]}}'


def _object(document: Json) -> str:
    keys = document.keys()
    if {"images", "annotations"} <= keys:
        return "is COCO's JSON of pictures: it has no frames of a video; take a format with times"
    if "_via_img_metadata" in keys or "_via_settings" in keys:
        return "is a project of VIA 2, which annotates pictures: take VIA 3"
    if {"shapes", "imagePath"} <= keys:
        return "is of one picture, as LabelMe writes it: take a format with frames of a video"
    if "result" in keys and ("task" in keys or "completed_by" in keys):
        return "is one annotation of Label Studio without its task: export the project as JSON"
    return f"is JSON with {_keys(document)}: {WANTED}"


def _keys(values: Json) -> str:
    return shortened([str(key)[:40] for key in values], SHOWN) or "nothing in it"


def _xml(source: Source) -> str:
    root = root_of(source)
    if root == "annotation":
        return "is of one picture, as Pascal VOC has it: take CVAT for video 1.1"
    if root.lower() in ("html", "svg"):
        return f"is {root.upper()}, not the data itself: download the file"
    known = "CVAT for video 1.1 (annotations) and ELAN (ANNOTATION_DOCUMENT)"
    return f"is XML of {root}; known are {known}" if root else ""


def _table(source: Source) -> str:
    columns = [column for column in source.text.headings if not headings.is_index(column)]
    plain = {headings.plain(column) for column in columns}
    if {"annotation_id", "lead_time"} <= plain or {"annotator", "lead_time"} <= plain:
        return "is Label Studio's CSV: export as JSON"
    if source.text.lines and source.text.lines[0].lstrip("# ").startswith("Exported using VGG"):
        return "is VIA's CSV: save the project, which is JSON"
    if pair := headings.ambiguous_ends(columns):
        if pair[1] == "stop_frame":
            return (
                f"does not say whether {pair[1]} is abnormal itself: call them start_frame and "
                "end_frame, the first frame after it, or first_frame and last_frame"
            )
        return (
            f"does not say what {pair[0]} and {pair[1]} count: call them start_frame and "
            "end_frame, or start_seconds and end_seconds"
        )
    if len(columns) > 1 and headings.video_column(columns):
        return f"has the columns {shortened(columns, SHOWN)}; a table needs {TABLE}"
    return ""


def _subtitles(source: Source) -> str:
    is_one = any(TIMED_TEXT.match(line) for line in source.text.lines[:20])
    return f"has subtitles: make it a table with {TABLE}" if is_one else ""


LOOKS: tuple[Callable[[Source], str], ...] = (_arrays, _json, _xml, _table, _subtitles)
