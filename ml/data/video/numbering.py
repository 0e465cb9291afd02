"""Which images of a folder are its frames, and in which order: by what their names say alone.

Frames of ground truth are counted, so a number that is missing, there twice, or a picture that
is none moves all labels after it. What is plain is put right and told; the rest is a fault,
until somebody says that the pictures count as they lie.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

from ml.data.video.name_times import name_times
from ml.findings import counted, shortened
from ml.records import natural_key

FrameNumbers = Literal["", "order"]  # order: the frames are the pictures as they lie
IN_ORDER = "order"
Columns = tuple[str, ...]
N_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Numbering:
    """`names` of the frames in their order.

    `fault` is why frames cannot be told by their numbers, empty where they can, `warnings` say
    what was left out or assumed. `seconds` are the times in the names, from that of the first
    frame on, empty without such.
    """

    names: tuple[str, ...]
    fault: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: tuple[float, ...] = ()

    def decided(self, frame_numbers: FrameNumbers) -> Numbering:
        """With the fault as people are told of it, or without it where somebody has decided."""
        if not self.fault:
            return self
        if frame_numbers == IN_ORDER:
            note = f"{self.fault}; its pictures count as they lie, as was said"
            return replace(self, fault="", notes=(*self.notes, note))
        text = (
            f"{self.fault}. Labels by number and labels by picture would differ, so none are "
            "placed: complete the pictures, or say that they count as they lie (`frame_numbers` "
            f"is `{IN_ORDER}`)"
        )
        return replace(self, fault=text)


def read_numbering(names: Sequence[str], n_bytes: Callable[[str], int]) -> Numbering:
    """Of the images of one folder; `n_bytes` is asked for where the same picture is there twice."""
    images = sorted(names, key=natural_key)
    numbered = [name for name in images if re.search(r"\d", _stem(name))]
    unnumbered = [name for name in images if not re.search(r"\d", _stem(name))]
    if not numbered:
        return Numbering(names=tuple(images), warnings=tuple(_without_numbers(images)))
    if len(unnumbered) >= len(numbered):
        fault = f"{len(numbered)} of {len(images)} pictures have a number in their names"
        return Numbering(names=tuple(images), fault=f"{fault}, the others have none")
    kept, notes = _once(numbered, n_bytes)
    notes = [*_left_out(unnumbered), *notes]
    found = _by_time(kept) or _by_number(kept)
    return replace(found, warnings=(*notes, *found.warnings))


def _stem(name: str) -> str:
    return PurePath(name).stem


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower()


def _without_numbers(images: Sequence[str]) -> Iterator[str]:
    if len(images) > 1:
        yield (
            "the names of its pictures have no numbers, so that the alphabet gives their order: "
            f"{shortened(images, N_SHOWN)}"
        )


def _left_out(unnumbered: Sequence[str]) -> Iterator[str]:
    if unnumbered:
        yield (
            f"left out, for the other pictures have numbers in their names and these have none: "
            f"{shortened(unnumbered, 20)}"
        )


def _once(names: Sequence[str], n_bytes: Callable[[str], int]) -> tuple[list[str], list[str]]:
    """Of names that differ in their endings alone one each: of the ending that has most of them."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in names:
        by_stem[_stem(name)].append(name)
    if len(by_stem) == len(names):
        return list(names), []
    endings = Counter(_ending(name) for name in names)
    weights = dict.fromkeys(endings, 0)
    for name in names:
        weights[_ending(name)] += n_bytes(name)
    best = sorted(endings, key=lambda each: (-endings[each], -weights[each], each))
    kept = [min(same, key=lambda name: best.index(_ending(name))) for same in by_stem.values()]
    is_kept = set(kept)
    left_out = [name for name in names if name not in is_kept]
    text = (
        f"there with two endings: {counted(len(left_out), 'picture')}; taken once, as {best[0]}, "
        f"and left out: {shortened(left_out, N_SHOWN)}"
    )
    return sorted(kept, key=natural_key), [text]


# --- Times


def _by_time(names: Sequence[str]) -> Numbering | None:
    found = name_times([_stem(name) for name in names])
    if found is None:
        return None
    order = sorted(range(len(names)), key=lambda at: (found.seconds[at], natural_key(names[at])))
    seconds = [found.seconds[at] for at in order]
    ordered = tuple(names[at] for at in order)
    if seconds[0] == seconds[-1]:  # that of the whole recording
        return None
    if not found.is_certain:
        return _as_counts(ordered)
    if len(set(seconds)) < len(seconds):
        return _without_clock(ordered)
    return Numbering(names=ordered, seconds=tuple(float(each - seconds[0]) for each in seconds))


def _without_clock(ordered: tuple[str, ...]) -> Numbering:
    """Names of which some share their time, so that a count in them tells what is missing."""
    counts = _by_number(ordered)
    text = (
        f"the names are times, but several pictures share one, so these give the order and "
        f"not the clock: {shortened(ordered, N_SHOWN)}"
    )
    return replace(counts, names=ordered, warnings=(text, *counts.warnings))


