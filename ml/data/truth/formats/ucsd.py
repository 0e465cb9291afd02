"""Frame ranges of UCSD Ped1 and Ped2 (Mahadevan et al., CVPR 2010): `UCSDped2.m`.

    TestVideoFile{end+1}.gt_frame = [61:180];

Entry i belongs to test clip i, or to the one whose number stands in its brackets. Frames count
from 1 and the end is still abnormal, so `61:180`
is [60, 180). Images were taken at 10 per second.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.records import BadInput, Interval

ENTRY = re.compile(r"(?:\{\s*(\d+)\s*\}\s*\.\s*)?gt_frame\s*=\s*\[([^\]]*)\]")
COMMENT = re.compile(r"%.*")
RANGE = re.compile(r"\s*(\d+)\s*(?::\s*(\d+)\s*)?")
COUNTING = Reading(base=1, end="inclusive")


@register
class UCSD(AnnotationFormat):
    title = "UCSD: gt_frame ranges per test clip"
    reading = COUNTING

    @classmethod
    def recognises(cls, source: Source) -> bool:
        head = COMMENT.sub("", source.head.decode("latin-1"))
        return source.is_text and ENTRY.search(head) is not None

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims = (
            Claim(
                path=f"Test{position + 1:03}",
                position=position,
                part="test",
                intervals=read_ranges(entry, reading),
            )
            for position, entry in enumerate(entries_in(source.text.content, source.name))
        )
        return Annotations(claims=tuple(claims))


def entries_in(text: str, name: str) -> list[str]:
    """What stands between the brackets of each clip, in the clips' order.

    Raise BadInput where entries that are numbered are not all there, each once.
    """
    entries = ENTRY.findall(COMMENT.sub("", text))
    numbers = [int(number) for number, _entry in entries if number]
    if not numbers:
        return [entry for _number, entry in entries]
    if sorted(numbers) != list(range(1, len(entries) + 1)):
        raise BadInput(f"{name}: its entries are not numbered from 1 on, each once")
    return [entry for _number, entry in sorted(entries, key=lambda each: int(each[0]))]


def read_ranges(entry: str, reading: Reading = COUNTING) -> tuple[Interval, ...]:
    """Of `61:180, 200:250`. Raise BadInput where it is something else."""
    ranges = [RANGE.fullmatch(part) for part in entry.split(",") if part.strip()]
    if None in ranges:
        raise BadInput(f"[{entry}] is not a list of frame ranges; not stored")
    return tuple(
        reading.interval(int(match[1]), int(match[2] or match[1])) for match in ranges if match
    )
