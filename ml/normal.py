"""Which labels say that nothing is wrong: one rule for every format, list, manifest and upload.

Annotators mark normal stretches, too. Such a label makes no frame abnormal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

NORMAL = "normal"
ABNORMAL = "abnormal"  # where normal is told from abnormal but no class is named

# Compared without case, accents' spelling and what parts words.
WORDS = frozenset(
    {
        "normality", "regular", "usual", "ordinary", "uneventful", "routine", "background",
        "negative", "neg", "ok", "okay", "good", "safe", "none", "0", "0.0", "false", "no",
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
    return folded if NEGATIVE.fullmatch(folded) else " ".join(PARTING.sub(" ", folded).split())


NEGATIVE = re.compile(r"-\d+(\.\d+)?")  # a dash parts words, but not a sign from its number
PARTING = re.compile(r"[\s_\-/:;,()\[\]]+")
