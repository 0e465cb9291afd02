"""Tables of events as spreadsheets, scripts and people leave them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import clip, truth

PAIR = [clip("01.mp4"), clip("02.mp4")]
LONG = [clip("01.mp4", 5_000), clip("02.mp4")]
RIGHT = {"01.mp4": [(60, 180, "fall")], "02.mp4": []}
FAR = {"01.mp4": [(1_200, 1_800, "fall")], "02.mp4": []}
FRAMES = "video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,,,\n"
SECONDS = "video,start_seconds,end_seconds,label\n01.mp4,2.4,7.2,fall\n02.mp4,,,\n"


def _case(name: str, data: str | bytes, right: Any = RIGHT, file: str = "events.csv") -> Case:
    return Case(name=name, right=right, bring=truth(file, data, PAIR))


@kind("tables: separators, quotes, leftovers")
def shapes() -> Iterator[Case]:
    for name, mark in {"semicolons": ";", "tabs": "\t", "bars": "|"}.items():
        yield _case(f"{name}, frames", FRAMES.replace(",", mark))
        yield _case(f"{name}, seconds", SECONDS.replace(",", mark))
    commas = SECONDS.replace(",", ";").replace(".4", ",4").replace(".2", ",2")
    yield _case("decimal commas between semicolons", commas)
    yield _case("decimal commas between tabs", commas.replace(";", "\t"))
    yield _case("decimal commas in quotes", 'video,start_seconds,end_seconds,label\n01.mp4,"2,4","7,2",fall\n02.mp4,,,\n')
    yield _case("decimal commas that are not quoted", "video,start_seconds,end_seconds,label\n01.mp4,2,4,7,2,fall\n02.mp4,,,\n")
    yield _case("carriage returns alone", FRAMES.replace("\n", "\r"))
    yield _case("mixed line ends", FRAMES.replace("\n", "\r\n", 2))
    yield _case("no line end at the end", FRAMES.rstrip("\n"))
    yield _case("every cell quoted", "\n".join(",".join(f'"{cell}"' for cell in line.split(",")) for line in FRAMES.split("\n")[:3]))
    yield _case("single quotes", FRAMES.replace("01.mp4", "'01.mp4'").replace("fall", "'fall'"))
    yield _case("a label with a comma", FRAMES.replace("fall", '"fall, left"'), {"01.mp4": [(60, 180, "fall, left")], "02.mp4": []})
    yield _case("a label with quotes", FRAMES.replace("fall", '"the ""big"" fall"'), {"01.mp4": [(60, 180, 'the "big" fall')], "02.mp4": []})
    yield _case("a label over two lines", FRAMES.replace("fall", '"fall\nleft"'), {"01.mp4": [(60, 180, "fall\nleft")], "02.mp4": []})
    yield _case("an inch sign in a label", FRAMES.replace("fall", 'fall of 19" rack'), {"01.mp4": [(60, 180, 'fall of 19" rack')], "02.mp4": []})
    yield _case("sep= of Excel", "sep=;\r\n" + FRAMES.replace(",", ";"))
    yield _case("empty columns and rows", FRAMES.replace("\n", ",,,\n") + ",,,,,,\n,,,,,,\n")
    yield _case("empty rows before the heading", "\n,,,\n" + FRAMES)
    yield _case("a title above the heading", "Night shift,,,\n" + FRAMES)
    yield _case("a comment above the heading", "# annotated on Monday\n" + FRAMES)
    yield _case("a row of sums", FRAMES + "total,,120,\n")
    yield _case("faults of Excel", FRAMES.replace(",,,", ",#N/A,#N/A,"))
    yield _case("broken references of Excel", FRAMES.replace("180", "#REF!"), NOBODY_KNOWS)
    yield _case("exponents of Excel", FRAMES.replace("60", "6.0E+01").replace("180", "1.8E+02"))
    yield _case("index and floats of pandas", ",video,start_frame,end_frame,label\n0,01.mp4,60.0,180.0,fall\n1,02.mp4,,,\n")
    yield _case("index after a filter in pandas", ",video,start_frame,end_frame,label\n7,01.mp4,60.0,180.0,fall\n12,02.mp4,,,\n")
    yield _case("NaN of pandas", ",video,start_frame,end_frame,label\n0,01.mp4,60.0,180.0,fall\n1,02.mp4,nan,nan,nan\n")
    yield _case("<NA> of pandas", "video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,<NA>,<NA>,<NA>\n")
    yield _case("None of Python", "video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,None,None,None\n")
    yield _case("NULL of a database", "video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,NULL,NULL,NULL\n")
    yield _case("\\N of a database", "video,start_frame,end_frame,label\n01.mp4,60,180,fall\n02.mp4,\\N,\\N,\\N\n")
    yield _case("spaces around cells", FRAMES.replace(",", " , "))
    yield _case("hard spaces around cells", FRAMES.replace(",", "\u00a0,\u00a0"))
    yield _case("columns parted by spaces", "video    start_frame end_frame label\n01.mp4   60          180       fall\n")
    yield _case("a Markdown table", "| video | start_frame | end_frame | label |\n|---|---|---|---|\n| 01.mp4 | 60 | 180 | fall |\n")
    yield _case("full-width digits", FRAMES.replace("60", "６０").replace("180", "１８０"))
    yield _case("plus signs", FRAMES.replace("60", "+60"))
    yield _case("leading zeros", FRAMES.replace("60", "000060").replace("180", "000180"))
    yield _case("a workbook called .csv", b"PK\x03\x04" + bytes(40) + b"xl/workbook.xml", NOBODY_KNOWS)
    yield _case("only a heading", FRAMES.split("\n")[0] + "\n", NOBODY_KNOWS)


@kind("tables: thousands")
def thousands() -> Iterator[Case]:
    head = "video{0}start_frame{0}end_frame{0}label\n"
    for name, mark, start, end in (
        ("commas in quotes", ",", '"1,200"', '"1,800"'),
        ("points between semicolons", ";", "1.200", "1.800"),
        ("points in quotes", ",", '"1.200"', '"1.800"'),
        ("spaces between semicolons", ";", "1 200", "1 800"),
        ("hard spaces", ";", "1\u00a0200", "1\u00a0800"),
        ("narrow spaces", ";", "1\u202f200", "1\u202f800"),
        ("apostrophes", ";", "1'200", "1'800"),
        ("underscores", ",", "1_200", "1_800"),
        ("commas between tabs", "\t", "1,200", "1,800"),
        ("points and zero fraction", ";", "1.200,0", "1.800,0"),
        ("commas and zero fraction", ";", "1,200.0", "1,800.0"),
        ("plain", ",", "1200", "1800"),
        ("plain with zero fraction", ",", "1200.0", "1800.000"),
    ):
        rows = f"01.mp4{mark}{start}{mark}{end}{mark}fall\n02.mp4{mark}{mark}{mark}\n"
        bring = truth("events.csv", head.format(mark) + rows, LONG)
        yield Case(name=f"frames, {name}", right=FAR, bring=bring)
    for name, mark, start, end in (
        ("milliseconds with commas", ",", '"48,000"', '"72,000"'),
        ("milliseconds with points", ";", "48.000", "72.000"),
        ("milliseconds, plain", ",", "48000", "72000"),
    ):
        rows = f"video{mark}start_ms{mark}end_ms{mark}label\n01.mp4{mark}{start}{mark}{end}{mark}fall\n"
        bring = truth("events.csv", rows + f"02.mp4{mark}{mark}{mark}\n", LONG)
        yield Case(name=name, right=FAR, bring=bring)
    precise = "video;start_seconds;end_seconds;label\n01.mp4;48,000;72,000;fall\n02.mp4;;;\n"
    yield Case(name="seconds to the millisecond, decimal commas", right=FAR, bring=truth("events.csv", precise, LONG))
    precise = precise.replace(";", "\t")
    yield Case(name="the same between tabs", right=FAR, bring=truth("events.csv", precise, LONG))
    precise = precise.replace(",", ".").replace("\t", ",")
    yield Case(name="the same with points", right=FAR, bring=truth("events.csv", precise, LONG))


NAMES = {
    "Japanese": ("カメラ１.mp4", "転倒"), "Korean": ("복도_1.mp4", "넘어짐"), "Chinese": ("走廊1.mp4", "跌倒"),
    "German": ("Gerät_1.mp4", "Stürzen"), "Russian": ("Камера1.mp4", "Падение"),
    "Polish": ("Wejście_1.mp4", "Upadł"),
}  # fmt: skip
ENCODINGS = {
    "Japanese": ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp932", "euc_jp", "iso2022_jp"),
    "Korean": ("utf-8", "utf-16", "cp949", "euc_kr"),
    "Chinese": ("utf-8", "utf-16-le", "gbk", "gb18030", "big5"),
    "German": ("utf-8-sig", "cp1252", "latin-1", "cp850", "mac_roman"),
    "Russian": ("utf-8", "cp1251", "koi8_r"),
    "Polish": ("utf-8", "cp1250", "iso8859_2"),
}


@kind("tables: encodings")
def encodings() -> Iterator[Case]:
    for language, ways in ENCODINGS.items():
        video, label = NAMES[language]
        for encoding in ways:
            text = f"video,start_frame,end_frame,label\r\n{video},60,180,{label}\r\n"
            try:
                data = text.encode(encoding)
            except UnicodeEncodeError:
                continue
            right = {video: [(60, 180, label)]}
            bring = truth("events.csv", data, [clip(video)])
            yield Case(name=f"{language} in {encoding}, name and label", right=right, bring=bring)
            data = text.replace(video, "01.mp4").encode(encoding)
            right = {"01.mp4": [(60, 180, label)]}
            bring = truth("events.csv", data, [clip("01.mp4")])
            yield Case(name=f"{language} in {encoding}, label", right=right, bring=bring)


@kind("tables: headings")
def headings() -> Iterator[Case]:
    body = "01.mp4,60,180,fall\n02.mp4,,,\n"
    for head in (
        "Video,Start Frame,End Frame,Label", "file_name,startFrame,endFrame,event",
        "Clip,frame_start,frame_end,class", "filename,begin_frame,end_frame,category",
        "Video Name,Start-Frame,End-Frame,Anomaly Type", "path,from_frame,to_frame,type",
        "VIDEO_ID,START_FRAME,END_FRAME,LABEL", "video_path,Frame Start,Frame End,anomaly_class",
    ):  # fmt: skip
        yield _case(head, f"{head}\n{body}")
    inclusive = "01.mp4,60,179,fall\n02.mp4,,,\n"
    for head in ("video,first_frame,last_frame,label", "Video,First Frame,Last Frame,Label"):
        yield _case(head, f"{head}\n{inclusive}")
    for head in ("動画,開始フレーム,終了フレーム,ラベル", "영상,시작 프레임,끝 프레임,라벨", "视频,开始帧,结束帧,标签",
                 "video,start,end,label", "video,start_frame,stop_frame,label",
                 "video,start_frame,last_frame,label", "video,frame_in,frame_out,label",
                 "video,f_start,f_end,label"):  # fmt: skip
        yield _case(f"{head} (may be refused)", f"{head}\n{body}")
    for word in ("offset", "frame_offset", "base", "step", "stride", "speed", "time_scale",
                 "is_normal", "normal", "unit", "frame_rate_divisor", "delay", "trim_start"):  # fmt: skip
        text = f"video,start_frame,end_frame,label,{word}\n01.mp4,60,180,fall,2\n02.mp4,,,,\n"
        yield _case(f"a column {word}", text, NOBODY_KNOWS)
    for word in ("comment", "annotator", "notes", "date", "confidence"):
        text = f"video,start_frame,end_frame,label,{word}\n01.mp4,60,180,fall,0.5\n02.mp4,,,,\n"
        yield _case(f"a column {word}", text)
    yield _case("frames and times that agree", "video,start_frame,end_frame,start_time,end_time,label\n01.mp4,60,180,00:00:02.4,00:00:07.2,fall\n02.mp4,,,,,\n")
    yield _case("frames and times that do not", "video,start_frame,end_frame,start_time,end_time,label\n01.mp4,72,216,00:00:02.4,00:00:07.2,fall\n02.mp4,,,,,\n", NOBODY_KNOWS)
    yield _case("frames and seconds that do not", "video,start_frame,end_frame,start_seconds,end_seconds,label\n01.mp4,72,216,2.4,7.2,fall\n02.mp4,,,,,\n", NOBODY_KNOWS)
    yield _case("start and duration in frames", "video,start_frame,duration_frames,label\n01.mp4,60,120,fall\n02.mp4,,,\n")
    yield _case("start and duration in seconds", "video,start_seconds,duration,label\n01.mp4,2.4,4.8,fall\n02.mp4,,,\n")
    yield _case("start, end and duration", "video,start_seconds,end_seconds,duration,label\n01.mp4,2.4,7.2,4.8,fall\n02.mp4,,,,\n")
    yield _case("start, end and the video's duration", "video,start_seconds,end_seconds,duration,label\n01.mp4,2.4,7.2,10,fall\n02.mp4,,,10,\n")
    yield _case("frames at 30/s, said", "video,start_frame,end_frame,fps,label\n01.mp4,72,216,30,fall\n02.mp4,,,30,\n")
    yield _case("frames at 30/s, said as 30,0", "video;start_frame;end_frame;fps;label\n01.mp4;72;216;30,0;fall\n02.mp4;;;30,0;\n")
    yield _case("frames at the video's rate, said", "video,start_frame,end_frame,fps,label\n01.mp4,60,180,25,fall\n02.mp4,,,25,\n")
    yield _case("the number of frames, said rightly", "video,n_frames,start_frame,end_frame,label\n01.mp4,250,60,180,fall\n02.mp4,250,,,\n")
    yield _case("the number of frames at 30/s", "video,n_frames,start_frame,end_frame,label\n01.mp4,300,72,216,fall\n02.mp4,300,,,\n", NOBODY_KNOWS)
    yield _case("an id beside the name", "id,filename,start_frame,end_frame,label\n02,01.mp4,60,180,fall\n01,02.mp4,,,\n")
    yield _case("two names that disagree", "video,file,start_frame,end_frame,label\n02.mp4,01.mp4,60,180,fall\n", NOBODY_KNOWS)


@kind("tables: times")
def times() -> Iterator[Case]:
    head = "video,start_time,end_time,label\n"
    for start, end in (
        ("2.4", "7.2"), ("0:02.4", "0:07.2"), ("00:00:02.400", "00:00:07.200"), ("0:00:02.4", "0:00:07.2"),
        ("00:02.40", "00:07.20"), ('"00:00:02,400"', '"00:00:07,200"'), ("2.4s", "7.2s"), ("2.4 sec", "7.2 sec"),
        ("0 days 00:00:02.400000", "0 days 00:00:07.200000"), ("PT2.4S", "PT7.2S"), ("0m2.4s", "0m7.2s"),
        ("00:00:02:10", "00:00:07:05"), ("00:00:02;10", "00:00:07;05"), ("0.000027778", "0.000083333"),
        ("2024-05-01 10:00:02.4", "2024-05-01 10:00:07.2"), ("10:00:02.4", "10:00:07.2"),
        ("00:00:02.4 AM", "00:00:07.2 AM"),
    ):  # fmt: skip
        yield _case(f"{start} to {end}", f"{head}01.mp4,{start},{end},fall\n02.mp4,,,\n")
    minutes = [clip("01.mp4", 3_000)]  # 2 minutes
    for start, end in (("1:02", "1:30"), ("00:01:02", "00:01:30"), ("62", "90"), ("01:02.00", "01:30.00")):
        right = {"01.mp4": [(1_550, 2_250, "fall")]}
        bring = truth("events.csv", f"{head}01.mp4,{start},{end},fall\n", minutes)
        yield Case(name=f"{start} to {end}", right=right, bring=bring)
    for name, text in {
        "1.02 for 1:02": f"{head}01.mp4,1.02,1.30,fall\n",
        "1,02 for 1:02": "video;start_time;end_time;label\n01.mp4;1,02;1,30;fall\n",
    }.items():
        bring = truth("events.csv", text, minutes)
        # frames 26 to 32 by what stands there
        right = {"01.mp4": [(26, 33, "fall")]}
        yield Case(name=name, right=right, bring=bring)


@kind("tables: rows that contradict")
def rows() -> Iterator[Case]:
    head = "video,start_frame,end_frame,label\n"
    for name, lines, right in (
        ("out of order", "02.mp4,,,\n01.mp4,200,220,run\n01.mp4,60,180,fall\n", {"01.mp4": [(60, 180, "fall"), (200, 220, "run")], "02.mp4": []}),
        ("the same row twice", "01.mp4,60,180,fall\n01.mp4,60,180,fall\n02.mp4,,,\n", RIGHT),
        ("overlapping rows of one class", "01.mp4,60,120,fall\n01.mp4,100,180,fall\n02.mp4,,,\n", RIGHT),
        ("overlapping rows of two classes", "01.mp4,60,120,fall\n01.mp4,100,180,run\n02.mp4,,,\n", NOBODY_KNOWS),
        ("end before start", "01.mp4,180,60,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("end is start", "01.mp4,60,60,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("past the end", "01.mp4,60,280,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("wholly past the end", "01.mp4,300,400,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("-1 and -1 for none", "01.mp4,60,180,fall\n02.mp4,-1,-1,\n", RIGHT),
        ("0 and 0 for none", "01.mp4,60,180,fall\n02.mp4,0,0,\n", RIGHT),
        ("an end is missing", "01.mp4,60,,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("a start is missing", "01.mp4,,180,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("a class and no frames", "01.mp4,60,180,fall\n02.mp4,,,run\n", NOBODY_KNOWS),
        ("halves of frames", "01.mp4,60.5,180.5,fall\n02.mp4,,,\n", NOBODY_KNOWS),
        ("a video that is not there", "01.mp4,60,180,fall\n02.mp4,,,\n09.mp4,1,9,fall\n", RIGHT),
        ("a test video left out", "01.mp4,60,180,fall\n", RIGHT),
        ("an empty name below a merged cell", "01.mp4,60,100,fall\n,120,180,fall\n02.mp4,,,\n", {"01.mp4": [(60, 100, "fall"), (120, 180, "fall")], "02.mp4": []}),
        ("normal and abnormal of one video", "01.mp4,60,180,fall\n01.mp4,,,\n02.mp4,,,\n", RIGHT),
    ):  # fmt: skip
        yield _case(name, head + lines, right)


@kind("JSON of events")
def documents() -> Iterator[Case]:
    for name, text, right in (
        ("intervals by name", '{"videos": {"01.mp4": [[60, 180, "fall"]], "02.mp4": []}}', RIGHT),
        ("without videos", '{"01.mp4": [[60, 180, "fall"]], "02.mp4": []}', RIGHT),
        ("from 1, inclusive", '{"base": 1, "end": "inclusive", "videos": {"01.mp4": [[61, 180, "fall"]], "02.mp4": []}}', RIGHT),
        ("at 30/s", '{"rate": 30, "videos": {"01.mp4": [[72, 216, "fall"]], "02.mp4": []}}', RIGHT),
        ("the rate called fps", '{"fps": 30, "videos": {"01.mp4": [[72, 216, "fall"]], "02.mp4": []}}', NOBODY_KNOWS),
        ("numbers in texts", '{"videos": {"01.mp4": [["60", "180", "fall"]], "02.mp4": []}}', RIGHT),
        ("floats", '{"videos": {"01.mp4": [[60.0, 180.0, "fall"]], "02.mp4": []}}', RIGHT),
        ("halves", '{"videos": {"01.mp4": [[60.5, 180.5, "fall"]], "02.mp4": []}}', NOBODY_KNOWS),
        ("NaN", '{"videos": {"01.mp4": [[NaN, 180, "fall"]], "02.mp4": []}}', NOBODY_KNOWS),
        ("a name twice", '{"videos": {"01.mp4": [[60, 180, "fall"]], "01.mp4": [], "02.mp4": []}}', NOBODY_KNOWS),
        ("comma at the end", '{"videos": {"01.mp4": [[60, 180, "fall"],], "02.mp4": [],}}', RIGHT),
        ("objects", '{"videos": [{"name": "01.mp4", "intervals": [{"start_frame": 60, "end_frame": 180, "label": "fall"}]}, {"name": "02.mp4", "intervals": []}]}', RIGHT),
        ("objects of start and end", '{"videos": [{"name": "01.mp4", "intervals": [{"start": 60, "end": 180, "label": "fall"}]}, {"name": "02.mp4"}]}', RIGHT),
        ("one object per event", '[{"video": "01.mp4", "start_frame": 60, "end_frame": 180, "label": "fall"}]', RIGHT),
        ("an object per line", '{"video": "01.mp4", "start_frame": 60, "end_frame": 180}\n{"video": "02.mp4"}\n', RIGHT),
        ("times on the clock", '{"videos": [{"name": "01.mp4", "seconds": [["00:00:02.4", "00:00:07.2", "fall"]]}, {"name": "02.mp4"}]}', RIGHT),
        ("seconds as intervals", '{"videos": {"01.mp4": [[2.4, 7.2, "fall"]], "02.mp4": []}}', NOBODY_KNOWS),
        ("flat numbers", '{"videos": {"01.mp4": [60, 180], "02.mp4": []}}', NOBODY_KNOWS),
        ("a mark in front", '\ufeff{"videos": {"01.mp4": [[60, 180, "fall"]], "02.mp4": []}}', RIGHT),
        ("null for none", '{"videos": {"01.mp4": [[60, 180, "fall"]], "02.mp4": null}}', RIGHT),
        ("true for abnormal", '{"videos": {"01.mp4": [[60, 180, true]], "02.mp4": []}}', {"01.mp4": [(60, 180, "")], "02.mp4": []}),
        ("class numbers", '{"videos": {"01.mp4": [[60, 180, 3]], "02.mp4": []}}', {"01.mp4": [(60, 180, "3")], "02.mp4": []}),
        ("label 0 as a number", '{"videos": {"01.mp4": [[0, 60, 0], [60, 180, 1]], "02.mp4": [[0, 250, 0]]}}', {"01.mp4": [(60, 180, "")], "02.mp4": []}),
        ("label false", '{"videos": {"01.mp4": [[0, 60, false], [60, 180, true]], "02.mp4": [[0, 250, false]]}}', {"01.mp4": [(60, 180, "")], "02.mp4": []}),
    ):  # fmt: skip
        yield _case(name, text, right, file="events.json")
