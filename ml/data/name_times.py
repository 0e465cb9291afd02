"""Times in the names of images: when each picture was taken, where its name says so."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from itertools import pairwise

from ml.records import natural_key

EPOCH = re.compile(r"(?<!\d)(\d{10})(?:[.,_](\d{1,9}))?(?!\d)|(?<!\d)(\d{13}|\d{16}|\d{19})(?!\d)")
YEARS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DATED = re.compile(
    r"(?<!\d)(\d{4})[-_.]?(\d\d)[-_.]?(\d\d)[T _-]*(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)"
    r"(?:[.,](\d{1,9})|[_-]?(\d{6}|\d{3}))?(?!\d)"
)
OF_A_DAY = re.compile(r"(?<!\d)(\d\d)([-_:.h])(\d\d)[-_:.m](\d\d)s?(?:[.,](\d{1,9}))?(?!\d)")
SECONDS = re.compile(r"(?<![\d.,])(\d{1,6})[.,](\d{2,9})s?(?![\d.,])")
Seconds = tuple[Fraction, ...]


@dataclass(frozen=True, kw_only=True)
class NameTimes:
    """`seconds` (n,), of each name in the order given; `is_certain` unless they may be counts."""

    seconds: Seconds
    is_certain: bool


def name_times(stems: Sequence[str]) -> NameTimes | None:
    """The times that all `stems` bear in one way; None where there are none.

    What else is in the names has to be the same in all, or to count in the same order.
    """
    if len(stems) < 2:
        return None
    for pattern, value in READERS:
        if not pattern.search(stems[0]):
            continue
        found = [pattern.search(stem) for stem in stems]
        matches = [match for match in found if match]
        if len(matches) < len(stems):
            continue
        seconds = [value(match) for match in matches]
        told = [each for each in seconds if each is not None]
        if len(told) == len(stems) and _rest_agrees(stems, matches, told):
            return NameTimes(seconds=tuple(told), is_certain=_is_certain(pattern, matches, told))
    return None


def _epoch(match: re.Match[str]) -> Fraction | None:
    """Seconds since 1970, or thousandths, millionths, billionths of them."""
    if match[3]:
        value = Fraction(int(match[3]), 1000 ** ((len(match[3]) - 10) // 3))
    else:
        value = int(match[1]) + _fraction(match[2])
    return value if YEARS[0].timestamp() <= value < YEARS[1].timestamp() else None


def _dated(match: re.Match[str]) -> Fraction | None:
    try:
        moment = datetime(*map(int, match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    is_meant = YEARS[0] <= moment < YEARS[1]
    seconds = Fraction(int(moment.timestamp())) + _fraction(match[7] or match[8])
    return seconds if is_meant else None


def _of_a_day(match: re.Match[str]) -> Fraction | None:
    hours, minutes, seconds = int(match[1]), int(match[3]), int(match[4])
    if minutes > 59 or seconds > 59:
        return None
    return Fraction(3600 * hours + 60 * minutes + seconds) + _fraction(match[5])


def _of_seconds(match: re.Match[str]) -> Fraction | None:
    return int(match[1]) + _fraction(match[2])


def _fraction(digits: str | None) -> Fraction:
    return Fraction(int(digits), 10 ** len(digits)) if digits else Fraction(0)


READERS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Fraction | None]], ...] = (
    (DATED, _dated),
    (EPOCH, _epoch),
    (OF_A_DAY, _of_a_day),
    (SECONDS, _of_seconds),
)


def _rest_agrees(
    stems: Sequence[str], matches: Sequence[re.Match[str]], seconds: Sequence[Fraction]
) -> bool:
    rests = [
        stem[: match.start()] + "\0" + stem[match.end() :]
        for stem, match in zip(stems, matches, strict=True)
    ]
    if len(set(rests)) == 1:
        return True
    by_rest = sorted(range(len(rests)), key=lambda at: natural_key(rests[at]))
    in_order = [seconds[at] for at in by_rest]
    is_a_count = len({re.sub(r"\d+", "0", rest) for rest in rests}) == 1
    return is_a_count and len(set(rests)) == len(rests) and in_order == sorted(in_order)


def _is_certain(
    pattern: re.Pattern[str], matches: Sequence[re.Match[str]], seconds: Sequence[Fraction]
) -> bool:
    """Whether they are no counts: `1.01`, `1.02` may be two counts, `1.04`, `1.08` are not."""
    if pattern is SECONDS:
        widths = {len(match[2]) for match in matches}
        unit = Fraction(1, 10 ** max(widths))
        steps = [after - before for before, after in pairwise(sorted(seconds))]
        return len(widths) == 1 and min(steps) > unit
    if pattern is not OF_A_DAY or all(match[5] for match in matches):
        return True
    return _runs_through_minutes(seconds)


def _runs_through_minutes(seconds: Sequence[Fraction]) -> bool:
    """Counts would begin anew with each minute, at 0 or 1, and leave nothing out."""
    by_minute: dict[int, list[int]] = defaultdict(list)
    for each in sorted(seconds):
        by_minute[int(each) // 60].append(int(each) % 60)
    return len(by_minute) > 1 and any(
        of_minute != list(range(of_minute[0], of_minute[0] + len(of_minute))) or of_minute[0] > 1
        for of_minute in by_minute.values()
    )
