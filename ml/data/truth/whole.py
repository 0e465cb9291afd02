"""One vector laid against the videos that it runs through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ml.data.truth.claims import Annotations, Labels
from ml.data.truth.labels import intervals_in, rule_of, shorter, spread
from ml.data.truth.rows import Alignment, Row
from ml.data.truth.spans import Intervals
from ml.data.truth.tails import tails
from ml.data.truth.vectors import Layout, Ones, layout_of, ones_before
from ml.data.truth.videos import KnownVideo
from ml.findings import Finding, counted
from ml.records import Interval, natural_key

Reference = Mapping[str, Sequence[Interval]] | None
SHOWN = 6


@dataclass(frozen=True, kw_only=True)
class Order:
    """Videos in a row, and how that row came about."""

    title: str
    videos: tuple[KnownVideo, ...]

    @property
    def n_frames(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array([video.n_frames for video in self.videos], np.int64)

    def known(self, reference: Reference) -> list[Intervals] | None:
        """Of every video, or None where one is not known."""
        if reference is None or any(video.name not in reference for video in self.videos):
            return None
        return [tuple(reference[video.name]) for video in self.videos]


def align_vector(
    annotations: Annotations, videos: Sequence[KnownVideo], reference: Reference
) -> Alignment:
    """Rows in the order that fits best. A vector that fits nothing gives an error, no rows."""
    vector = annotations.vector
    assert vector is not None
    ones = ones_before(vector)
    tried = [(order, _layout(ones, order, reference)) for order in _orders(videos, reference)]
    fitting = [(order, layout) for order, layout in tried if layout is not None]
    if not fitting:
        finding = Finding(level="error", subject="", text=_why_not(vector, videos, reference))
        return Alignment(annotations=annotations, findings=(finding,))
    order, layout = min(fitting, key=lambda pair: pair[1].disagreements or 0)
    rows = tuple(
        _row(vector, video, choices)
        for video, choices in zip(order.videos, layout.choices, strict=True)
    )
    return Alignment(
        annotations=annotations,
        rule=_rule(layout, rows),
        rows=rows,
        findings=(*_findings_of(layout, rows), *_of_order(order, fitting)),
    )


def _orders(videos: Sequence[KnownVideo], reference: Reference) -> list[Order]:
    """As given; with known ground truth also by name, and abnormal videos before normal ones.

    Those that put the videos in the same row are one.
    """
    orders = [Order(title="the given order", videos=tuple(videos))]
    if reference is not None:
        by_name = sorted(videos, key=lambda video: natural_key(video.name))
        orders.append(Order(title="order by name", videos=tuple(by_name)))
        abnormal_first = sorted(by_name, key=lambda video: not reference.get(video.name))
        title = "abnormal videos first, each by name"
        orders.append(Order(title=title, videos=tuple(abnormal_first)))
    distinct = {tuple(video.name for video in order.videos): order for order in reversed(orders)}
    return list(reversed(distinct.values()))


def _layout(ones: Ones, order: Order, reference: Reference) -> Layout | None:
    return layout_of(ones, order.n_frames, order.known(reference))


def _why_not(vector: Labels, videos: Sequence[KnownVideo], reference: Reference) -> str:
    counts = np.array([video.n_frames for video in videos], np.int64)
    sums = ", ".join(f"{tail.name} {tail.n_labels(counts).sum():,}" for tail in tails())
    advice = (
        ""
        if reference
        else ". With ground truth by video stored first, it can be laid against that"
    )
    return (
        f"Its {counted(len(vector), 'label')} fit no rule for {counted(len(videos), 'video')} with "
        f"{counted(int(counts.sum()), 'frame')} ({sums}){advice}"
    )


def _row(vector: Labels, video: KnownVideo, choices: Sequence[tuple[int, int]]) -> Row:
    """Without intervals, and with an error, where the best layouts give it different labels."""
    fitted = dict.fromkeys(_fitted(vector, video, choice) for choice in choices)
    lengths = sorted({length for _offset, length in choices})
    [(intervals, repairs), *others] = fitted
    is_open = any(each[0] != intervals for each in others)
    repairs = ("same_in_all",) if others else repairs
    text = f"Its labels may be those of {len(fitted)} places in the vector"
    note = Finding(level="error", subject=video.name, text=text)
    return Row(
        video=video.name,
        claimed_name=video.name,
        n_frames=video.n_frames,
        implied_n_frames=lengths[0] if len(lengths) == 1 else None,
        rule=_rule_of(lengths, video),
        claimed=() if is_open else intervals,
        intervals=() if is_open else intervals,
        repairs=() if is_open else repairs,
        notes=(note,) if is_open else (),
    )


def _rule_of(lengths: Sequence[int], video: KnownVideo) -> str:
    if len(lengths) > 1:
        return f"{lengths[0]} to {lengths[-1]} labels"
    return rule_of(lengths[0], video.n_frames) or shorter(lengths[0], video.n_frames)


def _fitted(
    vector: Labels, video: KnownVideo, choice: tuple[int, int]
) -> tuple[Intervals, tuple[str, ...]]:
    offset, length = choice
    labels, repairs = spread(vector[offset : offset + length], video.n_frames)
    return intervals_in(labels), tuple(repairs)


def _rule(layout: Layout, rows: Sequence[Row]) -> str:
    if layout.tail:
        return f"{layout.tail.name}: {layout.tail.sentence}"
    if layout.also:
        return f"one of {', '.join(tail.name for tail in layout.also)}"
    certain = Counter(row.rule for row in rows if row.implied_n_frames is not None)
    named = [f"{rule} in {count} videos" for rule, count in certain.most_common(SHOWN)]
    n_open = len(rows) - certain.total()
    named += [f"open in {n_open}"] if n_open else []
    return f"no rule for all videos: {', '.join(named)}"


def _findings_of(layout: Layout, rows: Sequence[Row]) -> Iterator[Finding]:
    if layout.tail is None and layout.also:
        names = ", ".join(tail.name for tail in layout.also)
        text = f"{len(layout.also)} rules give its length and fit it alike: {names}"
        yield Finding(level="warning", subject="", text=text)
    elif layout.tail is None:
        n_open = sum(row.implied_n_frames is None for row in rows)
        text = (
            "No rule gives its length, so it was laid against the ground truth in force: the "
            f"number of labels is certain for {len(rows) - n_open} of {len(rows)} videos"
        )
        yield Finding(level="warning", subject="", text=text)
    if layout.disagreements is not None:
        text = f"{layout.disagreements:,} of its labels differ from the ground truth in force"
        level = Finding(level="warning" if layout.disagreements else "info", subject="", text=text)
        yield level
    for tail in layout.also if layout.tail else ():
        text = f"{tail.name} would give the same length: {tail.sentence}"
        yield Finding(level="warning", subject="", text=text)


def _of_order(chosen: Order, fitting: Sequence[tuple[Order, Layout]]) -> Iterator[Finding]:
    """Where the given order is not the best one, both are told with what speaks for them."""
    given, layout = fitting[0]
    best = next(layout for order, layout in fitting if order is chosen)
    if chosen is not given and layout.disagreements is not None:
        text = (
            f"In {given.title} {counted(layout.disagreements, 'label')} differ from the ground "
            f"truth in force, with {chosen.title} {best.disagreements or 0:,}: that is taken"
        )
        yield Finding(level="warning", subject="", text=text)
