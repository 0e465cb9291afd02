"""Text of programs that write no UTF-8: read where one code page alone gives plain words.

Korean, Chinese and Japanese ones give signs for nearly any bytes, and a wrong one gives wrong
names and classes. Where several may be meant, or none is likely, the file is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

LIKELY = 0.5  # of the signs of a text: among all of a code page, a few hundred are usual
LOOKED_AT = 100_000
USUAL_HANGUL = frozenset(
    "이다는가을의에고를지하은로서한자기도리사어나인시대아해부정보라과만들전그일제수구상원장공주국여조오동성소무비미방"
    "경선유연계치적진관신물실행안회개내주세영용생산화재단강민중분학역위교남반문관발호입모도운목통우음명금급양결"
    "법간석체천현여속표건거려스트마차타파카바하히저더러머버서처터퍼허걷뛰넘짐쓰싸움폭력도둑절침배회출추락낙복"
    "도계층로길문앞뒤옆집방범죄없음있습니까요했된될때말게면데든등것람녀자동차량접근촬카메라번째낮밤새벽아침점심저녁"
)
USUAL_HANZI = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行"
    "所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日军者意无力它与"
    "长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己"
    "制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系"
    "气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社"
    "便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉"
    "格望觉术领共确传师观清今切院让识候带导争运走廊跌倒摔跑步打斗架盗窃异常车辆行人摄像视频帧开始结束标签楼梯"
    "跌倒異視頻標籤結開門車輛盜竊鬥廊攝像畫樓間閒員動場電機會個來為國這時說對過還無東聲書長"
)
LETTERS = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿŠšŽžŒœ")
SIGNS = frozenset("€‚’“”‘–—…°±²³µ·§«»¡¿£©®ªº\u00a0×÷")
ODD_WESTERN = re.compile(
    "[^\\W\\d_\u0000-\u007f]{3}"  # words of other alphabets
    "|[a-zà-ÿ][ŠŽŸ§]|[§µ][a-z]"  # of the Macintosh
    "|[^\\W\\d_][ªº¿¡]|[^\\Wm\\d_]³|[^\\W\\d_]¹|œ(?!u)"  # of Eastern Europe
)
KANA = re.compile("[\u3041-\u30fe]")
INSIDE_A_WORD = re.compile("[A-Za-z][^\u0000-\u007f][A-Za-z]")
HALF_WIDTH = re.compile("[\uff61-\uff9f]")


class CodePage(NamedTuple):
    encoding: str
    title: str
    is_likely: Callable[[str, bytes], bool]


def likely(data: bytes) -> Iterator[tuple[str, str]]:
    """Text and title of each code page that `data`, which is no UTF-8, may be written in."""
    for page in CODE_PAGES:
        text = _decoded(data, page.encoding)
        if text is not None and page.is_likely(text, data):
            yield text, page.title


def _decoded(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _foreign(text: str) -> str:
    return re.sub("[\u0000-\u007f]+", "", text)


def _share(text: str, usual: frozenset[str]) -> float:
    """Of the signs of words, by how many there are of each."""
    words = [sign for sign in _foreign(text)[:LOOKED_AT] if sign.isalpha()]
    return sum(sign in usual for sign in words) / len(words) if words else 0.0


def _is_korean(text: str, data: bytes) -> bool:
    hangul = [sign for sign in text if "가" <= sign <= "힣"]
    return (
        bool(hangul) and _share("".join(hangul), USUAL_HANGUL) >= LIKELY and not KANA.search(text)
    )


def _is_chinese(text: str, data: bytes) -> bool:
    return _share(text, USUAL_HANZI) >= LIKELY and not KANA.search(text)


def _is_japanese(text: str, data: bytes) -> bool:
    """By its kana; without any, where no other page of two bytes has signs for it."""
    foreign = _foreign(text)
    is_other = HALF_WIDTH.search(foreign) or INSIDE_A_WORD.search(text)
    if is_other or not all(unicodedata.name(s, "").startswith(JAPANESE) for s in set(foreign)):
        return False
    return KANA.search(foreign) is not None or all(
        _decoded(data, other) is None for other in ("euc_kr", "gb2312", "big5", "euc_jp")
    )


JAPANESE = ("HIRAGANA", "KATAKANA", "CJK", "FULLWIDTH", "IDEOGRAPHIC")


def _is_western(text: str, data: bytes) -> bool:
    foreign = set(_foreign(text))
    has_letters = not foreign.isdisjoint(LETTERS)
    stands_in_words = re.search("[A-Za-z][^\u0000-\u007f]|[^\u0000-\u007f][A-Za-z]", text)
    is_plain = foreign <= LETTERS | SIGNS and not ODD_WESTERN.search(text)
    is_quoted = text.count("“") == text.count("”")
    return is_plain and is_quoted and (not has_letters or stands_in_words is not None)


CODE_PAGES = (
    CodePage("cp949", "EUC-KR", _is_korean),
    CodePage("gb18030", "GBK", _is_chinese),
    CodePage("big5", "Big5", _is_chinese),
    CodePage("cp932", "Shift-JIS", _is_japanese),
    CodePage("euc_jp", "EUC-JP", _is_japanese),
    CodePage("cp1252", "Windows-1252", _is_western),
)
