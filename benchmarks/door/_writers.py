"""Stretches of one video as people's tools write them down."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

Stretch = tuple[float, float, str]  # seconds from the start of the file, and a label
File = tuple[str, str]  # name and content
Writer = Callable[[str, Sequence[Stretch]], File]


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    return "".join(",".join(map(str, row)) + "\r\n" for row in rows)


def seconds_csv(video: str, stretches: Sequence[Stretch]) -> File:
    rows = [(video, start, end, label) for start, end, label in stretches]
    return "events.csv", _csv([("video", "start_seconds", "end_seconds", "label"), *rows])


def milliseconds_csv(video: str, stretches: Sequence[Stretch]) -> File:
    rows = [(video, round(s * 1000), round(e * 1000), label) for s, e, label in stretches]
    return "events.csv", _csv([("filename", "start_ms", "end_ms", "class"), *rows])


def seconds_json(video: str, stretches: Sequence[Stretch]) -> File:
    entry = {"name": video, "seconds": [list(each) for each in stretches]}
    return "events.json", json.dumps({"videos": [entry]})


def clock(seconds: float) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{thousandths:03}"


def clock_table(video: str, stretches: Sequence[Stretch]) -> File:
    rows = [(video, label, clock(start), clock(end)) for start, end, label in stretches]
    return "events.csv", _csv([("Video Name", "Class", "Start Time", "End Time"), *rows])


def activitynet(video: str, stretches: Sequence[Stretch]) -> File:
    found = [{"segment": [start, end], "label": label} for start, end, label in stretches]
    name = video.rpartition(".")[0] or video
    return "anet.json", json.dumps({"version": "1", "database": {name: {"annotations": found}}})


def via(video: str, stretches: Sequence[Stretch]) -> File:
    labels = list(dict.fromkeys(label for _start, _end, label in stretches))
    options = {str(number): label for number, label in enumerate(labels)}
    event = {"aname": "event", "anchor_id": "FILE1_Z2_XY0", "type": 4, "options": options}
    marks = {
        f"1_{number}": {
            "vid": "1",
            "flg": 0,
            "z": [start, end],
            "xy": [],
            "av": {"1": str(labels.index(label))},
        }
        for number, (start, end, label) in enumerate(stretches)
    }
    project = {
        "project": {"pid": "__VIA_PROJECT_ID__", "pname": "shift"},
        "config": {},
        "attribute": {"1": event},
        "file": {"1": {"fid": "1", "fname": video, "type": 4, "loc": 1, "src": ""}},
        "view": {"1": {"fid_list": ["1"]}},
        "metadata": marks,
    }
    return "via.json", json.dumps(project)


def elan(video: str, stretches: Sequence[Stretch]) -> File:
    edges = [edge for start, end, _label in stretches for edge in (start, end)]
    slots = "".join(
        f'<TIME_SLOT TIME_SLOT_ID="ts{n}" TIME_VALUE="{round(edge * 1000)}"/>'
        for n, edge in enumerate(edges)
    )
    marks = "".join(
        f'<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a{n}" TIME_SLOT_REF1="ts{2 * n}" '
        f'TIME_SLOT_REF2="ts{2 * n + 1}"><ANNOTATION_VALUE>{label}</ANNOTATION_VALUE>'
        "</ALIGNABLE_ANNOTATION></ANNOTATION>"
        for n, (_start, _end, label) in enumerate(stretches)
    )
    media = f'<MEDIA_DESCRIPTOR MEDIA_URL="file:///C:/cam/{video}" MIME_TYPE="video/mp4"/>'
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><ANNOTATION_DOCUMENT AUTHOR="" FORMAT="3.0">'
        f'<HEADER MEDIA_FILE="" TIME_UNITS="milliseconds">{media}</HEADER>'
        f'<TIME_ORDER>{slots}</TIME_ORDER><TIER LINGUISTIC_TYPE_REF="default" TIER_ID="events">'
        f"{marks}</TIER></ANNOTATION_DOCUMENT>"
    )
    return "01.eaf", text


def boris(video: str, stretches: Sequence[Stretch]) -> File:
    labels = list(dict.fromkeys(label for _start, _end, label in stretches))
    events = [[edge, "", label, "", ""] for start, end, label in stretches for edge in (start, end)]
    behaviours = {
        str(n): {"type": "State event", "key": "f", "code": label} for n, label in enumerate(labels)
    }
    observation = {
        "type": "MEDIA",
        "file": {"1": [f"cam/{video}"]},
        "time offset": 0.0,
        "events": sorted(events),
    }
    project = {"behaviors_conf": behaviours, "observations": {"monday": observation}}
    return "project.boris", json.dumps(project)


def _task(video: str, results: Sequence[dict[str, Any]]) -> str:
    made = {"id": 1, "created_at": "2024-05-02T10:00:00Z", "result": list(results)}
    data = {"video": f"/data/upload/3/1a2b3c4d-{video}"}
    return json.dumps([{"id": 7, "data": data, "annotations": [made], "predictions": []}])


def label_studio_regions(video: str, stretches: Sequence[Stretch]) -> File:
    results = [
        {"type": "labels", "value": {"start": start, "end": end, "labels": [label]}}
        for start, end, label in stretches
    ]
    return "export.json", _task(video, results)


def label_studio_boxes(
    video: str, stretches: Sequence[Stretch], *, rate: float, duration: float
) -> File:
    """As the editor counts: at `rate`, whatever the video's own is."""
    results = [_box(*stretch, rate, duration) for stretch in stretches]
    return "export.json", _task(video, results)


