"""One vector through all videos: every habit of cutting, and what is left open."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.data.truth.claims import Annotations, Labels
from ml.data.truth.tails import Tail
from ml.data.truth.vectors import by_labels, ones_before
from ml.data.truth.videos import KnownVideo
from ml.records import Interval, frame_labels, intervals_of
from tests.ml.data.truth.laying import align


def known_videos(counts: Sequence[int]) -> list[KnownVideo]:
    return [
        KnownVideo(name=f"v{n:02}", n_frames=count, part="test") for n, count in enumerate(counts)
    ]


def labels_of(counts: Sequence[int], seed: int = 0) -> list[Labels]:
    """One event in every other video, away from its end."""
    generator = np.random.default_rng(seed)
    found = []
    for number, count in enumerate(counts):
        labels = np.zeros(count, np.uint8)
        if number % 2 == 0:
            start = int(generator.integers(0, count // 2))
            labels[start : start + max(1, count // 4)] = 1
        found.append(labels)
    return found


def cut(labels: Labels, n_labels: int) -> Labels:
    """As code makes it: cut off, or the last label repeated."""
    return np.concatenate([labels, np.repeat(labels[-1:], max(0, n_labels - len(labels)))])[
        :n_labels
    ]


@given(
    st.lists(st.integers(40, 400), min_size=2, max_size=12),
    st.sampled_from(["floor", "ceil", "drop_last", "exact"]),
)
@settings(max_examples=60)
def test_a_habit_of_all_videos_is_found(counts: list[int], kind: str) -> None:
    labels = labels_of(counts)
    lengths = Tail(kind, 16).n_labels(np.array(counts))
    vector = np.concatenate([cut(one, int(n)) for one, n in zip(labels, lengths, strict=True)])
    reference = {f"v{n:02}": intervals_of(one) for n, one in enumerate(labels)}

    found = align(Annotations(vector=vector), known_videos(counts), reference=reference)

    assert not any(each.level == "error" for each in found.findings)
    for row, one in zip(found.rows, labels, strict=True):
        covered = min(row.implied_n_frames or 0, row.n_frames)
        stored = frame_labels(row.intervals, row.n_frames)
        assert np.array_equal(stored[:covered], one[:covered])


def test_without_known_ground_truth_the_sum_decides() -> None:
    counts = [100, 90, 77]
    vector = np.zeros(96 + 80 + 64, np.uint8)
    vector[96:100] = 1

    found = align(Annotations(vector=vector), known_videos(counts))

    assert found.rule.startswith("floor16: ")
    assert [row.implied_n_frames for row in found.rows] == [96, 80, 64]
    assert found.rows[1].intervals == (Interval(start_frame=0, end_frame=4),)
    assert found.repairs["repeat_last"]["n_videos"] == 3


def test_a_length_that_fits_nothing_is_refused_with_what_would() -> None:
    found = align(Annotations(vector=np.zeros(251, np.uint8)), known_videos([100, 90, 77]))

    assert found.rows == ()
    [finding] = found.findings
    assert finding.level == "error"
    assert "251 labels fit no rule for 3 videos with 267 frames" in finding.text
    assert "floor16 240" in finding.text
    assert "ground truth by video stored first" in finding.text


def test_other_segment_lengths_are_tried() -> None:
    counts = [100, 90, 77]
    vector = np.zeros(100 // 7 * 7 + 90 // 7 * 7 + 77 // 7 * 7, np.uint8)

    found = align(Annotations(vector=vector), known_videos(counts))

    assert found.rows
    assert sum(row.implied_n_frames or 0 for row in found.rows) == len(vector)


def test_a_better_order_is_taken_and_told() -> None:
    """The vector has abnormal videos first, the list does not."""
    counts = [160, 96, 200, 64]
    labels = labels_of(counts)
    in_vector = [0, 2, 1, 3]
    vector = np.concatenate([cut(labels[n], counts[n] // 16 * 16) for n in in_vector])
    reference = {f"v{n:02}": intervals_of(one) for n, one in enumerate(labels)}

    found = align(Annotations(vector=vector), known_videos(counts), reference=reference)

    assert [row.video for row in found.rows] == ["v00", "v02", "v01", "v03"]
    assert any("abnormal videos first" in each.text for each in found.findings)


def brute_force(
    vector: Labels, counts: Sequence[int], labels: Sequence[Labels]
) -> tuple[int, list[set[tuple[int, int]]]]:
    """All ways to give each video its whole segments or up to two fewer or one more."""
    best: list[tuple[int, list[tuple[int, int]]]] = []

    def go(i: int, offset: int, cost: int, taken: list[tuple[int, int]]) -> None:
        if i == len(counts):
            if offset == len(vector):
                best.append((cost, taken))
            return
        for step in (-2, -1, 0, 1):
            n = counts[i] // 16 + step
            if not min(1, counts[i] // 16) <= n <= -(-counts[i] // 16) or offset + n * 16 > len(
                vector
            ):
                continue
            end = min(n * 16, counts[i])
            wrong = int((vector[offset : offset + end] != labels[i][:end]).sum())
            go(i + 1, offset + n * 16, cost + wrong, [*taken, (offset, n * 16)])

    go(0, 0, 0, [])
    least = min(cost for cost, _taken in best)
    winners = [taken for cost, taken in best if cost == least]
    return least, [{taken[i] for taken in winners} for i in range(len(counts))]


@given(
    st.lists(st.tuples(st.integers(20, 120), st.sampled_from([-1, 0, 1])), min_size=2, max_size=5),
    st.integers(0, 10**6),
)
@settings(max_examples=60)
def test_all_best_layouts_are_found(videos: list[tuple[int, int]], seed: int) -> None:
    counts = [count for count, _step in videos]
    labels = labels_of(counts, seed)
    lengths = [min(max(count // 16 + step, 1), -(-count // 16)) * 16 for count, step in videos]
    vector = np.concatenate([cut(one, n) for one, n in zip(labels, lengths, strict=True)])
    known = [intervals_of(one) for one in labels]

    found = by_labels(ones_before(vector), np.array(counts), known)

    least, choices = brute_force(vector, counts, labels)
    assert found is not None
    assert found.disagreements == least
    assert [set(each) for each in found.choices] == choices


def test_what_two_best_layouts_leave_open_is_no_ground_truth() -> None:
    """The one event lies in either video's part of the vector, with as many labels wrong."""
    vector = np.zeros(64, np.uint8)
    vector[31:39] = 1
    reference = {
        "v00": (Interval(start_frame=21, end_frame=29),),
        "v01": (Interval(start_frame=23, end_frame=31),),
    }

    found = align(Annotations(vector=vector), known_videos([50, 52]), reference=reference)

    assert [row.rule for row in found.rows] == ["16 to 48 labels", "16 to 48 labels"]
    for row in found.rows:
        assert row.intervals == ()
        assert row.notes[0].level == "error"
        assert row.notes[0].text == "Its labels may be those of 2 places in the vector"


