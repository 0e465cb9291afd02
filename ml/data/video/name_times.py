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

# `doubtful` digits are a fraction of a second, or a count.
EPOCH = re.compile(
    r"(?<!\d)(\d{10})(?:[.,](\d{1,9})|_(?P<doubtful>\d{1,9}))?(?!\d)"
    r"|(?<!\d)(?P<whole>\d{13}|\d{16}|\d{19})(?!\d)"
)
YEARS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
DATED = re.compile(
    r"(?<!\d)(\d{4})[-_.]?(\d\d)[-_.]?(\d\d)[T _-]*(\d\d)[-_.:h]?(\d\d)[-_.:m]?(\d\d)"
    r"(?:[.,](\d{1,9})|[_-]?(?P<doubtful>\d{6}|\d{3}))?(?!\d)"
)
OF_A_DAY = re.compile(r"(?<!\d)(\d\d)([-_:.h])(\d\d)[-_:.m](\d\d)s?(?:[.,](\d{1,9}))?(?!\d)")
SECONDS = re.compile(r"(?<![\d.,])(\d{1,6})[.,](?P<doubtful>\d{2,9})s?(?![\d.,])")
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
        known = [each for each in seconds if each is not None]
        if len(known) == len(stems) and _rest_agrees(stems, matches, known):
            return NameTimes(seconds=tuple(known), is_certain=_is_certain(pattern, matches, known))
    return None


def _epoch(match: re.Match[str]) -> Fraction | None:
    """Seconds since 1970, or thousandths, millionths, billionths of them."""
    if whole := match["whole"]:
        value = Fraction(int(whole), 1000 ** ((len(whole) - 10) // 3))
    else:
        value = int(match[1]) + _fraction(match[2] or match["doubtful"])
    return value if YEARS[0].timestamp() <= value < YEARS[1].timestamp() else None


def _dated(match: re.Match[str]) -> Fraction | None:
    try:
        moment = datetime(*map(int, match.groups()[:6]), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None
    is_meant = YEARS[0] <= moment < YEARS[1]
    seconds = Fraction(int(moment.timestamp())) + _fraction(match[7] or match["doubtful"])
    return seconds if is_meant else None


def _of_a_day(match: re.Match[str]) -> Fraction | None:
    hours, minutes, seconds = int(match[1]), int(match[3]), int(match[4])
    if minutes > 59 or seconds > 59:
        return None
    return Fraction(3600 * hours + 60 * minutes + seconds) + _fraction(match[5])


def _of_seconds(match: re.Match[str]) -> Fraction | None:
    return int(match[1]) + _fraction(match["doubtful"])


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
    """Whether they are no counts."""
    doubtful = [digits for match in matches if (digits := match.groupdict().get("doubtful"))]
    if doubtful:
        return _steps_are_no_counts(doubtful, seconds)
    if pattern is not OF_A_DAY or all(match[5] for match in matches):
        return True
    return _runs_through_minutes(seconds)


def _steps_are_no_counts(digits: Sequence[str], seconds: Sequence[Fraction]) -> bool:
    """`1.01`, `1.02` and `12-00-00_001`, `12-00-00_002` may be, `1.04`, `1.08` are not."""
    widths = {len(each) for each in digits}
    unit = Fraction(1, 10 ** max(widths))
    steps = [after - before for before, after in pairwise(sorted(seconds))]
    return len(widths) == 1 and min(steps) > unit


def _runs_through_minutes(seconds: Sequence[Fraction]) -> bool:
    """Counts would begin anew with each minute, at 0 or 1, and leave nothing out."""
    by_minute: dict[int, list[int]] = defaultdict(list)
    for each in sorted(seconds):
        by_minute[int(each) // 60].append(int(each) % 60)
    return len(by_minute) > 1 and any(
        of_minute != list(range(of_minute[0], of_minute[0] + len(of_minute))) or of_minute[0] > 1
        for of_minute in by_minute.values()
    )
