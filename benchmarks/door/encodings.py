"""Names and labels in the encodings that programs save tables in."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.door._base import Case, kind
from benchmarks.door._doors import clip, truth
from benchmarks.door._rows import lines

WORDS = {
    "Japanese": ("カメラ１.mp4", "転倒"),
    "Korean": ("복도_1.mp4", "넘어짐"),
    "Chinese": ("走廊1.mp4", "跌倒"),
    "German": ("Gerät_1.mp4", "Stürzen"),
    "Russian": ("Камера1.mp4", "Падение"),
    "Polish": ("Wejście_1.mp4", "Upadł"),
}
NORMAL = {"Japanese": "異常なし", "Korean": "정상", "Chinese": "正常"}
ENCODINGS = {
    "Japanese": ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp932", "euc_jp", "iso2022_jp"),
    "Korean": ("utf-8", "utf-16", "cp949", "euc_kr"),
    "Chinese": ("utf-8", "utf-16-le", "gbk", "gb18030", "big5"),
    "German": ("utf-8-sig", "cp1252", "latin-1", "cp850", "mac_roman"),
    "Russian": ("utf-8", "cp1251", "koi8_r"),
    "Polish": ("utf-8", "cp1250", "iso8859_2"),
}
HEAD = "video,start_frame,end_frame,label"


@kind("tables: encodings")
def encodings() -> Iterator[Case]:
    for language, ways in ENCODINGS.items():
        for encoding in ways:
            yield from _in(encoding, language)


def _in(encoding: str, language: str) -> Iterator[Case]:
    video, label = WORDS[language]
    title = f"{language} in {encoding}"
    for name, shown in ((video, "name and label"), ("01.mp4", "label")):
        if shown == "label" or _has(encoding, name):
            text = lines(HEAD, f"{name},60,180,{label}").encode(encoding)
            right = {name: [(60, 180, label)]}
            bring = truth("events.csv", text, [clip(name)])
            yield Case(name=f"{title}, {shown}", right=right, bring=bring)
    if normal := NORMAL.get(language):
        rows = (f"01.mp4,0,60,{normal}", "01.mp4,60,180,fall", f"01.mp4,180,250,{normal}")
        text = lines(HEAD, *rows).encode(encoding)
        right = {"01.mp4": [(60, 180, "fall")]}
        bring = truth("events.csv", text, [clip("01.mp4")])
        yield Case(name=f"{title}, a label for normal", right=right, bring=bring)


def _has(encoding: str, text: str) -> bool:
    try:
        return bool(text.encode(encoding))
    except UnicodeEncodeError:
        return False
