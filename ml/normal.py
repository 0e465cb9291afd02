"""What labels say: one rule for every format, list, manifest and upload.

Annotators mark normal stretches, too: such a label makes no frame abnormal. Others say that
something is abnormal and name no class. Numbers and letters are clear only beside the others of
their file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from ml.findings import shortened
from ml.records import BadInput
from ml.tables import is_blank

NORMAL = "normal"
ABNORMAL = "abnormal"  # where normal is told from abnormal but no class is named

# Compared without case, accents' spelling and what parts words.
WORDS = frozenset(
    {
        "normality", "regular", "usual", "ordinary", "uneventful", "routine", "background",
        "negative", "neg", "ok", "okay", "good", "safe", "none", "0", "false", "no",
        "普通", "ノーマル", "なし", "無し", "無", "いいえ", "无", "否", "没有",
        "일반", "보통", "노멀", "평상시", "평시", "평상", "없음", "아니오", "아니요",
    }
)  # fmt: skip
# What is denied where somebody says that there is none of it.
EVENTS = (
    r"anomal\w*|abnormal\w*|events?|incidents?|accidents?|crimes?|violen\w*|fight\w*|problems?|"
    r"issues?|alarms?|falls?|fire|smoke|thefts?|crash\w*"
)
JAPANESE_EVENTS = "異常|異状|異変|問題|事件|事故|不審者|不審点|イベント"
KOREAN_EVENTS = r"이상(?: ?징후| ?행동)?|특이 ?(?:사항|점)|문제|사건|사고|이벤트|폭력|싸움"
NONE_OF = re.compile(
    rf"(?:no|non|not|without) ?(?:{EVENTS})(?: (?:detected|found|seen|visible|here|present))?"
    r"|nothing(?: .*)?"
    rf"|(?:特に)?(?:{JAPANESE_EVENTS})[はが]?(?:な|無)[しい]|[無非](?:異常|異状)"
    r"|(?:没有|沒有|无|無|未见|未見|未发现|未發現|非)(?:明显|明顯)?(?:异常|異常)(?:情况|情況|行为|行為|事件)?"
    r"|(?:异常|異常)[无無]"
    rf"|(?:{KOREAN_EVENTS})[이은는]? ?(?:없음|없다|없습니다|무)|[무비]이상"
)
# `Normal_Videos_event`, `normal1`, `正常歩行`, `行为正常`, `정상 보행`: the rest says which normal.
SAYS_SO = re.compile(
    r"(?:(?:training|testing|train|test) )?normal\d*(?: .*)?"
    r"|(?:正常|通常|平常|平時|定常).*|.*正常|(?:.* )?정상|정상.*"
)
DENIALS = re.compile(
    r"\babnormal|でない|ではない|じゃない|以外|逸脱|離脱|外れ|異|[不非未欠]正常|不太正常|异|"
    r"偏离|偏離|超出|脱离|脫離|비정상|아님|아닌|아니|않|이탈|벗어|초과|이상"
)


# Says abnormal and names no class.
MARKED = frozenset(
    {
        "1", "true", "yes", "y", "positive",
        "はい", "あり", "有り", "有", "是", "예", "네", "있음",
    }
)  # fmt: skip
# A letter or number that says no beside the one that says yes; elsewhere it may be a class.
NO_BESIDE = {"n": ("y", "a", "p"), "f": ("t",), "-1": ("1",)}
UNCLEAR = ("n", "-1")
EITHER_WAY = (frozenset({"o", "x"}), frozenset({"○", "×"}), frozenset({"○", "✕"}))
WHOLE = re.compile(r"\+?(-?\d+)(?:\.0*|,0)?")  # pandas turns whole numbers beside gaps into 2.0
NEGATIVE = re.compile(r"-\d+[.,]\d+")  # a dash parts words, but not a sign from its number
PARTING = re.compile(r"[\s_\-/:;,()\[\]]+")
SHOWN_LABELS = 5


def label_in(cell: str) -> str:
    """What a cell or an entry for a label holds: empty where it says that there is none.

    `none` says normal. Whole numbers are written in one way, `2.0` as `2`.
    """
    label = cell.strip()
    if is_blank(label) and not is_normal(label):
        return ""
    number = WHOLE.fullmatch(unicodedata.normalize("NFKC", label))
    return number[1] if number else label


def video_label(cell: str, also: Collection[str] = ()) -> str:
    """Of a whole video: `normal`, `abnormal` where a mark names no class, or a class, or empty."""
    label = canonical_label(label_in(cell), also)
    return ABNORMAL if is_mark(label) else label


def kind_of(label: str) -> str:
    """The kind of anomaly that a video's label names; empty where it only says normal or not."""
    return "" if label in (NORMAL, ABNORMAL) else label


