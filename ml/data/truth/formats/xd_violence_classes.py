"""Test annotations of XD-Violence with a class before each event.

    v=S-7rRLrxnVQ__#1_label_B4-0-0 B4 0 1517 B4 1970 3038

Counted as in `xd_violence`.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Claim, Reading
from ml.data.truth.formats._base import LineFormat, register
from ml.data.truth.formats.xd_violence import class_of, named
from ml.naming import without_ending

EVENT = r"\s+(?:[ABG]\d?(?:-[ABG]?\d?)*)\s+\d+\s+\d+"
PARTS = re.compile(r"(\S+)\s+(\d+)\s+(\d+)")


@register
class XDViolenceClasses(LineFormat):
    title = "XD-Violence: name and events with their classes per line"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(
        rf"(?P<name>.*_label_[-A-Z0-9]+(?:__\d)?(?:\.mp4)?)(?P<events>(?:{EVENT})+)"
    )

    @classmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim:
        events = tuple(
            reading.interval(int(start), int(end), named(label))
            for label, start, end in PARTS.findall(match["events"])
        )
        return Claim(
            path=match["name"], label=class_of(without_ending(match["name"])), intervals=events
        )
