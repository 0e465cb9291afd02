"""A small file of every format, all saying the same: frames [60, 180) of 300 are abnormal.

At 25 per second that is 2.4 to 7.2 s of 12. `normal` adds what the format can say of normal,
`unknown` something of its counting or content that nobody can be certain of.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.io

N_FRAMES, FPS = 300, 25.0
START, END = 60, 180
LABELS = np.zeros(N_FRAMES, np.uint8)
LABELS[START:END] = 1

Write = Callable[[Path, bool, bool], Path]  # folder, normal, unknown
SAMPLES: dict[str, Sample] = {}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """`marks`: it has labels of stretches. `calls`: it has labels of videos beside its events.

    `unit` is what it counts in; a file without events says that the video is normal.
    """

    write: Write
    unit: Literal["frames", "seconds", "labels", "none"]
    video: str = "01"
    marks: bool = False
    calls: bool = False
    states_count: bool = False
    base: int = 0  # number of its first frame


def sample(name: str, unit: Any, **facts: Any) -> Callable[[Write], Write]:
    def keep(write: Write) -> Write:
        SAMPLES[name] = Sample(write=write, unit=unit, **facts)
        return write

    return keep


def text(path: Path, content: str) -> Path:
    path.write_text(content)
    return path


def document(path: Path, content: Any) -> Path:
    return text(path, json.dumps(content))


def mat(path: Path, variables: dict[str, Any]) -> Path:
    scipy.io.savemat(path, variables)
    return path


def cells(*values: Any) -> np.ndarray:
    found = np.empty((1, len(values)), object)
    for index, value in enumerate(values):
        found[0, index] = value
    return found


@sample("activitynet", "seconds", marks=True, states_count=True)
def activitynet(folder: Path, normal: bool, unknown: bool) -> Path:
    spans: list[dict[str, Any]] = [{"segment": [2.4, 7.2], "label": "fall"}]
    spans += [{"segment": [0, 2.4], "label": "Normal"}] if normal else []
    spans[0] |= {"offset": 2} if unknown else {}
    entry = {"duration": 12.0, "subset": "testing", "annotations": spans}
    return document(folder / "a.json", {"database": {"01": entry}})


@sample("ano_pred", "frames", base=1)
def ano_pred(folder: Path, normal: bool, unknown: bool) -> Path:
    rows = [[61.0], [180.0], [5.0]] if unknown else [[61.0], [180.0]]
    return mat(folder / "gt.mat", {"gt": cells(np.array(rows))})


@sample("avenue", "labels", states_count=True)
def avenue(folder: Path, normal: bool, unknown: bool) -> Path:
    masks = [np.full((2, 3), label, np.uint8) for label in LABELS]
    volume = np.stack(masks) if unknown else cells(*masks)
    return mat(folder / "01_label.mat", {"volLabel": volume})


@sample("boris", "seconds", marks=True)
def boris(folder: Path, normal: bool, unknown: bool) -> Path:
    codes = [("fall", 2.4), ("fall", 7.2)]
    codes += [("Normal", 0.0), ("Normal", 2.4)] if normal else []
    events = [[time, "", code, "", ""] for code, time in codes]
    file = {"1": ["C:/cam/01.mp4"], "2": []}
    observation = {"type": "MEDIA", "file": file, "time offset": 5 if unknown else 0}
    kinds = [{"code": code, "type": "State event"} for code in ("fall", "Normal")]
    return document(
        folder / "a.boris",
        {
            "behaviors_conf": dict(enumerate(kinds)),
            "observations": {"o": observation | {"events": events}},
        },
    )


@sample("cvat", "frames", marks=True, states_count=True)
def cvat(folder: Path, normal: bool, unknown: bool) -> Path:
    step = "<frame_filter>every other</frame_filter>" if unknown else ""
    tracks = [("fall", START, END), *([("Normal", 0, START)] if normal else [])]
    boxes = [
        f'<track label="{label}"><box frame="{start}" outside="0"/>'
        f'<box frame="{end}" outside="1"/></track>'
        for label, start, end in tracks
    ]
    meta = f"<id>1</id><size>{N_FRAMES}</size>{step}<source>01.mp4</source>"
    content = f"<annotations><meta><task>{meta}</task></meta>{''.join(boxes)}</annotations>"
    return text(folder / "a.xml", content)


@sample("elan", "seconds", marks=True)
def elan(folder: Path, normal: bool, unknown: bool) -> Path:
    spans = [("fall", 2400, 7200), *([("Normal", 0, 2400)] if normal else [])]
    slots, found = "", ""
    for index, (label, start, end) in enumerate(spans):
        for ref, time in ((f"a{index}", start), (f"b{index}", end)):
            slots += f'<TIME_SLOT TIME_SLOT_ID="{ref}" TIME_VALUE="{time}"/>'
        refs = f'TIME_SLOT_REF1="a{index}" TIME_SLOT_REF2="b{index}"'
        value = f"<ANNOTATION_VALUE>{label}</ANNOTATION_VALUE>"
        aligned = f"<ALIGNABLE_ANNOTATION {refs}>{value}</ALIGNABLE_ANNOTATION>"
        found += f"<ANNOTATION>{aligned}</ANNOTATION>"
    units = "PAL-frames" if unknown else "milliseconds"
    media = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/cam/01.mp4" RELATIVE_MEDIA_URL="./01.mp4"/>'
    return text(
        folder / "a.eaf",
        f'<?xml version="1.0"?><ANNOTATION_DOCUMENT><HEADER TIME_UNITS="{units}">{media}</HEADER>'
        f'<TIME_ORDER>{slots}</TIME_ORDER><TIER TIER_ID="events">{found}</TIER>'
        "</ANNOTATION_DOCUMENT>",
    )


@sample("frame_ranges", "frames", base=1, states_count=True)
def frame_ranges(folder: Path, normal: bool, unknown: bool) -> Path:
    lines = ["- 1 - 60: **(N)** Working.", "- 61 - 180: **(A)** Normal until she fell.",
             f"- 181 - {N_FRAMES}: **(N)** Working."]  # fmt: skip
    lines += ["- 200 - 210: **(B)** Perhaps."] if unknown else []
    return text(folder / "01.md", "\n".join(lines))


@sample("frame_table", "labels", states_count=True)
def frame_table(folder: Path, normal: bool, unknown: bool) -> Path:
    head = "frame,label,offset" if unknown else "frame,label"
    rows = [f"{index},{label}{',5' if unknown else ''}" for index, label in enumerate(LABELS)]
    return text(folder / "01.csv", "\n".join([head, *rows]))


@sample("ids_with_counts", "none", states_count=True)
def ids_with_counts(folder: Path, normal: bool, unknown: bool) -> Path:
    return text(folder / "a.txt", f"01,0,{N_FRAMES}{',5' if unknown else ''}\n")


@sample("interval_json", "frames", marks=True, states_count=True)
def interval_json(folder: Path, normal: bool, unknown: bool) -> Path:
    spans = [[START, END, "fall"], *([[0, START, "Normal"]] if normal else [])]
    entry = {"name": "01", "n_frames": N_FRAMES, "intervals": spans}
    return document(folder / "a.json", {"videos": [entry | ({"step": 5} if unknown else {})]})


@sample("interval_table", "frames", marks=True, states_count=True)
def interval_table(folder: Path, normal: bool, unknown: bool) -> Path:
    head = "video,start_frame,end_frame,label,n_frames" + (",offset" if unknown else "")
    rows = [f"01.mp4,{START},{END},fall,{N_FRAMES}"]
    rows += [f"01.mp4,0,{START},Normal,{N_FRAMES}"] if normal else []
    return text(folder / "a.csv", "\n".join([head, *rows]))


@sample("label_arrays", "labels", states_count=True)
def label_arrays(folder: Path, normal: bool, unknown: bool) -> Path:
    more = {"features": np.zeros((5, 4))} if unknown else {"02": np.zeros(9)}
    np.savez(folder / "a.npz", **{"01": LABELS}, **more)
    return folder / "a.npz"


@sample("label_folder", "labels", states_count=True)
def label_folder(folder: Path, normal: bool, unknown: bool) -> Path:
    (folder / "masks").mkdir(exist_ok=True)
    np.save(folder / "masks/01.npy", LABELS * 2 if unknown else LABELS)
    return folder / "masks"


@sample("label_studio", "frames", base=1, marks=True, states_count=True)
def label_studio(folder: Path, normal: bool, unknown: bool) -> Path:
    values = [("fall", START, END), *([("Normal", 0, START)] if normal else [])]
    results = [
        {
            "framesCount": "many" if unknown else N_FRAMES,
            "duration": N_FRAMES / FPS,
            "labels": [label],
            "sequence": [
                {"frame": a + 1, "time": a / FPS, "enabled": True},
                {"frame": b, "time": (b - 1) / FPS, "enabled": False},
            ],
        }
        for label, a, b in values
    ]
    annotation = {"result": [{"type": "videorectangle", "value": value} for value in results]}
    task = {"data": {"video": "/data/upload/1/0a1b2c3d-01.mp4"}, "annotations": [annotation]}
    return document(folder / "a.json", [task])


@sample("mask_images", "labels", states_count=True)
def mask_images(folder: Path, normal: bool, unknown: bool) -> Path:
    import cv2

    (folder / "01_gt").mkdir(exist_ok=True)
    for index, label in enumerate(LABELS):
        path = folder / f"01_gt/{index:04}.png"
        cv2.imwrite(str(path), np.full((2, 2), 255 * label, np.uint8))
    if unknown:
        path.write_bytes(b"no picture")
    return folder


@sample("pixel_masks", "labels", states_count=True)
def pixel_masks(folder: Path, normal: bool, unknown: bool) -> Path:
    mask = np.zeros((N_FRAMES, 3, 4), np.float32 if unknown else np.uint8)
    mask[START:END, 1, 2] = 0.5 if unknown else 1
    np.savez(folder / "a.npz", **{"01": mask})
    return folder / "a.npz"


@sample("times_table", "seconds", marks=True)
def times_table(folder: Path, normal: bool, unknown: bool) -> Path:
    head = "video_name;class;start_time;end_time" + (";delay" if unknown else "")
    rows = ["01.mp4;1;00:00:02,4;00:00:07,2", *(["01.mp4;0;0;2,4"] if normal else [])]
    return text(folder / "a.csv", "\n".join([head, *rows]))


@sample("ucf_crime", "frames", calls=True)
def ucf_crime(folder: Path, normal: bool, unknown: bool) -> Path:
    label = "Normal" if normal else "Fall"
    return text(folder / "a.txt", f"01.mp4  {label}  60  180  -1  -1{'  5  6' * unknown}\n")


@sample("ucf_crime_brackets", "frames", states_count=True, calls=True)
def ucf_crime_brackets(folder: Path, normal: bool, unknown: bool) -> Path:
    label = "Normal" if normal else "Fall"
    events = "60, 180, 200" if unknown else "60, 180"
    return text(folder / "a.txt", f"{label}/01.mp4|{N_FRAMES}|[{events}]\n")


@sample("ucf_crime_counted", "frames", states_count=True, calls=True)
def ucf_crime_counted(folder: Path, normal: bool, unknown: bool) -> Path:
    label, more = "Normal" if normal else "Fall", " 5" * unknown
    return text(folder / "a.txt", f"01.mp4 {label} 60 180 -1 -1 {N_FRAMES}{more}\n")


@sample("ucf_crime_mat", "frames", base=1, calls=True)
def ucf_crime_mat(folder: Path, normal: bool, unknown: bool) -> Path:
    struct = {"VideoName": "01", "EventName": "Normal" if normal else "Fall"}
    field = "Frames" if unknown else "Anno"
    return mat(folder / "a.mat", {"Annotation_file": struct | {field: np.array([[61, 180]])}})


@sample("ucf_crime_normal", "none", states_count=True)
def ucf_crime_normal(folder: Path, normal: bool, unknown: bool) -> Path:
    return text(folder / "a.txt", f"Normal/01.mp4 {N_FRAMES} -1{' 5' * unknown}\n")


@sample("ucf_crime_paths", "frames", states_count=True, calls=True)
def ucf_crime_paths(folder: Path, normal: bool, unknown: bool) -> Path:
    label, more = "Normal" if normal else "Fall", " 5" * unknown
    return text(folder / "a.txt", f"{label}/01.mp4 {N_FRAMES} {label} 60 180 -1 -1{more}\n")


@sample("ucsd", "frames", base=1)
def ucsd(folder: Path, normal: bool, unknown: bool) -> Path:
    entry = "TestVideoFile{end+1}.gt_frame = "
    ranges = "61:2:180" if unknown else "61:180"
    return text(folder / "a.m", f"% {entry}[1:9];\n{entry}[{ranges}];\n")


@sample("vector", "labels")
def vector(folder: Path, normal: bool, unknown: bool) -> Path:
    np.save(folder / "a.npy", LABELS * 0.5 if unknown else LABELS)
    return folder / "a.npy"


@sample("via", "seconds", marks=True)
def via(folder: Path, normal: bool, unknown: bool) -> Path:
    spans = [("0", [2.4, 5.0, 7.2] if unknown else [2.4, 7.2])]
    spans += [("1", [0, 2.4])] if normal else []
    attribute = {"aname": "event", "anchor_id": "FILE1_Z2_XY0", "type": 4,
                 "options": {"0": "fall", "1": "Normal"}}  # fmt: skip
    return document(
        folder / "a.json",
        {
            "project": {"pid": "x"},
            "attribute": {"1": attribute},
            "file": {"1": {"fid": "1", "fname": "01.mp4"}},
            "view": {"1": {"fid_list": ["1"]}},
            "metadata": {
                f"1_{index}": {"vid": "1", "z": z, "xy": [], "av": {"1": option}}
                for index, (option, z) in enumerate(spans)
            },
        },
    )


@sample("xd_violence", "frames", video="v=01__#1_label_B1-0-0")
def xd_violence(folder: Path, normal: bool, unknown: bool) -> Path:
    return text(folder / "a.txt", f"v=01__#1_label_B1-0-0 60 180{' 200' * unknown}\n")


@sample("xd_violence_classes", "frames", marks=True, video="v=01__#1_label_B1-0-0")
def xd_violence_classes(folder: Path, normal: bool, unknown: bool) -> Path:
    events = "B1 60 180" + " A 0 60" * normal + " Q 3 4" * unknown
    return text(folder / "a.txt", f"v=01__#1_label_B1-0-0 {events}\n")