def _as_counts(ordered: tuple[str, ...]) -> Numbering:
    """Names that may be times or counts: in the same order either way, with a word about it."""
    counts = _by_number(ordered)
    text = (
        f"the names may be times ({_stem(ordered[0])}) or counts: they give the order, and frames "
        "are taken to be evenly spaced"
    )
    return replace(counts, warnings=(text,))


# --- Numbers


def _by_number(names: Sequence[str]) -> Numbering:
    numbers, fault = _numbers(names)
    if fault:
        return Numbering(names=tuple(sorted(names, key=natural_key)), fault=fault)
    ordered = sorted(names, key=lambda name: (numbers[name], natural_key(name)))
    return Numbering(
        names=tuple(ordered),
        fault=_missing(ordered, [numbers[name] for name in ordered]),
        warnings=(*_named_otherwise(names), *_begins_later(ordered, numbers[ordered[0]])),
    )


def _named_otherwise(names: Sequence[str]) -> Iterator[str]:
    """Pictures that continue the count of others by another word, or only happen to."""
    main, *others = sorted(_by_shape(names), key=len, reverse=True)
    if others:
        rest = [name for alike in others for name in alike]
        yield (
            f"named otherwise than {main[0]}, but taken as frames, since their numbers go on "
            f"where those of the others end: {shortened(rest, N_SHOWN)}"
        )


def _begins_later(names: Sequence[str], number: int) -> Iterator[str]:
    if number not in (0, 1) and len(names) > 1:
        yield (
            f"its first picture is {names[0]}, and that is frame 0 here: labels that count by the "
            f"numbers in the names have to be lessened by {number:,}"
        )


def _by_shape(names: Sequence[str]) -> list[list[str]]:
    """Names that are alike but for their numbers."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[re.sub(r"\d+", "0", _stem(name)).casefold()].append(name)
    return list(found.values())


def _numbers(names: Sequence[str]) -> tuple[Mapping[str, int], str]:
    """The frame number in each name, or why there is none."""
    by_shape = _by_shape(names)
    numbers: dict[str, int] = {}
    for alike in sorted(by_shape, key=len, reverse=True):
        columns = [tuple(re.findall(r"\d+", _stem(name))) for name in alike]
        column = _counting(columns)
        if column is None:
            return {}, _fault_of_columns(alike)
        numbers |= {name: int(row[column]) for name, row in zip(alike, columns, strict=True)}
    if len(by_shape) > 1 and not _is_one_count(numbers.values()):
        main = max(by_shape, key=len)
        others = [name for alike in by_shape for name in alike if alike is not main]
        return {}, (
            f"{counted(len(others), 'picture')} named otherwise than {main[0]}, so that nobody "
            f"can tell whether they are frames: {shortened(others, N_SHOWN)}"
        )
    repeated = [number for number, count in Counter(numbers.values()).items() if count > 1]
    if repeated:
        twice = [name for name in names if numbers[name] == repeated[0]]
        return {}, (
            f"{counted(len(repeated), 'number')} more than once, such as {repeated[0]} in "
            f"{shortened(twice, N_SHOWN)}"
        )
    return numbers, ""


def _counting(columns: Sequence[Columns]) -> int | None:
    """Which number of names that are alike is that of the frame; None where several may be."""
    values = [[int(row[at]) for row in columns] for at in range(len(columns[0]))]
    varying = [at for at, column in enumerate(values) if len(set(column)) > 1]
    if len(varying) < 2:
        return varying[0] if varying else len(values) - 1
    apart = [at for at in varying if len(set(values[at])) == len(columns)]
    spans = {at: max(values[at]) - min(values[at]) for at in apart}
    return min(apart, key=lambda at: (spans[at], -at)) if apart else None


def _fault_of_columns(names: Sequence[str]) -> str:
    ends = f"{names[0]}, {names[-1]}" if len(names) > 1 else names[0]
    return f"the names count in several numbers at once, and none tells all of them apart: {ends}"


def _is_one_count(numbers: Collection[int]) -> bool:
    return len(set(numbers)) == len(numbers) == max(numbers) - min(numbers) + 1


def _missing(names: Sequence[str], numbers: Sequence[int]) -> str:
    """What the count leaves out, and the first frame that it moves."""
    gaps = [
        (before + 1, after - 1)
        for before, after in itertools.pairwise(numbers)
        if after > before + 1
    ]
    if not gaps:
        return ""
    steps = {after - before for before, after in itertools.pairwise(numbers)}
    at = next(at for at in range(1, len(numbers)) if numbers[at] > numbers[at - 1] + 1)
    moved = f"so that frame {at} is the picture {names[at]}"
    if len(steps) == 1 and len(numbers) > 2:
        return f"only every {_ordinal(steps.pop())} number is there, {moved}"
    missing = ", ".join(
        f"{first} to {last}" if last > first else f"{first}" for first, last in gaps[:N_SHOWN]
    )
    rest = f" and {len(gaps) - N_SHOWN} more gaps" if len(gaps) > N_SHOWN else ""
    n_missing = sum(last - first + 1 for first, last in gaps)
    verb = "number is" if n_missing == 1 else "numbers are"
    return f"{n_missing:,} {verb} missing ({missing}{rest}), {moved}"


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{'th' if number % 100 in (11, 12, 13) else ending}"
