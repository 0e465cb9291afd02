"""Which labels say that nothing is wrong: one rule for every format, list, manifest and upload.

Annotators mark normal stretches, too. Such a label makes no frame abnormal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

NORMAL = "normal"
ABNORMAL = "abnormal"  # where normal is told from abnormal but no class is named

# Compared without case, accents' spelling, spaces, dashes and underscores.
WORDS = frozenset(
    {
        "normal", "normality", "regular", "background", "negative",
        "no anomaly", "no anomalies", "non anomaly", "non anomalous", "nonanomalous",
        "not anomalous", "not abnormal", "no event", "no events", "nothing", "none",
        "no violence", "non violence", "nonviolence", "non violent", "nonviolent",
        "no fight", "nofight", "non fight", "nonfight", "no crime", "non crime",
        "0", "0.0", "false", "no",
        "正常", "通常", "平常", "普通", "ノーマル", "異常なし", "異常無し", "無異常", "无异常",
        "没有异常",
        "정상", "일반", "보통", "노멀", "이상없음", "이상 없음", "비이상",
    }
)  # fmt: skip
# `Normal_Videos_event`, `normal walking`, `正常歩行`, `정상 보행`: what follows says which normal.
BEGINNINGS = re.compile(r"(?:(?:training|testing|train|test) )?normal(?: .*)?|(?:正常|정상).*")
DENIALS = re.compile(r"\babnormal|でない|ではない|じゃない|아님|아닌|아니|不正常|비정상")


def is_normal(label: str, also: Collection[str] = ()) -> bool:
    """Whether a label that is not empty says "normal"; `also` are a dataset's own such labels."""
    words = _plain(label)
    if words in WORDS or (words and words in {_plain(each) for each in also}):
        return True
    return bool(BEGINNINGS.fullmatch(words)) and not DENIALS.search(words)


def canonical_label(label: str, also: Collection[str] = ()) -> str:
    """`normal` for whatever says so, any other label as it is."""
    return NORMAL if is_normal(label, also) else label


def _plain(label: str) -> str:
    folded = unicodedata.normalize("NFKC", label).casefold()
    return " ".join(re.split(r"[\s_\-/]+", folded.strip(" _-/")))
