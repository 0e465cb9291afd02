"""Small files of two clips, of which the first is abnormal in [60, 180)."""

from __future__ import annotations

from typing import Any

from benchmarks.door._base import Case
from benchmarks.door._doors import clip, truth

PAIR = [clip("01.mp4"), clip("02.mp4")]  # 250 frames at 25/s
RIGHT = {"01.mp4": [(60, 180, "fall")], "02.mp4": []}
FRAMES = "video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,,,\n"
SECONDS = "video,start_seconds,end_seconds,label\n01.mp4,2.4,7.2,fall\n02.mp4,,,\n"


def lines(*rows: str) -> str:
    return "".join(f"{row}\n" for row in rows)


def case(name: str, data: str | bytes, right: Any = RIGHT, file: str = "events.csv") -> Case:
    return Case(name=name, right=right, bring=truth(file, data, PAIR))


def labelled(label: str) -> dict[str, Any]:
    return {"01.mp4": [(60, 180, label)], "02.mp4": []}