def _box(start: float, end: float, label: str, rate: float, duration: float) -> dict[str, Any]:
    place = {"x": 10, "y": 10, "width": 20, "height": 30, "rotation": 0}
    sequence = [
        {"frame": round(start * rate) + 1, "time": start, "enabled": True, **place},
        {"frame": round(end * rate), "time": end, "enabled": False, **place},
    ]
    value = {
        "framesCount": round(duration * rate),
        "duration": duration,
        "sequence": sequence,
        "labels": [label],
    }
    return {"type": "videorectangle", "value": value}


def label_studio_timeline(video: str, stretches: Sequence[Stretch], *, rate: float) -> File:
    results = [
        {
            "type": "timelinelabels",
            "value": {
                "ranges": [{"start": round(start * rate) + 1, "end": round(end * rate)}],
                "timelinelabels": [label],
            },
        }
        for start, end, label in stretches
    ]
    return "export.json", _task(video, results)


def cvat(video: str, stretches: Sequence[Stretch], *, rate: float, n_frames: int) -> File:
    """Tracks of boxes on the video's own frames, gone at the frame of their end."""
    tracks = "".join(
        f'<track id="{n}" label="{label}" source="manual">'
        f'<box frame="{round(start * rate)}" outside="0" keyframe="1" xtl="1" ytl="1" xbr="9" '
        f'ybr="9"/><box frame="{round(end * rate)}" outside="1" keyframe="1" xtl="1" ytl="1" '
        'xbr="9" ybr="9"/></track>'
        for n, (start, end, label) in enumerate(stretches)
    )
    task = (
        f"<task><id>4</id><name>monday</name><size>{n_frames}</size><mode>interpolation</mode>"
        f"<start_frame>0</start_frame><stop_frame>{n_frames - 1}</stop_frame><frame_filter/>"
        f"<source>{video}</source></task>"
    )
    text = (
        '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version>'
        f"<meta>{task}</meta>{tracks}</annotations>"
    )
    return "annotations.xml", text


IN_SECONDS: dict[str, Writer] = {
    "CSV in seconds": seconds_csv,
    "CSV in milliseconds": milliseconds_csv,
    "JSON in seconds": seconds_json,
    "table on the clock": clock_table,
    "ActivityNet": activitynet,
    "VIA 3": via,
    "ELAN": elan,
    "BORIS": boris,
    "Label Studio, regions in seconds": label_studio_regions,
}
