"""Text that is no UTF-8: read where one code page alone gives plain words."""

from __future__ import annotations

import pytest

from ml.code_pages import likely
from ml.records import BadInput
from ml.tables import decode


@pytest.mark.parametrize(
    ("text", "encoding", "title"),
    [
        ("복도_1.mp4,넘어짐", "cp949", "EUC-KR"),
        ("01.mp4,정상 보행", "euc_kr", "EUC-KR"),
        ("カメラ１.mp4,転倒", "cp932", "Shift-JIS"),
        ("01.mp4,転倒", "cp932", "Shift-JIS"),
        ("カメラ１.mp4,異常なし", "euc_jp", "EUC-JP"),
        ("走廊1.mp4,异常行为", "gbk", "GBK"),
        ("01.mp4,走廊視頻", "big5", "Big5"),
        ("Gerät_1.mp4,Stürzen – außen", "cp1252", "Windows-1252"),
        ("cœur.mp4,“fall” 3 m³", "cp1252", "Windows-1252"),
    ],
)
def test_one_page_gives_words(text: str, encoding: str, title: str) -> None:
    assert list(likely(text.encode(encoding))) == [(text, title)]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Камера1.mp4,Падение", "cp1251"),
        ("Камера1.mp4,Падение", "koi8_r"),
        ("01.mp4,Upadł", "cp1250"),
        ("01.mp4,Wejście", "cp1250"),
        ("01.mp4,Stürzen", "mac_roman"),
        ("01.mp4,Stürzen", "cp850"),
        ("01.mp4,転倒", "euc_jp"),
    ],
)
def test_none_gives_words(text: str, encoding: str) -> None:
    assert list(likely(text.encode(encoding))) == []


def test_two_give_words_and_the_file_is_refused() -> None:
    data = "video,label\n01.mp4,跌倒\n".encode("gbk")

    assert [title for _text, title in likely(data)] == ["GBK", "Big5"]
    with pytest.raises(BadInput, match="line 2: it is no UTF-8 text and may be GBK or Big5; save"):
        decode(data, "gt.csv")


def test_escapes_that_change_the_alphabet() -> None:
    with pytest.raises(BadInput, match=r"gt\.csv is text in ISO-2022: save it as UTF-8"):
        decode("01.mp4,転倒".encode("iso2022_jp"), "gt.csv")