@pytest.mark.parametrize("counts", [[16, 32, 48], [160, 320]])
def test_whole_segments_leave_no_doubt(counts: list[int]) -> None:
    found = align(Annotations(vector=np.zeros(sum(counts), np.uint8)), known_videos(counts))

    assert found.rule == "exact: one label per frame"
    assert found.repairs == {}


def test_rules_that_fit_alike_settle_only_what_they_agree_on() -> None:
    """28 and 30 labels, or 29 and 29."""
    counts = [30, 31]
    vector = np.zeros(58, np.uint8)

    normal = align(Annotations(vector=vector), known_videos(counts))
    vector[28] = 1
    doubtful = align(Annotations(vector=vector), known_videos(counts))

    assert normal.rule == "one of drop_last2, floor29"
    told = "2 rules give its length and fit it alike: drop_last2, floor29"
    assert told in [each.text for each in normal.findings]
    assert [row.intervals for row in normal.rows] == [(), ()]
    assert not any(note.level == "error" for row in normal.rows for note in row.notes)
    for row in doubtful.rows:
        assert (row.intervals, row.repairs) == ((), ())
        assert row.notes[0].level == "error"


def test_known_ground_truth_decides_between_rules() -> None:
    vector = np.zeros(58, np.uint8)
    vector[28] = 1
    known = {"v00": (), "v01": (Interval(start_frame=0, end_frame=1),)}

    found = align(Annotations(vector=vector), known_videos([30, 31]), reference=known)

    assert found.rule.startswith("drop_last2: ")
    assert [row.implied_n_frames for row in found.rows] == [28, 30]
    assert any("floor29 would give the same length" in each.text for each in found.findings)


def test_what_makes_no_difference_is_said_so() -> None:
    """Where a normal video ends between others is open; that it is normal is not."""
    counts = [40, 40, 40]
    found = align(
        Annotations(vector=np.zeros(96 + 16, np.uint8)),
        known_videos(counts),
        reference={video.name: () for video in known_videos(counts)},
    )

    assert {row.repairs for row in found.rows} == {("same_in_all",)}
    assert found.repairs["same_in_all"]["n_videos"] == 3
    assert [row.implied_n_frames for row in found.rows] == [None, None, None]


@pytest.mark.parametrize(
    ("kind", "counts", "n_labels"),
    [
        ("floor", [0, 15, 16, 17, 33], [0, 0, 16, 16, 32]),
        ("ceil", [0, 15, 16, 17, 33], [0, 16, 16, 32, 48]),
        ("drop_last", [0, 1, 16, 17, 33], [0, 0, 0, 16, 32]),  # of no frame, none is dropped
        ("exact", [0, 1, 17], [0, 1, 17]),
    ],
)
def test_what_each_habit_makes_of_frames(kind: str, counts: list[int], n_labels: list[int]) -> None:
    assert Tail(kind, 16).n_labels(np.array(counts)).tolist() == n_labels


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_lengths_of_each_video_s_own_are_those_with_the_fewest_disagreements(
    data: st.DataObject,
) -> None:
    """Against every way to cut, tried one by one."""
    counts = np.array(data.draw(st.lists(st.integers(16, 70), min_size=1, max_size=4)))
    known = [
        intervals_of(np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n))))
        for n in counts.tolist()
    ]
    lengths = [
        [16 * (n // 16 + more) for more in (-2, -1, 0, 1) if 1 <= n // 16 + more <= -(-n // 16)]
        for n in counts.tolist()
    ]
    chosen = [data.draw(st.sampled_from(each)) for each in lengths]
    vector = np.array(
        data.draw(st.lists(st.booleans(), min_size=sum(chosen), max_size=sum(chosen))), np.uint8
    )

    found = by_labels(ones_before(vector), counts, known)

    ways = [way for way in product(*lengths) if sum(way) == len(vector)]
    costs = {way: _differing(vector, way, counts.tolist(), known) for way in ways}
    best = [way for way, cost in costs.items() if cost == min(costs.values())]
    assert found is not None
    assert found.disagreements == min(costs.values())
    for i, choices in enumerate(found.choices):
        assert set(choices) == {(sum(way[:i]), way[i]) for way in best}


def _differing(
    vector: Labels, lengths: Sequence[int], counts: Sequence[int], known: Sequence[Any]
) -> int:
    total = at = 0
    for length, n_frames, intervals in zip(lengths, counts, known, strict=True):
        n = min(length, n_frames)
        total += int((vector[at : at + n] != frame_labels(intervals, n_frames)[:n]).sum())
        at += length
    return total
