"""Frame ranges of UCSD Ped1 and Ped2 (Mahadevan et al., CVPR 2010): `UCSDped2.m`.

    TestVideoFile{end+1}.gt_frame = [61:180];

Entry i belongs to test clip i. Frames count from 1 and the end is still abnormal, so `61:180`
is [60, 180). Images were taken at 10 per second.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.records import BadInput, Interval

ENTRY = re.compile(r"gt_frame\s*=\s*\[([^\]]*)\]")
RANGE = re.compile(r"\s*(\d+)\s*(?::\s*(\d+)\s*)?")
COUNTING = Reading(base=1, end="inclusive")


@register
class UCSD(AnnotationFormat):
    title = "UCSD: gt_frame ranges per test clip"
    reading = COUNTING

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return source.is_text and ENTRY.search(source.head.decode("latin-1")) is not None

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = (
            Claim(
                path=f"Test{number + 1:03}",
                position=number,
                part="test",
                intervals=read_ranges(entry, reading),
            )
            for number, entry in enumerate(ENTRY.findall(source.text))
        )
        return Annotations(claims=tuple(claims))


def read_ranges(entry: str, reading: Reading = COUNTING) -> tuple[Interval, ...]:
    """Of `61:180, 200:250`. Raise BadInput where it is something else."""
    ranges = [RANGE.fullmatch(part) for part in entry.split(",") if part.strip()]
    if None in ranges:
        raise BadInput(f"[{entry}] is not a list of frame ranges; not stored")
    return tuple(
        reading.interval(int(match[1]), int(match[2] or match[1])) for match in ranges if match
    )
