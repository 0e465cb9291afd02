"""Tables of events as spreadsheets, scripts and people leave them."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import clip, truth
from benchmarks.door._rows import FRAMES, PAIR, RIGHT, SECONDS, case, labelled, lines

HEAD = "video,start_frame,end_frame,label"
LONG = [clip("01.mp4", 20_000), clip("02.mp4")]
FAR = {"01.mp4": [(1_200, 1_800, "fall")], "02.mp4": []}
ROUND = {"01.mp4": [(12_000, 18_000, "fall")], "02.mp4": []}


@kind("tables: separators and quotes")
def separators() -> Iterator[Case]:
    for name, mark in {"semicolons": ";", "tabs": "\t", "bars": "|"}.items():
        yield case(f"{name}, frames", FRAMES.replace(",", mark))
        yield case(f"{name}, seconds", SECONDS.replace(",", mark))
    commas = SECONDS.replace(",", ";").replace(".4", ",4").replace(".2", ",2")
    yield case("decimal commas between semicolons", commas)
    yield case("decimal commas between tabs", commas.replace(";", "\t"))
    head = "video,start_seconds,end_seconds,label"
    yield case("decimal commas in quotes", lines(head, '01.mp4,"2,4","7,2",fall', "02.mp4,,,"))
    yield case("decimal commas, not quoted", lines(head, "01.mp4,2,4,7,2,fall", "02.mp4,,,"))
    yield case("carriage returns alone", FRAMES.replace("\n", "\r"))
    yield case("mixed line ends", FRAMES.replace("\n", "\r\n", 2))
    yield case("no line end at the end", FRAMES.rstrip("\n"))
    quoted = (",".join(f'"{cell}"' for cell in row.split(",")) for row in FRAMES.splitlines())
    yield case("every cell quoted", lines(*quoted))
    yield case("single quotes", FRAMES.replace("01.mp4", "'01.mp4'").replace("fall", "'fall'"))
    for name, cell, label in (
        ("a comma", '"fall, left"', "fall, left"),
        ("quotes", '"the ""big"" fall"', 'the "big" fall'),
        ("a line end", '"fall\nleft"', "fall\nleft"),
        ("an inch sign", 'fall of 19" rack', 'fall of 19" rack'),
        ("a semicolon", "fall; left", "fall; left"),
        ("a hash", "#1 fall", "#1 fall"),
    ):
        yield case(f"a label with {name}", FRAMES.replace("fall", cell), labelled(label))
    yield case("columns parted by spaces", lines("video  start_frame end_frame label",
                                                 "01.mp4 60          180       fall"))  # fmt: skip
    yield case("spaces around cells", FRAMES.replace(",", " , "))
    yield case("hard spaces around cells", FRAMES.replace(",", "\u00a0,\u00a0"))
    rows = ("| video | start_frame | end_frame | label |", "|---|---|---|---|")
    yield case("a table of Markdown", lines(*rows, "| 01.mp4 | 60 | 180 | fall |"))


@kind("tables: leftovers of programs")
def leftovers() -> Iterator[Case]:
    yield case("sep= of Excel", "sep=;\r\n" + FRAMES.replace(",", ";"))
    yield case("empty columns and rows", FRAMES.replace("\n", ",,,\n") + ",,,,,,\n,,,,,,\n")
    yield case("empty rows before the heading", "\n,,,\n" + FRAMES)
    yield case("a title above the heading", "Night shift,,,\n" + FRAMES)
    yield case("a comment above the heading", "# annotated on Monday\n" + FRAMES)
    yield case("a row of sums", FRAMES + "total,,120,\n")
    yield case("the heading twice, of two files joined", FRAMES + HEAD + "\n")
    yield case("faults of Excel", FRAMES.replace(",,,", ",#N/A,#N/A,"))
    yield case("broken references of Excel", FRAMES.replace("180", "#REF!"), NOBODY_KNOWS)
    yield case("exponents", FRAMES.replace("60", "6.0E+01").replace("180", "1.8E+02"))
    rows = ("0,01.mp4,60.0,180.0,fall", "1,02.mp4,,,")
    yield case("index and floats of pandas", lines("," + HEAD, *rows))
    rows = ("7,01.mp4,60.0,180.0,fall", "12,02.mp4,,,")
    yield case("index after a filter of pandas", lines("," + HEAD, *rows))
    for blank in ("nan", "NaN", "<NA>", "None", "NULL", "N/A", "-", "\\N", "NaT"):
        row = ",".join(["02.mp4", blank, blank, blank])
        yield case(f"{blank} for none", lines(HEAD, "01.mp4,60,180,fall", row))
    yield case("full-width digits", FRAMES.replace("60", "６０").replace("180", "１８０"))
    yield case("plus signs", FRAMES.replace("60", "+60"))
    yield case("leading zeros", FRAMES.replace("60", "000060").replace("180", "000180"))
    workbook = b"PK\x03\x04" + bytes(40) + b"xl/workbook.xml"
    yield case("a workbook called .csv", workbook, NOBODY_KNOWS)
    yield case("only a heading", HEAD + "\n", NOBODY_KNOWS)


@kind("tables: thousands")
def thousands() -> Iterator[Case]:
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
        ("plain with decimal commas", ";", "1200,0", "1800,00"),
    ):
        rows = (
            HEAD.replace(",", mark),
            mark.join(("01.mp4", start, end, "fall")),
            f"02.mp4{mark * 3}",
        )
        yield Case(name=name, right=FAR, bring=truth("gt.csv", lines(*rows), LONG))
    for name, mark, start, end in (
        ("round ones, points between semicolons", ";", "12.000", "18.000"),
        ("round ones, points between tabs", "\t", "12.000", "18.000"),
        ("round ones, commas between semicolons", ";", "12,000", "18,000"),
    ):
        rows = (
            HEAD.replace(",", mark),
            mark.join(("01.mp4", start, end, "fall")),
            f"02.mp4{mark * 3}",
        )
        yield Case(name=name, right=ROUND, bring=truth("gt.csv", lines(*rows), LONG))
    yield from _of_times()


def _of_times() -> Iterator[Case]:
    for name, head, mark, start, end in (
        ("milliseconds, commas", "start_ms,end_ms", ",", '"48,000"', '"72,000"'),
        ("milliseconds, points", "start_ms,end_ms", ";", "48.000", "72.000"),
        ("milliseconds, plain", "start_ms,end_ms", ",", "48000", "72000"),
        ("seconds, decimal commas", "start_seconds,end_seconds", ";", "48,000", "72,000"),
        ("seconds, commas between tabs", "start_seconds,end_seconds", "\t", "48,000", "72,000"),
        ("seconds, points", "start_seconds,end_seconds", ",", "48.000", "72.000"),
        (
            "seconds, points between semicolons",
            "start_seconds,end_seconds",
            ";",
            "48.000",
            "72.000",
        ),
    ):
        top = f"video,{head},label".replace(",", mark)
        text = lines(top, mark.join(("01.mp4", start, end, "fall")), f"02.mp4{mark * 3}")
        yield Case(name=name, right=FAR, bring=truth("gt.csv", text, LONG))


@kind("tables: rows that contradict")
def rows() -> Iterator[Case]:
    event, none = "01.mp4,60,180,fall", "02.mp4,,,"
    two = {"01.mp4": [(60, 180, "fall"), (200, 220, "run")], "02.mp4": []}
    merged = {"01.mp4": [(60, 100, "fall"), (120, 180, "fall")], "02.mp4": []}
    for name, given, right in (
        ("out of order", (none, "01.mp4,200,220,run", event), two),
        ("the same row twice", (event, event, none), RIGHT),
        ("overlapping, one class", ("01.mp4,60,120,fall", "01.mp4,100,180,fall", none), RIGHT),
        ("overlapping, two classes", ("01.mp4,60,120,fall", "01.mp4,99,180,run"), NOBODY_KNOWS),
        ("end before start", ("01.mp4,180,60,fall", none), NOBODY_KNOWS),
        ("end is start", ("01.mp4,60,60,fall", none), NOBODY_KNOWS),
        ("past the end", ("01.mp4,60,280,fall", none), NOBODY_KNOWS),
        ("wholly past the end", ("01.mp4,300,400,fall", none), NOBODY_KNOWS),
        ("-1 and -1 for none", (event, "02.mp4,-1,-1,"), RIGHT),
        ("0 and 0 for none", (event, "02.mp4,0,0,"), RIGHT),
        ("an end is missing", ("01.mp4,60,,fall", none), NOBODY_KNOWS),
        ("a start is missing", ("01.mp4,,180,fall", none), NOBODY_KNOWS),
        ("a class and no frames", (event, "02.mp4,,,run"), NOBODY_KNOWS),
        ("halves of frames", ("01.mp4,60.5,180.5,fall", none), NOBODY_KNOWS),
        ("a video that is not there", (event, none, "09.mp4,1,9,fall"), RIGHT),
        ("a test video left out", (event,), RIGHT),
        ("a merged cell", ("01.mp4,60,100,fall", ",120,180,fall", none), merged),
        ("normal and abnormal of one video", (event, "01.mp4,,,", none), RIGHT),
        ("a row that is cut off", (event, none, "02.mp4,7"), NOBODY_KNOWS),
    ):
        yield case(name, lines(HEAD, *given), right)
    names = {"video,file,start_frame,end_frame,label": "02.mp4,01.mp4,60,180,fall"}
    for head, row in names.items():
        text = lines(head, row, "01.mp4,01.mp4,,,")
        yield Case(
            name="two names of one row", right=NOBODY_KNOWS, bring=truth("gt.csv", text, PAIR)
        )
