"""Lists that say which video is for training and which for testing."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._site import split
from benchmarks.door.names import MEANT, UNMEANT

NAMES = ("Abuse/Abuse028_x264", "Normal/Normal_Videos_003_x264", "Normal/Normal_Videos003_x264")
ALL = dict.fromkeys(NAMES, "test")


def _list(name: str, text: str | bytes, right: Any = ALL, part: str = "test") -> Case:
    return Case(name=name, right=right, bring=split(NAMES, {"list.txt": text}, part))


@kind("split lists")
def lists() -> Iterator[Case]:
    last = [name.rpartition("/")[2] for name in NAMES]
    for name, rows in (
        ("names", last), ("files", [f"{each}.mp4" for each in last]),
        ("paths", [f"{each}.mp4" for each in NAMES]),
        ("paths of a server", [f"/data/ucf/{each}.mp4" for each in NAMES]),
        ("Windows paths", [f"D:\\ucf\\{each}.avi".replace("/", "\\") for each in NAMES]),
        ("with counts", [f"{each}.mp4 {1_000 + at}" for at, each in enumerate(NAMES)]),
        ("with labels", [f"{each},{int(each.startswith('A'))}" for each in last]),
        ("with labels and counts", [f"{each},0,-1" for each in last]),
        ("features of RTFM", [f"/x/UCF_Test_ten_crop_i3d/{each}_i3d.npy" for each in last]),
        ("a heading", ["video_name", *last]),
        ("repeated", [*last, last[0]]),
        ("numbered", [f"{at}. {each}" for at, each in enumerate(last, start=1)]),
        ("a comment", ["# test videos", *last]),
        ("quoted", [f'"{each}"' for each in last]),
        ("commas at the ends", [f"{each}," for each in last]),
    ):  # fmt: skip
        yield _list(name, "\n".join(rows) + "\n")
    text = "\n".join(last)
    yield _list("CRLF", text.replace("\n", "\r\n"))
    yield _list("a mark", "\ufeff" + text)
    yield _list("UTF-16", text.encode("utf-16"))
    yield _list("empty lines and spaces", f"\n\n {text.replace(chr(10), '  ' + chr(10))}\n\n")
    yield _list("an unknown one", f"{text}\nNormal_Videos_004_x264\n")
    yield _list("a leading zero", "Abuse28_x264\n", NOBODY_KNOWS)
    yield _list("JSON", '{"test": ["a"]}', NOBODY_KNOWS)
    yield _list("ground truth", "video,start_frame,end_frame\na,1,2\n", NOBODY_KNOWS)
    yield from _tables(last)


def _tables(last: Sequence[str]) -> Iterator[Case]:
    parts = ("train", "validation", "test")
    right = dict(zip(NAMES, parts, strict=True))
    rows = list(zip(last, parts, strict=True))
    for name, head, mark, words in (
        ("video_name,subset", "video_name,subset", ",", parts),
        ("name;split", "name;split", ";", ("Training", "Valid", "Testing")),
        ("file, part, tabs", "file\tpart", "\t", ("TRAIN", "VAL", "TEST")),
        ("filename,set", "filename,set", ",", parts),
        ("name,fold", "name,fold", ",", ("0", "1", "2")),
        ("name,is_test", "name,is_test", ",", ("0", "0", "1")),
        ("name,subset of other words", "name,subset", ",", ("gallery", "query", "probe")),
    ):
        text = (
            head + "\n" + "".join(f"{a}{mark}{b}\n" for (a, _p), b in zip(rows, words, strict=True))
        )
        expected = right if len(set(words) & {"0", "gallery"}) == 0 else NOBODY_KNOWS
        yield Case(name=f"table, {name}", right=expected, bring=split(NAMES, {"folds.csv": text}))
    text = "video_name,subset\n" + "".join(f"{name},{part}\n" for name, part in rows)
    twice = text + f"{last[0]},test\n"
    yield Case(name="table, one in two parts", right=NOBODY_KNOWS,
               bring=split(NAMES, {"folds.csv": twice}))  # fmt: skip
    lists = {"train.txt": f"{last[0]}\n", "test.txt": f"{last[1]}\n{last[0]}\n"}
    yield Case(name="lists whose part nobody says", right=NOBODY_KNOWS, bring=split(NAMES, lists))


@kind("names of videos in split lists")
def names() -> Iterator[Case]:
    for called, known, meant in MEANT:
        if "&" in called or unicodedata.normalize("NFC", called) != called:
            continue
        text = f"video_name,subset\n{called},test\n"
        yield Case(name=f"{called} among {' and '.join(known)}", right={meant: "test"},
                   bring=split(known, {"list.csv": text}))  # fmt: skip
    for called, known in UNMEANT:
        text = f"video_name,subset\n{called},test\n"
        yield Case(name=f"{called}, which is none of {' and '.join(known)}", right=NOBODY_KNOWS,
                   bring=split(known, {"list.csv": text}))  # fmt: skip
