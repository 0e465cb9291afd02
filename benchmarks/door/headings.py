"""Headings that people give the columns of events, and times as they write them below."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import clip, truth
from benchmarks.door._rows import case, lines

EVENT, NONE = "01.mp4,60,180,fall", "02.mp4,,,"
EXCLUSIVE = (
    "Video,Start Frame,End Frame,Label", "file_name,startFrame,endFrame,event",
    "Clip,frame_start,frame_end,class", "filename,begin_frame,end_frame,category",
    "Video Name,Start-Frame,End-Frame,Anomaly Type", "path,from_frame,to_frame,type",
    "VIDEO_ID,START_FRAME,END_FRAME,LABEL", "video_path,Frame Start,Frame End,anomaly_class",
    "動画,開始フレーム,終了フレーム,ラベル",
    "영상,시작 프레임,끝 프레임,라벨", "视频,开始帧,结束帧,标签",
    "video,start,end,label", "video,start_frame,stop_frame,label",
    "video,start_frame,last_frame,label", "video,frame_in,frame_out,label",
    "video,f_start,f_end,label",
)  # fmt: skip
INCLUSIVE = ("video,first_frame,last_frame,label", "Video,First Frame,Last Frame,Label")
MAY_CHANGE_IT = (
    "offset", "frame_offset", "base", "step", "stride", "speed", "time_scale", "is_normal",
    "normal", "unit", "frame_rate_divisor", "delay", "trim_start",
)  # fmt: skip
NOTES = ("comment", "annotator", "notes", "date", "confidence")
TIMES = (
    ("2.4", "7.2"), ("0:02.4", "0:07.2"), ("00:00:02.400", "00:00:07.200"),
    ("0:00:02.4", "0:00:07.2"), ("00:02.40", "00:07.20"), ('"00:00:02,400"', '"00:00:07,200"'),
    ("2.4s", "7.2s"), ("2.4 sec", "7.2 sec"), ("PT2.4S", "PT7.2S"), ("0m2.4s", "0m7.2s"),
    ("0 days 00:00:02.400000", "0 days 00:00:07.200000"), ("00:00:02:10", "00:00:07:05"),
    ("00:00:02;10", "00:00:07;05"), ("0.000027778", "0.000083333"),
    ("2024-05-01 10:00:02.4", "2024-05-01 10:00:07.2"), ("10:00:02.4", "10:00:07.2"),
    ("00:00:02.4 AM", "00:00:07.2 AM"),
)  # fmt: skip


@kind("tables: headings")
def headings() -> Iterator[Case]:
    for head in EXCLUSIVE:
        yield case(head, lines(head, EVENT, NONE))
    for head in INCLUSIVE:
        yield case(head, lines(head, "01.mp4,60,179,fall", NONE))
    for word in MAY_CHANGE_IT:
        head = f"video,start_frame,end_frame,label,{word}"
        yield case(f"a column {word}", lines(head, EVENT + ",2", NONE + ","), NOBODY_KNOWS)
    for word in NOTES:
        head = f"video,start_frame,end_frame,label,{word}"
        yield case(f"a column {word}", lines(head, EVENT + ",0.5", NONE + ","))


@kind("tables: two ways to say it")
def twice() -> Iterator[Case]:
    both = "video,start_frame,end_frame,start_time,end_time,label"
    clock, none = "00:00:02.4,00:00:07.2,fall", "02.mp4,,,,,"
    yield case("frames and times that agree", lines(both, f"01.mp4,60,180,{clock}", none))
    yield case("frames and whole seconds", lines(both, "01.mp4,60,180,0:02,0:07,fall", none))
    text = lines(both, f"01.mp4,72,216,{clock}", none)
    yield case("frames and times that do not", text, NOBODY_KNOWS)
    text = lines(both, f"01.mp4,72,216,{clock.replace('.4', '').replace('.2', '')}", none)
    yield case("frames and whole seconds that do not", text, NOBODY_KNOWS)
    text = lines(both.replace("time", "seconds"), "01.mp4,72,216,2.4,7.2,fall", none)
    yield case("frames and seconds that do not", text, NOBODY_KNOWS)
    head = "video,start_frame,duration_frames,label"
    yield case("start and duration in frames", lines(head, "01.mp4,60,120,fall", NONE))
    head = "video,start_seconds,duration,label"
    yield case("start and duration in seconds", lines(head, "01.mp4,2.4,4.8,fall", NONE))
    head, none = "video,start_seconds,end_seconds,duration,label", "02.mp4,,,,"
    yield case("start, end and duration", lines(head, "01.mp4,2.4,7.2,4.8,fall", none))
    yield case("the video's duration", lines(head, "01.mp4,2.4,7.2,10,fall", "02.mp4,,,10,"))
    head = "video,start_frame,end_frame,fps,label"
    yield case("frames at 30/s, said", lines(head, "01.mp4,72,216,30,fall", "02.mp4,,,30,"))
    rows = (head, "01.mp4,72,216,30_0,fall", "02.mp4,,,30_0,")
    text = lines(*rows).replace(",", ";").replace("30_0", "30,0")
    yield case("frames at 30/s, with a decimal comma", text)
    yield case("frames at its own rate", lines(head, "01.mp4,60,180,25,fall", "02.mp4,,,25,"))
    head = "video,n_frames,start_frame,end_frame,label"
    yield case("the number of frames", lines(head, "01.mp4,250,60,180,fall", "02.mp4,250,,,"))
    text = lines(head, "01.mp4,300,72,216,fall", "02.mp4,300,,,")
    yield case("the number of frames at 30/s", text, NOBODY_KNOWS)
    head = "id,filename,start_frame,end_frame,label"
    yield case("an id beside the name", lines(head, "02,01.mp4,60,180,fall", "01,02.mp4,,,"))


@kind("tables: times")
def times() -> Iterator[Case]:
    head = "video,start_time,end_time,label"
    for start, end in TIMES:
        yield case(f"{start} to {end}", lines(head, f"01.mp4,{start},{end},fall", NONE))
    minutes = [clip("01.mp4", 3_000)]  # 2 minutes
    for start, end in (("1:02", "1:30"), ("00:01:02", "00:01:30"), ("62", "90")):
        text = lines(head, f"01.mp4,{start},{end},fall")
        right = {"01.mp4": [(1_550, 2_250, "fall")]}
        bring = truth("events.csv", text, minutes)
        yield Case(name=f"{start} to {end} of two minutes", right=right, bring=bring)
    text = lines(head.replace(",", ";"), "01.mp4;1,2;1,4;fall")
    bring = truth("events.csv", text, minutes)
    yield Case(name="1,2 to 1,4", right={"01.mp4": [(30, 35, "fall")]}, bring=bring)
