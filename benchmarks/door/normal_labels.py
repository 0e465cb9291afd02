"""Stretches and clips that somebody marked as normal, in the words that people use."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator

from benchmarks.door import _writers as writers
from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import clip, truth

CLIP = [clip("01.mp4")]
EVENT = {"01.mp4": [(60, 180, "fall")]}  # 2.4 to 7.2 s at 25/s
FORMATS: dict[str, writers.Writer] = writers.IN_SECONDS | {
    "Label Studio, boxes": functools.partial(writers.label_studio_boxes, rate=25.0, duration=10.0),
    "CVAT": functools.partial(writers.cvat, rate=25.0, n_frames=250),
}
IN_EVERY_FORMAT = ("Normal", "正常", "정상", "異常なし", "no_anomaly")
NORMAL = (
    "NORMAL", "normal walking", "Normal (walking)", "normal-event", "Normal_Videos_event",
    "normal1", "normal_02", "Normal:walking", "non-anomalous", "NonAnomaly", "not abnormal",
    "non-abnormal", "no incident", "Background", "none", "nothing happens", "N",
    "異常無し", "異状なし", "通常時", "平常時", "正常歩行", "正常（歩行）", "非異常", "問題なし",
    "异常无", "无异常", "無異常", "未见异常", "非异常", "正常行为", "没有异常", "一切正常",
    "이상 없음", "이상없음", "정상 보행", "정상행동", "정상(보행)", "무이상", "평상시",
    "특이사항 없음",
)  # fmt: skip
ABNORMAL = (
    "abnormal", "Abnormal walking", "not normal", "anomaly", "non-normal", "unnormal",
    "異常", "異常あり", "非正常", "正常ではない", "正常でない歩行", "正常からの逸脱",
    "异常", "不正常", "非正常行为", "비정상", "비정상 보행", "이상", "이상행동", "정상 아님",
    "정상이 아님",
)  # fmt: skip


def _around(label: str) -> list[writers.Stretch]:
    return [(0.0, 2.4, label), (2.4, 7.2, "fall"), (7.2, 10.0, label)]


@kind("normal labels")
def cases() -> Iterator[Case]:
    yield from _in_formats()
    yield from _words()
    yield from _own()
    yield from _of_clips()


def _in_formats() -> Iterator[Case]:
    for format, write in FORMATS.items():
        for label in IN_EVERY_FORMAT:
            file, text = write("01.mp4", _around(label))
            yield Case(name=f"{format}, {label}", right=EVENT, bring=truth(file, text, CLIP))


def _words() -> Iterator[Case]:
    for label in NORMAL:
        file, text = writers.seconds_csv("01.mp4", _around(label))
        yield Case(name=f"a word for normal, {label}", right=EVENT, bring=truth(file, text, CLIP))
    for label in ABNORMAL:
        file, text = writers.seconds_csv("01.mp4", [(2.4, 7.2, label)])
        right = {"01.mp4": [(60, 180, label)]}
        yield Case(name=f"a word for abnormal, {label}", right=right, bring=truth(file, text, CLIP))


def _own() -> Iterator[Case]:
    """Words that say it in one dataset alone, as it states them."""
    for format, write in FORMATS.items():
        file, text = write("01.mp4", _around("patrol"))
        bring = truth(file, text, CLIP, normal_labels=["Patrol"])
        yield Case(name=f"{format}, a word of its own", right=EVENT, bring=bring)


def _of_clips() -> Iterator[Case]:
    pair = [clip("01.mp4"), clip("02.mp4")]
    right = {"01.mp4": [(60, 180, "fall")], "02.mp4": []}
    for label in ("Normal", "正常", "0", "No"):
        table = f"video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,0,250,{label}\n"
        yield Case(name=f"a clip wholly {label}", right=right, bring=truth("gt.csv", table, pair))
        bare = f"video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,,,{label}\n"
        yield Case(
            name=f"a clip {label} without frames", right=right, bring=truth("gt.csv", bare, pair)
        )
    for yes, no in (("1", "0"), ("True", "False"), ("yes", "no"), ("Y", "N"), ("y", "n"),
                    ("abnormal", "normal"), ("○", "×"), ("O", "X"), ("あり", "なし"),
                    ("有", "無"), ("有", "无"), ("1.0", "0.0"), ("1", "-1"), ("t", "f"),
                    ("はい", "いいえ"), ("예", "아니오"), ("是", "否")):  # fmt: skip
        rows = f"video,start_frame,end_frame,anomaly\n01.mp4,0,60,{no}\n01.mp4,60,180,{yes}\n"
        spans = {"01.mp4": [(60, 180, _class(yes))], "02.mp4": []}
        table = f"{rows}01.mp4,180,250,{no}\n02.mp4,0,250,{no}\n"
        yield Case(
            name=f"column anomaly, {yes} and {no}", right=spans, bring=truth("gt.csv", table, pair)
        )
    yield from _of_tasks(pair)
    numbers = "video,start_frame,end_frame,class\n01.mp4,0,60,0\n01.mp4,60,180,2\n02.mp4,0,9,1\n"
    yield Case(name="classes 0, 1, 2", right=NOBODY_KNOWS, bring=truth("gt.csv", numbers, pair))
    entries = {"01": [[0, 60, "normal"], [60, 180, "fall"]], "02": [[0, 250, "정상"]]}
    document = json.dumps({"videos": entries}, ensure_ascii=False)
    bring = truth("gt.json", document, pair)
    yield Case(name="our JSON, English and Korean", right=right, bring=bring)


def _class(label: str) -> str:
    """A mark that says abnormal and no more is no name of a class."""
    return label if label in ("t", "abnormal") else ""


def _of_tasks(pair: list) -> Iterator[Case]:
    """Label Studio with a choice for the whole video, alone and beside regions."""
    choice = {"type": "choices", "value": {"choices": ["Normal"]}}
    regions = json.loads(writers.label_studio_regions("01.mp4", [(2.4, 7.2, "fall")])[1])
    whole = json.loads(writers.label_studio_regions("02.mp4", [])[1])
    whole[0]["annotations"][0]["result"] = [choice]
    right = {"01.mp4": [(60, 180, "fall")], "02.mp4": []}
    bring = truth("export.json", json.dumps(regions + whole), pair)
    yield Case(name="Label Studio, the choice Normal", right=right, bring=bring)
    regions[0]["annotations"][0]["result"].append(
        {"type": "choices", "value": {"choices": ["Abnormal"]}}
    )
    bring = truth("export.json", json.dumps(regions + whole), pair)
    yield Case(name="Label Studio, choices beside regions", right=right, bring=bring)
