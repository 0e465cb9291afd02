"""Exports of labelling tools, which count frames in ways of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.door import _writers as writers
from benchmarks.door._base import NOBODY_KNOWS, Bring, Case, kind
from benchmarks.door._doors import clip, truth

EVENT = [(2.0, 4.0, "fall")]
VIDEOS = {  # rate of a video of 10 s, and the frames of 2 to 4 s
    "25/s": (25.0, 250, (50, 100)),
    "30/s": (30.0, 300, (60, 120)),
    "12.5/s": (12.5, 125, (25, 50)),
    "60/s": (60.0, 600, (120, 240)),
}


@kind("Label Studio: frames of the project")
def label_studio() -> Iterator[Case]:
    for title, (fps, n_frames, frames) in VIDEOS.items():
        videos = [clip("01.mp4", n_frames, fps)]
        right = {"01.mp4": [(*frames, "fall")]}
        for rate in (24.0, 25.0, 30.0):
            file, text = writers.label_studio_boxes("01.mp4", EVENT, rate=rate, duration=10.0)
            name = f"boxes at {rate:g}/s, video of {title}"
            yield Case(name=name, right=right, bring=truth(file, text, videos))
            file, text = writers.label_studio_timeline("01.mp4", EVENT, rate=rate)
            name = f"timeline at {rate:g}/s, which was stated, video of {title}"
            yield Case(name=name, right=right, bring=truth(file, text, videos, rate=rate))
        file, text = writers.label_studio_timeline("01.mp4", EVENT, rate=24.0)
        name = f"timeline at 24/s, not stated, video of {title}"
        yield Case(name=name, right=NOBODY_KNOWS, bring=truth(file, text, videos))
    yield from _boxes()


def _boxes() -> Iterator[Case]:
    """25/s, 250 frames; frames count from 1 and a box is gone after its last frame."""
    for name, keys, right in (
        ("gone and there again", [(51, 1), (75, 0), (101, 1), (125, 0)], [(50, 75), (100, 125)]),
        ("there to the end", [(201, 1)], [(200, 250)]),
        ("moved on the way", [(51, 1), (60, 1), (80, 1), (100, 0)], [(50, 100)]),
        ("two keys that do not follow in order", [(100, 0), (51, 1)], [(50, 100)]),
    ):
        sequence = [{"frame": frame, "time": frame / 25, "enabled": bool(on)} for frame, on in keys]
        spans = {"01.mp4": [(*span, "fall") for span in right]}
        yield Case(name=f"a box, {name}", right=spans, bring=_task(sequence))
    sequence = [{"frame": 51, "time": 8.0, "enabled": True}, {"frame": 100, "enabled": False}]
    bring = _task(sequence)
    yield Case(name="a box whose times and frames differ", right=NOBODY_KNOWS, bring=bring)
    sequence = [{"frame": 51, "enabled": True}, {"frame": 100, "enabled": False}]
    bring = _task(sequence, framesCount=200, duration=8.0)
    yield Case(name="a box in another cut", right=NOBODY_KNOWS, bring=bring)


def _task(sequence: Sequence[dict[str, Any]], **facts: Any) -> Bring:
    value = {"framesCount": 250, "duration": 10.0, "labels": ["fall"], "sequence": list(sequence)}
    result = {"type": "videorectangle", "value": value | facts}
    task = {"data": {"video": "01.mp4"}, "annotations": [{"result": [result]}]}
    return truth("export.json", json.dumps([task]), [clip("01.mp4")])


@kind("CVAT: frames that a task shows")
def cvat() -> Iterator[Case]:
    for name, meta, body, right in (
        ("a track, every 5th frame", (0, 249, "step=5"), _track(60, 180), [(60, 180)]),
        ("to the end, every 5th frame", (0, 249, "step=5"), _track(100, 245, False), [(100, 250)]),
        ("to the end, every 2nd frame", (0, 249, "step=2"), _track(100, 248, False), [(100, 250)]),
        ("to the end, all frames", (0, 249, ""), _track(100, 249, False), [(100, 250)]),
        ("tags, every 10th frame", (0, 249, "step=10"), _tags(range(60, 180, 10)), [(60, 180)]),
        ("tags, every frame", (0, 249, ""), _tags(range(60, 180)), [(60, 180)]),
        ("from frame 50 on", (50, 249, ""), _track(60, 180), [(60, 180)]),
        ("from 3, every 4th frame", (3, 249, "step=4"), _track(63, 183), [(63, 183)]),
        ("every 5th, but numbered 1 by 1", (0, 249, "step=5"), _track(12, 36), None),
        ("every 3rd frame, by a word", (0, 249, "every 3rd"), _track(60, 180), None),
    ):
        expected = {"01.mp4": [(*each, "fall") for each in right]} if right else NOBODY_KNOWS
        yield Case(name=name, right=expected, bring=_cvat(*meta, body))
    beside = _document("<task><name>night</name><size>250</size></task>", _track(60, 180))
    beside = beside.replace("</meta>", "<dumped/><source>01.mp4</source></meta>")
    event = {"01.mp4": [(60, 180, "fall")]}
    bring = truth("a.xml", beside, [clip("01.mp4")])
    yield Case(name="an old export, its video beside the task", right=event, bring=bring)
    normal = _track(0, 60).replace("fall", "normal") + _track(60, 180)
    yield Case(name="a track of what is normal", right=event, bring=_cvat(0, 249, "", normal))
    yield Case(name="two people at once", right=event,
               bring=_cvat(0, 249, "", _track(60, 120) + _track(100, 180)))  # fmt: skip


def _track(start: int, end: int, is_gone: bool = True) -> str:
    last = f'<box frame="{end}" outside="{int(is_gone)}" keyframe="1"/>'
    return (
        f'<track id="0" label="fall"><box frame="{start}" outside="0" keyframe="1"/>{last}</track>'
    )


def _tags(frames: Sequence[int]) -> str:
    return "".join(f'<tag label="fall" frame="{frame}" source="manual"/>' for frame in frames)


def _cvat(start: int, stop: int, step: str, body: str) -> Bring:
    width = int(step.partition("=")[2] or 1)
    meta = (
        f"<task><size>{len(range(start, stop + 1, width))}</size><start_frame>{start}</start_frame>"
        f"<stop_frame>{stop}</stop_frame><frame_filter>{step}</frame_filter>"
        "<source>01.mp4</source></task>"
    )
    return truth("annotations.xml", _document(meta, body), [clip("01.mp4")])


def _document(meta: str, body: str) -> str:
    return f"<annotations><version>1.1</version><meta>{meta}</meta>{body}</annotations>"


@kind("exports of other tools")
def others() -> Iterator[Case]:
    right = {"01.mp4": [(60, 180, "fall")]}
    _file, eaf = writers.elan("01.mp4", [(2.4, 7.2, "fall")])
    shifted = eaf.replace('MIME_TYPE="video/mp4"', 'MIME_TYPE="video/mp4" TIME_ORIGIN="2000"')
    later = {"01.mp4": [(110, 230, "fall")]}
    for name, text, expected in (
        ("ELAN from 2 s of the video on", shifted, later),
        ("ELAN counting in 40 ms", eaf.replace('"milliseconds"', '"PAL-frames"'), NOBODY_KNOWS),
        ("ELAN, a label that only the tier says", eaf.replace(">fall<", "><")
         .replace('TIER_ID="events"', 'TIER_ID="fall"'), right),
    ):  # fmt: skip
        yield Case(name=name, right=expected, bring=truth("01.eaf", text, [clip("01.mp4")]))
    _file, boris = writers.boris("01.mp4", [(2.4, 7.2, "fall")])
    for name, old, new, expected in (
        ("BORIS with a time offset", '"time offset": 0.0', '"time offset": 3600.0', NOBODY_KNOWS),
        ("BORIS, a stop is missing", ', [7.2, "", "fall", "", ""]', "", NOBODY_KNOWS),
        ("BORIS, a moment", "State event", "Point event", NOBODY_KNOWS),
        ("BORIS, two players", '["cam/01.mp4"]', '["cam/01.mp4", "cam/02.mp4"]', NOBODY_KNOWS),
    ):
        text = boris.replace(old, new)
        assert text != boris
        yield Case(name=name, right=expected, bring=truth("b.boris", text, [clip("01.mp4")]))
    yield from _lists(right)


def _lists(right: dict[str, Any]) -> Iterator[Case]:
    videos = [clip("01.mp4")]
    for name, file, text, expected in (
        ("ranges with (A) and (N)", "01.md",
         "- 000001 - 000060: **(N)** walking\n- 000061 - 000180: **(A)** fall\n", right),
        ("subtitles", "01.srt", "1\n00:00:02,400 --> 00:00:07,200\nfall\n", right),
        ("boxes of trackers", "gt.txt", "60,1,10,10,40,80,1,-1,-1,-1\n" * 3, NOBODY_KNOWS),
        ("boxes of detectors", "01.txt", "0 0.5 0.5 0.1 0.2\n0 0.4 0.5 0.1 0.2\n", NOBODY_KNOWS),
        ("a label for each frame", "01.txt", "0\n" * 60 + "1\n" * 120 + "0\n" * 70,
         {"01.mp4": [(60, 180, "")]}),
        ("a score for each frame", "01.txt", "0.1\n" * 60 + "0.9\n" * 120 + "0.2\n" * 70,
         NOBODY_KNOWS),
    ):  # fmt: skip
        yield Case(name=name, right=expected, bring=truth(file, text, videos))
    crime = [clip("Abuse028_x264", 1_412), clip("Normal_Videos_003_x264", 500),
             clip("Normal_Videos003_x264", 600)]  # fmt: skip
    expected = {"Abuse028_x264": [(165, 240, "Abuse")], "Normal_Videos_003_x264": [],
                "Normal_Videos003_x264": []}  # fmt: skip
    rows = ("Abuse028_x264.mp4  Abuse  165  240  -1  -1",
            "Normal_Videos_003_x264.mp4  Normal  -1  -1  -1  -1",
            "Normal_Videos003_x264.mp4  Normal  -1  -1  -1  -1")  # fmt: skip
    for name, end, gap in (("UCF-Crime", "\n", "  "), ("UCF-Crime, CRLF and tabs", "\r\n", "\t")):
        text = "".join(row.replace("  ", gap) + end for row in rows)
        yield Case(name=name, right=expected, bring=truth("ucf.txt", text, crime))
