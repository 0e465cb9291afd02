"""Scores of other programs: headings, orders, numbers of frames, segments, names, numbers."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._site import frame_scores, scores

N = 40
LABELS = {
    name: [int(start <= at < end) for at in range(N)]
    for name, start, end in (("1", 10, 30), ("2", 0, 0), ("10", 5, 15))
}
SCORES = {  # each frame its own, and all abnormal ones above all others
    name: [round(0.5 * label + 0.01 * at + 0.001 * number, 4) for at, label in enumerate(labels)]
    for number, (name, labels) in enumerate(LABELS.items())
}
RIGHT: dict[str, Any] = {name: SCORES[name] for name in sorted(SCORES)}
ORDER = ("1", "2", "10")
Row = tuple[str, int, float]


def _rows(base: int = 0) -> list[Row]:
    return [(name, at + base, SCORES[name][at]) for name in ORDER for at in range(N)]


def table(
    head: str, cells: Callable[[Row], Sequence[Any]], rows: Sequence[Row] | None = None
) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(head.split(","))
    writer.writerows(cells(row) for row in (_rows() if rows is None else rows))
    return file.getvalue()


def case(name: str, data: str | bytes, right: Any = RIGHT, **layout: Any) -> Case:
    return Case(name=name, right=right, bring=frame_scores(LABELS, data, **layout))


@kind("scores: headings")
def headings() -> Iterator[Case]:
    for head in (
        "video,frame,score", "Video Name,Frame ID,Anomaly Score", "filename,frame_idx,pred",
        "clip,frame_number,y_score", "vid,t,prob", "path,index,value",
        "video_id,frameNo,abnormality",
        "file name,Frame#,score", "sequence,frame_num,prediction", "name,idx,confidence",
        "動画,フレーム,スコア", "영상,프레임,점수", "video,frame,mse", "video,frame,loss",
        "video,frame,psnr", "video,frame,regularity", "video,frame,normality", "video,frame,0",
    ):  # fmt: skip
        is_inverse = head.rpartition(",")[2] in ("psnr", "regularity", "normality")
        yield case(head, table(head, lambda row: row), NOBODY_KNOWS if is_inverse else RIGHT)
    for head, cells in (
        ("score,frame,video", lambda row: row[::-1]),
        ("frame,video,score", lambda row: (row[1], row[0], row[2])),
        ("video,frame,score,label", lambda row: (*row, 1)),
        ("video,frame,label,score", lambda row: (*row[:2], 1, row[2])),
        ("video,frame,time,score", lambda row: (*row[:2], row[1] / 25, row[2])),
        (",video,frame,score", lambda row: (ORDER.index(row[0]) * N + row[1], *row)),
    ):
        yield case(head, table(head, cells))
    for head in ("video,frame,score,smoothed_score", "video,frame,score,threshold",
                 "video,frame,score,camera", "video,frame,score,class"):  # fmt: skip
        yield case(head, table(head, lambda row: (*row, 0.3)), NOBODY_KNOWS)
    timed = table("video,time,score", lambda row: (row[0], row[1] / 25, row[2]))
    yield case("video,time,score", timed)
    yield case("video,score", table("video,score", lambda row: (row[0], row[2])))
    yield case("no headings", table(f"1,0,{SCORES['1'][0]}", lambda row: row, _rows()[1:]))


@kind("scores: rows")
def rows() -> Iterator[Case]:
    head, same = "video,frame,score", lambda row: row
    for name, given in (
        ("backwards", _rows()[::-1]),
        ("by frame, videos mixed", sorted(_rows(), key=lambda row: row[1])),
        ("1, 10, 2", sorted(_rows())),
        ("1, 10, 100 … of text", sorted(_rows(), key=lambda row: (row[0], str(row[1])))),
        ("by score", sorted(_rows(), key=lambda row: row[2])),
        ("from 1", _rows(1)),
        ("from 1, backwards", _rows(1)[::-1]),
    ):
        yield case(name, table(head, same, given))
    text = table(head, lambda row: (row[0], float(row[1]), row[2]))
    yield case("frames as floats", text)
    for name, given, layout, right in (
        ("from 2", _rows(2), {}, NOBODY_KNOWS),
        ("frame 7 left out", [r for r in _rows() if r[1] != 7], {}, NOBODY_KNOWS),
        ("frame 7 left out, as was said", [r for r in _rows() if r[1] != 7],
         {"missing": "allowed"}, _without(7)),
        ("the first four left out", [r for r in _rows() if r[1] >= 4], {}, NOBODY_KNOWS),
        ("the first four left out, said", [r for r in _rows() if r[1] >= 4], {"first_frame": 4},
         _without(*range(4))),
        ("the last three left out", [r for r in _rows() if r[1] < N - 3], {}, NOBODY_KNOWS),
        ("the last three left out, said", [r for r in _rows() if r[1] < N - 3],
         {"missing_at_end": 3}, _without(*range(N - 3, N))),
        ("both ends left out", [r for r in _rows() if 4 <= r[1] < N - 3], {}, NOBODY_KNOWS),
        ("both ends, from 1, as allowed", [r for r in _rows(1) if 5 <= r[1] < N - 3],
         {"missing": "allowed"}, NOBODY_KNOWS),
        ("both ends, from 1, all said", [r for r in _rows(1) if 5 <= r[1] <= N - 3],
         {"missing": "allowed", "base": 1}, _without(*range(4), *range(N - 3, N))),
        ("a row twice", [*_rows(), _rows()[5]], {}, NOBODY_KNOWS),
        ("a row twice, with other scores", [*_rows(), ("1", 5, 0.99)], {}, NOBODY_KNOWS),
        ("a video left out", [r for r in _rows() if r[0] != "2"], {}, NOBODY_KNOWS),
        ("a frame too many", [*_rows(), ("2", N, 0.5)], {}, NOBODY_KNOWS),
        ("a row without a video", [*_rows(), ("", 5, 0.5)], {}, NOBODY_KNOWS),
        ("frames counted through all videos",
         [(name, at, score) for at, (name, _frame, score) in enumerate(_rows())], {}, RIGHT),
        ("one frame of the next video", [*_rows()[:N], ("1", N, 0.3), *_rows()[N + 1:]], {},
         NOBODY_KNOWS),
    ):  # fmt: skip
        yield case(name, table(head, same, given), right, **layout)


def _without(*frames: int) -> dict[str, Any]:
    return {
        name: [None if at in frames else score for at, score in enumerate(values)]
        for name, values in RIGHT.items()
    }


@kind("scores: tables of spreadsheets")
def spreadsheets() -> Iterator[Case]:
    text = table("video,frame,score", lambda row: row)
    yield case("semicolons", text.replace(",", ";"))
    yield case("semicolons, decimal commas", text.replace(",", ";").replace(".", ","))
    yield case("tabs, decimal commas", text.replace(",", "\t").replace(".", ","))
    yield case("tabs, UTF-16", text.replace(",", "\t").encode("utf-16"))
    yield case("a mark", text.encode("utf-8-sig"))
    yield case("sep=;", "sep=;\r\n" + text.replace(",", ";"))
    quoted = (",".join(f'"{cell}"' for cell in row.split(",")) for row in text.split())
    yield case("quoted", "\n".join(quoted))
    for name, write, right in (
        ("exponents", "{:.6e}", RIGHT),
        ("percents", "{:.2%}", NOBODY_KNOWS),
        ("lists of Python", "[{}]", NOBODY_KNOWS),
        ("tensors as texts", "tensor({})", NOBODY_KNOWS),
    ):
        yield case(name, table("video,frame,score", _written(write)), right)
    yield case("empty rows and columns", text.replace("\r\n", ",,\r\n") + ",,,,\r\n")
    yield case("nan for one", text.replace("1,7,0.07", "1,7,nan"), NOBODY_KNOWS)
    yield case("inf for one", text.replace("1,7,0.07", "1,7,inf"), NOBODY_KNOWS)
    yield case("#DIV/0! for one", text.replace("1,7,0.07", "1,7,#DIV/0!"), NOBODY_KNOWS)
    yield case("a row cut off", text.rstrip()[:-8], NOBODY_KNOWS)
    yield case("half of the file", text[: len(text) // 2], NOBODY_KNOWS)
    yield case("a web page", "<!DOCTYPE html><html><body>login</body></html>", NOBODY_KNOWS)
    yield case("spaces", text.replace(",", " "))
    yield case("a comment in front", "# model 3\n" + text)


def _written(write: str) -> Callable[[Row], Sequence[Any]]:
    return lambda row: (*row[:2], write.format(row[2]))


@kind("scores: files without names")
def unnamed() -> Iterator[Case]:
    whole = [score for name in ORDER for score in SCORES[name]]
    right = scores(LABELS, json.dumps(whole))
    yield Case(name="a list, AUROC", right=1.0, bring=right)
    for name, data in (
        ("npy", _npy(np.array(whole))),
        ("npy of (1, n)", _npy(np.array(whole)[None])),
        ("npy of (n, 1)", _npy(np.array(whole)[:, None])),
        ("npy, big-endian", _npy(np.array(whole, ">f8"))),
        ("JSON", json.dumps(whole)),
        ("lines", "".join(f"{score}\n" for score in whole)),
        ("lines below a heading", "score\n" + "".join(f"{score}\n" for score in whole)),
        ("numbered lines", "".join(f"{at},{score}\n" for at, score in enumerate(whole))),
        (
            "a series of pandas",
            ",0\n" + "".join(f"{at},{score}\n" for at, score in enumerate(whole)),
        ),
    ):
        yield case(name, data)
    lists = json.dumps([SCORES[name] for name in ORDER])
    yield case("a list of lists", lists, NOBODY_KNOWS)
    yield case("npy of (3, n)", _npy(np.array([SCORES[name] for name in ORDER])), NOBODY_KNOWS)
    yield case("npy of two classes", _npy(np.array([whole, whole]).T), NOBODY_KNOWS)
    yield case("npz of arr_0", _npz(arr_0=np.array(whole)), NOBODY_KNOWS)
    yield case("one less", json.dumps(whole[:-1]), NOBODY_KNOWS)
    yield case("one more", json.dumps([*whole, 0.5]), NOBODY_KNOWS)
    yield case(
        "segments of 16", json.dumps([0.5] * 9), NOBODY_KNOWS, unit="segment", frames_per_value=16
    )
    yield case("a pickle", b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00]\x94.", NOBODY_KNOWS)
    yield from _orders()


def _orders() -> Iterator[Case]:
    """AUROC of one vector that goes through clips by number, each with one abnormal half."""
    for names in (
        [str(number) for number in range(1, 13)], [f"Test{number:03}" for number in range(1, 13)],
        ["zeta/01", "alpha/02", "mid/03"], ["alpha/01", "zeta/02", "beta/10"],
        ["cam1_9", "cam1_10", "cam2_1", "cam10_1"], ["01_0014", "01_0015", "02_0001", "10_0001"],
    ):  # fmt: skip
        labels = {name: [0] * (at + 3) + [1] * (2 * at + 2) for at, name in enumerate(names)}
        whole = [float(each) for name in names for each in labels[name]]
        shuffled = {name: labels[name] for name in sorted(names, reverse=True)}
        bring = scores(shuffled, json.dumps(whole))
        yield Case(name=f"by number: {', '.join(names[:3])}", right=1.0, bring=bring)


def _npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()
