"""From the scores of a file to scores of frames, by the rule that the sender states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.findings import counted
from ml.records import BadInput, Scores, narrowest
from ml.scores.files._base import Series, Values
from ml.scores.files._layout import Layout
from ml.scores.files._places import Item, base_of, check_units, in_place, numbered_alike

USUAL_WIDTHS = (16, 8, 32, 64, 4, 2)
FROM_ONE = "Frames are counted from 1 in this file: number 1 is the first frame."
SEGMENTS_FROM_ONE = "Segments are counted from 1 in this file: number 1 is the first one."


def item_of(name: str, series: Series, layout: Layout, n_frames: int) -> Item:
    """The scores for a video of `n_frames`. Raise BadInput where file and sender disagree."""
    try:
        layout.check()
        joined = layout.joined(series.stated)
        if series.n_frames not in (None, n_frames):
            raise BadInput(
                f"the file has scores of {series.n_frames} frames, and the video has {n_frames}"
            )
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from error
    return Item(name=name, series=series, layout=joined, n_frames=n_frames)


def spread(items: Sequence[Item]) -> tuple[list[Scores], list[str]]:
    """The scores of each video of one file, and what is to be told of it.

    Raise BadInput, with the video, where they do not fit it exactly.
    """
    check_units(items)
    items = numbered_alike(items)
    base = base_of(items, next((item.layout.base for item in items), None))
    found = [_spread_one(item, base) for item in items]
    counts_from_one = base == 1 and any(item.is_numbered for item in items)
    is_frame = all(item.layout.unit == "frame" or _starts(item) for item in items)
    note = FROM_ONE if is_frame else SEGMENTS_FROM_ONE
    return found, [note] if counts_from_one else []


def one_after_another(
    series: Series, layout: Layout, n_frames: int
) -> tuple[Values, Sequence[str]]:
    """(n_frames,) scores that go through several videos; NaN where one is left out.

    Raise BadInput unless there is one for each frame.
    """
    item = item_of("the file", series, layout, n_frames)
    check_units([item])
    base = base_of([item], layout.base)
    values = in_place(item, base)
    if len(values) != n_frames:
        raise BadInput(
            f"{counted(len(values), 'score')} where {n_frames:,} are expected, one for each frame. "
            "Nothing is cut off or filled up"
        )
    return values, [FROM_ONE] if base else []


def _starts(item: Item) -> bool:
    return item.series.counts == "start"


def _spread_one(item: Item, base: int) -> Scores:
    try:
        placed = in_place(item, base)
        scores = _SPREAD[item.layout.unit](placed, item)
        if item.layout.missing:
            scores = _without_ends(scores)
        else:
            _check_none_missing(scores, item, was_left_out=len(placed) > len(item.series.values))
        scores.check(item.n_frames)
    except BadInput as error:
        raise BadInput(f"{item.name}: {error}") from error
    return replace(scores, values=narrowest(scores.values.astype(np.float64)))


def _per_frame(values: Values, item: Item) -> Scores:
    if len(values) != item.n_expected:
        raise BadInput(
            f"{counted(len(values), 'score')} where {item.n_expected:,} are expected"
            f"{_hint(len(values), item)}"
        )
    return _scores(values, item.layout.first_frame, 1)


def _hint(n_values: int, item: Item) -> str:
    """Which other layout would fit, where one does."""
    layout, n_frames = item.layout, item.n_frames
    given = f", one for each of {counted(item.n_expected, 'frame')}"
    if not 0 < n_values < item.n_expected:
        return f"{given}. Nothing is cut off or filled up"
    missing = item.n_expected - n_values
    first, last = layout.first_frame + missing, layout.missing_at_end + missing
    width = _width_that_fits(n_values, n_frames)
    segments = f"unit=segment and frames_per_value={width}" if width else "how many"
    return (
        f"{given}. If the last {counted(last, 'frame')} have no score, say missing_at_end={last}; "
        f"if the first {first}, first_frame={first}; if both ends have none, say both; if a score "
        f"stands for several frames, say {segments}"
    )


def _width_that_fits(n_values: int, n_frames: int) -> int:
    """Of segments; 0 where none does."""
    widths = (*USUAL_WIDTHS, -(-n_frames // n_values), n_frames // n_values)
    fitting = (w for w in widths if n_values in (-(-n_frames // w), n_frames // w))
    return next(fitting, 0)


def _per_segment(values: Values, item: Item) -> Scores:
    layout, whole, all_segments = item.layout, item.n_whole, item.n_expected
    width = layout.frames_per_value
    room = max(0, item.n_frames - layout.first_frame - layout.missing_at_end)
    if len(values) == all_segments:
        return _segments(values, item, room)
    if len(values) != whole:
        rest = room - whole * width
        or_less = f", or {whole:,} when the last {rest} have none of their own" if rest else ""
        raise BadInput(
            f"{counted(len(values), 'score')} where {all_segments:,} are expected, one for each "
            f"{width} of {counted(room, 'frame')}{or_less}"
        )
    if not layout.tail:
        raise BadInput(
            f"the last {room - whole * width} frames have no score of their own: say tail=last "
            "for that of the segment before, or tail=none for none"
        )
    if layout.tail == "none":
        return _scores(values, layout.first_frame, width)
    return _segments(np.append(values, values[-1:]), item, room)


def _segments(values: Values, item: Item, room: int) -> Scores:
    """Frame by frame where a shorter last segment would reach into frames without a score."""
    first, width = item.layout.first_frame, item.layout.frames_per_value
    if item.layout.missing_at_end and room % width:
        return _scores(np.repeat(values, min(width, room))[:room], first, 1)
    return _scores(values, first, width)


def _per_equal_part(values: Values, item: Item) -> Scores:
    n_frames = item.n_frames
    if not 0 < len(values) <= n_frames:
        raise BadInput(f"a video of {n_frames} frames cannot be cut into {len(values)} parts")
    return _scores(values[np.arange(n_frames) * len(values) // n_frames], 0, 1)


def _per_clip(values: Values, item: Item) -> Scores:
    if len(values) != 1:
        raise BadInput(f"{counted(len(values), 'score')} where one for the whole video is expected")
    return _scores(values, 0, item.n_frames)


def _scores(values: Values, first_frame: int, frames_per_value: int) -> Scores:
    has_gaps = bool(np.isnan(values).any())
    return Scores(
        values=values,
        first_frame=first_frame,
        frames_per_value=frames_per_value,
        has_gaps=has_gaps,
    )


def _without_ends(scores: Scores) -> Scores:
    """Frames without a score at either end lie outside, so that one thing is written one way."""
    known = np.flatnonzero(~np.isnan(scores.values))
    if not len(known):
        return replace(scores, values=scores.values[:0], has_gaps=False)
    first, last = int(known[0]), int(known[-1])
    return replace(
        scores,
        values=np.where(np.isnan(scores.values), np.nan, scores.values)[first : last + 1],
        first_frame=scores.first_frame + first * scores.frames_per_value,
        has_gaps=last + 1 - first > len(known),
    )


def _check_none_missing(scores: Scores, item: Item, *, was_left_out: bool) -> None:
    is_missing = np.isnan(scores.values)
    if not is_missing.any():
        return
    n_missing, frame = int(is_missing.sum()), scores.first_frame
    first = frame + int(np.argmax(is_missing)) * scores.frames_per_value
    if not was_left_out:
        raise BadInput(
            f"{n_missing:,} of {counted(len(is_missing), 'score')} "
            f"{'is' if n_missing == 1 else 'are'} empty or NaN, the first at frame {first}: where "
            "frames without a score are meant, say missing=allowed"
        )
    raise BadInput(f"{_frames_without(is_missing, scores)}: {_what_to_say(is_missing, item)}")


def _frames_without(is_missing: NDArray[np.bool_], scores: Scores) -> str:
    at = np.flatnonzero(is_missing) * scores.frames_per_value + scores.first_frame
    if len(at) == 1 and scores.frames_per_value == 1:
        return f"frame {at[0]} has no score"
    last = int(at[-1]) + scores.frames_per_value - 1
    if len(at) * scores.frames_per_value == last + 1 - at[0]:
        return f"frames {at[0]} to {last} have no score"
    return f"{len(at):,} scores are left out, between the frames {at[0]} and {last}"


def _what_to_say(is_missing: NDArray[np.bool_], item: Item) -> str:
    """Options that tell of just these frames; those of one end where they lie at the ends."""
    known, layout = np.flatnonzero(~is_missing), item.layout
    if not len(known):
        return "where that is meant, say missing=allowed"
    before, after = int(known[0]), len(is_missing) - 1 - int(known[-1])
    if before + after < is_missing.sum() or layout.unit not in ("frame", "segment"):
        return "where that is meant, say missing=allowed"
    width = layout.frames_per_value
    options = []
    if before:
        options.append(f"first_frame={layout.first_frame + before * width}")
    if after:
        end = layout.first_frame + (int(known[-1]) + 1) * width
        options.append(f"missing_at_end={item.n_frames - end}")
    return f"where that is meant, say {' and '.join(options)}"


_SPREAD = {
    "frame": _per_frame,
    "segment": _per_segment,
    "equal_segments": _per_equal_part,
    "clip": _per_clip,
}