def is_mark(label: str) -> bool:
    """Whether it says abnormal and names no class."""
    return label.casefold() in MARKED


def normal_among(labels: Iterable[str], source: str, also: Collection[str] = ()) -> tuple[str, ...]:
    """`also`, and what says normal beside all other labels of a file.

    Raise BadInput where numbers or letters may say normal or be classes.
    """
    given = {label_in(label).casefold() for label in labels} - {""}
    _check_numbers(given, source, also)
    named = {label for label in given if not is_normal(label, also)}
    if len(named) > 1 and any(named <= pair for pair in EITHER_WAY):
        raise BadInput(
            f"{source}: either of {' and '.join(sorted(named))} may say normal: name the one that "
            "does as a normal label, or write words"
        )
    return (*also, *_words_for_no(named, "0" in given, source))


def _check_numbers(given: Collection[str], source: str, also: Collection[str]) -> None:
    """A 0 beside 1 is normal; beside other numbers it may be the first of the classes."""
    numbers = sorted((label for label in given if WHOLE.fullmatch(label)), key=int)
    if "0" in numbers and set(numbers) - {"0", "1"} and not _is_own("0", also):
        raise BadInput(
            f"{source}: its labels are numbers ({shortened(numbers, SHOWN_LABELS)}), and 0 may be "
            "normal or the first class: name it as a normal label, or write names"
        )


def _words_for_no(named: Collection[str], has_zero: bool, source: str) -> Iterator[str]:
    """What says no in a file of nothing but yes and no. Raise BadInput where it may be a class."""
    for no, beside in NO_BESIDE.items():
        if any(named == {no, yes} for yes in beside) and not (has_zero and no == "-1"):
            yield no
        elif no in named and no in UNCLEAR:
            raise BadInput(
                f"{source}: the label {no!r} may say normal or be a class: name it as a normal "
                "label, or write words"
            )


def _is_own(label: str, also: Collection[str]) -> bool:
    return label in {label_in(each) for each in also}


def is_normal(label: str, also: Collection[str] = ()) -> bool:
    """Whether a label that is not empty says "normal"; `also` are a dataset's own such labels."""
    words = _plain(label)
    return _says_so(words) or (words != "" and words in {_plain(each) for each in also})


@lru_cache
def _says_so(words: str) -> bool:
    if words in WORDS or NONE_OF.fullmatch(words):
        return True
    rest = NONE_OF.sub("", words)  # what is denied there is none
    return bool(SAYS_SO.fullmatch(words)) and not DENIALS.search(rest)


def canonical_label(label: str, also: Collection[str] = ()) -> str:
    """`normal` for whatever says so, any other label as it is."""
    return NORMAL if is_normal(label, also) else label


def _plain(label: str) -> str:
    folded = unicodedata.normalize("NFKC", label).strip().casefold()
    if number := WHOLE.fullmatch(folded):
        return number[1]
    return folded if NEGATIVE.fullmatch(folded) else " ".join(PARTING.sub(" ", folded).split())
