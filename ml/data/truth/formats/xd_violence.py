"""Test annotations of XD-Violence (Wu et al., ECCV 2020).

    v=S-7rRLrxnVQ__#1_label_B4-0-0 0 1517 1970 3038

Name, then start and end of each event. Frames count from 0 at the clip's own rate and the end
is exclusive: that reproduces the label arrays in circulation. Names hold `#`, `=`, spaces and
letters of many scripts, and some carry a stray `.mp4`, so the numbers are read from the end.
Only violent videos are listed.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Claim, Reading
from ml.data.truth.formats._base import LineFormat, numbers_in, pairs, register
from ml.naming import without_ending
from ml.normal import NORMAL

LABEL = re.compile(r"_label_([ABG]\d?)(?:-|$)")


def class_of(name: str) -> str:
    """`B4` of `…_label_B4-0-0`: the first of the up to three classes in a name; A is normal."""
    match = LABEL.search(name)
    return named(match[1]) if match else ""


def named(letters: str) -> str:
    """What the dataset's own letters mean, as far as that matters here."""
    return NORMAL if letters == "A" else letters


@register
class XDViolence(LineFormat):
    title = "XD-Violence: name and events per line"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(r"(?P<name>.*_label_[-A-Z0-9]+(?:__\d)?(?:\.mp4)?)(?P<events>(?:\s+\d+)+)")

    @classmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim:
        label = class_of(without_ending(match["name"]))
        events = pairs(list(numbers_in(match["events"])), reading, label)
        return Claim(path=match["name"], label=label, intervals=events)
