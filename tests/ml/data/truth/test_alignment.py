"""Claims beside their videos: names, counts, repairs, and what no repair can settle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data.truth.alignment import Alignment, KnownVideo, align
from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.spans import fitted, of_seconds
from ml.records import BadInput, Interval, frame_labels


def interval(start: int, end: int, label: str = "") -> Interval:
    return Interval(start_frame=start, end_frame=end, label=label)


def video(name: str, n_frames: int = 100, **facts: Any) -> KnownVideo:
    return KnownVideo(name=name, n_frames=n_frames, **{"part": "test"} | facts)


def of(*claims: Claim, **facts: Any) -> Annotations:
    return Annotations(claims=claims, **facts)


def texts(alignment: Alignment) -> str:
    return " | ".join(each.text for each in alignment.findings)


def test_a_claim_that_fits_needs_no_repair() -> None:
    found = align(of(Claim(path="a", intervals=(interval(3, 9, "fall"),))), [video("a")])

    [row] = found.rows
    assert (row.video, row.repairs, row.notes) == ("a", (), ())
    assert row.intervals == (interval(3, 9, "fall"),)
    assert found.repairs == {}
    assert not row.is_single_class


@pytest.mark.parametrize(
    ("claimed", "stored", "repairs"),
    [
        ([(90, 120)], [(90, 100)], ["clip_to_end"]),
        ([(100, 120)], [], ["drop_past_end"]),
        ([(-1, 5)], [(0, 5)], ["start_at_first"]),
        ([(-1, 120)], [(0, 100)], ["start_at_first", "clip_to_end"]),
        ([(-5, 0)], [], ["drop_before_first"]),
        ([(7, 7)], [], ["drop_empty"]),
        ([(9, 3)], [], ["drop_empty"]),
        ([(0, 10), (5, 20)], [(0, 20)], ["merge_overlaps"]),
        ([(0, 10), (10, 20)], [(0, 10), (10, 20)], []),
        ([(50, 60), (10, 20)], [(10, 20), (50, 60)], []),
        ([(0, 50), (10, 20)], [(0, 50)], ["merge_overlaps"]),
    ],
)
def test_repairs_of_intervals(
    claimed: list[tuple[int, int]], stored: list[tuple[int, int]], repairs: list[str]
) -> None:
    claim = Claim(path="a", intervals=tuple(interval(*each) for each in claimed))

    [row] = align(of(claim), [video("a")]).rows

    assert [(each.start_frame, each.end_frame) for each in row.intervals] == stored
    assert list(row.repairs) == repairs


spans = st.lists(st.tuples(st.integers(-20, 150), st.integers(-20, 150)), max_size=6)


@given(spans, st.integers(1, 120))
def test_repaired_intervals_lie_inside_and_cover_the_same_frames(
    claimed: list[tuple[int, int]], n_frames: int
) -> None:
    given_ = [interval(*each) for each in claimed]

    stored, repairs = fitted(given_, n_frames)

    ends = [0, *(each for one in stored for each in (one.start_frame, one.end_frame)), n_frames]
    assert ends == sorted(ends)
    assert all(each.start_frame < each.end_frame for each in stored)
    expected = np.zeros(n_frames, np.uint8)
    for start, end in claimed:
        expected[max(start, 0) : max(end, 0)] = 1
    assert np.array_equal(frame_labels(stored, n_frames), expected)
    if not repairs:
        assert sorted(given_, key=lambda each: each.start_frame) == list(stored)


def test_a_name_that_two_videos_end_with_is_not_guessed() -> None:
    found = align(of(Claim(path="clip", intervals=())), [video("a/clip"), video("b/clip")])

    [row] = found.rows
    assert (row.video, row.repairs) == ("", ("leave_out",))


def test_strangers_are_left_out_only_by_a_repair() -> None:
    found = align(
        of(Claim(path="a", intervals=()), Claim(path="gone", intervals=(interval(0, 9),))),
        [video("a")],
    )

    assert found.rows[1].claimed_name == "gone"
    assert found.repairs["leave_out"]["n_videos"] == 1


def test_test_videos_without_a_claim_are_missing() -> None:
    videos = [video("a"), video("b"), video("c", part="train")]

    found = align(of(Claim(path="a", intervals=())), videos)

    assert found.missing == ("b",)
    assert found.repairs["assume_normal"]["n_videos"] == 1
    assert "It does not name 1 test video: b" in texts(found)


def test_clips_without_names_go_by_position() -> None:
    claims = [Claim(position=0, intervals=(interval(1, 2),)), Claim(position=1, intervals=())]

    found = align(of(*claims), [video("b"), video("a")], order=["a", "b"])

    assert [row.video for row in found.rows] == ["a", "b"]
    assert not any(each.level == "error" for each in found.findings)


def test_another_number_of_clips_is_an_error() -> None:
    found = align(of(Claim(position=0, intervals=())), [video("a"), video("b")])

    assert found.findings[0].level == "error"
    assert "It has 1 clip without names, but 2 videos are expected" in found.findings[0].text


def test_a_video_that_is_named_twice() -> None:
    same = Claim(path="a", intervals=(interval(1, 2),))
    other = Claim(path="a", intervals=(interval(1, 3),))

    [odd] = align(of(same, same), [video("a")]).rows
    [wrong] = align(of(same, other), [video("a")]).rows

    assert [note.level for note in odd.notes] == ["warning"]
    assert [note.level for note in wrong.notes] == ["error"]


def test_a_conflict_leaves_nothing_to_accept() -> None:
    """Also where the first of the two would take a repair."""
    first = Claim(path="a", intervals=(interval(1, 120),))
    other = Claim(path="a", intervals=(interval(1, 3),))

    found = align(of(first, other, first), [video("a")])

    [row] = found.rows
    assert (row.intervals, row.repairs) == ((), ())
    assert row.claimed == (interval(1, 120),)
    assert [note.level for note in row.notes] == ["error", "warning"]
    assert found.repairs == {}


def test_a_claim_without_name_or_place_is_nobodys() -> None:
    found = align(of(Claim(intervals=(interval(1, 5),))), [video("a")])

    assert [(row.video, row.claimed_name) for row in found.rows] == [("", "a video without a name")]


def test_an_order_with_a_stranger_is_refused() -> None:
    with pytest.raises(BadInput, match="The order of the videos names x, not in the dataset"):
        align(of(Claim(position=0, intervals=())), [video("a")], order=["x", "a"])


@pytest.mark.parametrize(
    "claim",
    [
        Claim(path="a", intervals=(interval(1, 5),)),
        Claim(path="a", seconds=((0.0, 1.0, ""),)),
        Claim(path="a", labels=np.ones(40, np.uint8)),
    ],
)
def test_a_video_that_was_not_counted_takes_nothing(claim: Claim) -> None:
    [row] = align(of(claim), [video("a", 0, fps=25.0)]).rows

    assert [note.text for note in row.notes] == ["How many frames it has is not known"]
    assert (row.intervals, row.repairs) == ((), ())


@pytest.mark.parametrize(
    ("claim", "rate"),
    [
        (Claim(path="a", seconds=((0.0, 1.0, ""),)), None),
        (Claim(path="a", intervals=(interval(1, 5),)), 30.0),
    ],
)
def test_times_without_a_frame_rate_are_an_error(claim: Claim, rate: float | None) -> None:
    [row] = align(of(claim, reading=Reading(rate=rate)), [video("a")]).rows

    assert [note.level for note in row.notes] == ["error"]
    assert row.notes[0].text.startswith("Its frame rate is not known")
    assert (row.intervals, row.repairs) == ((), ())


@given(st.floats(0, 100), st.floats(0, 100), st.sampled_from([10.0, 19.62, 25.0, 29.97, 30.0]))
def test_seconds_cover_the_frames_whose_middle_they_hold(a: float, b: float, fps: float) -> None:
    start, end = sorted([a, b])

    [found] = of_seconds([(start, end, "")], fps)

    middles = (np.arange(3_100) + 0.5) / fps
    inside = np.flatnonzero((middles >= start) & (middles < end))
    n_frames = found.end_frame - found.start_frame
    assert abs(n_frames - len(inside)) <= 1  # an end may lie on a middle, to the last bit
    if len(inside) == n_frames > 0:
        assert abs(found.start_frame - inside[0]) <= 1


def test_another_frame_count_is_told() -> None:
    [row] = align(of(Claim(path="a", intervals=(), n_frames=101)), [video("a")]).rows

    assert row.implied_n_frames == 101
    assert row.notes[0].text == "The file takes it for 101 frames"


def test_an_abnormal_video_without_a_place_is_an_error() -> None:
    [row] = align(of(Claim(path="a", label="abnormal")), [video("a")]).rows

    assert row.notes[0].level == "error"


def test_frames_at_another_rate_are_converted() -> None:
    annotations = of(Claim(path="a", intervals=(interval(30, 60),)), reading=Reading(rate=30.0))

    [row] = align(annotations, [video("a", fps=25.0)]).rows
    [same] = align(annotations, [video("a", fps=30.0)]).rows

    assert (row.intervals, row.repairs) == ((interval(25, 50),), ("resample",))
    assert (same.intervals, same.repairs) == ((interval(30, 60),), ())


def test_frames_that_no_float_can_hold_are_converted_too() -> None:
    far = Claim(path="a", intervals=(interval(0, 3), interval(30 * 10**400, 60 * 10**400)))

    [row] = align(of(far, reading=Reading(rate=30.0)), [video("a", fps=25.0)]).rows

    assert row.claimed[1] == interval(25 * 10**400, 50 * 10**400)
    assert row.repairs == ("resample", "drop_past_end")


def test_seconds_are_frames_of_the_video() -> None:
    claim = Claim(path="a", seconds=((1.0, 2.0, "fall"),))

    [row] = align(of(claim), [video("a", fps=19.62)]).rows

    assert row.intervals == (interval(20, 39, "fall"),)


@pytest.mark.parametrize(
    ("n_labels", "n_frames", "rule", "repairs"),
    [
        (100, 100, "exact", ()),
        (96, 100, "floor16", ("repeat_last",)),
        (112, 100, "ceil16", ("cut_surplus",)),
        (80, 96, "drop_last16", ("repeat_last",)),
        (101, 100, "", ("cut_surplus",)),
    ],
)
def test_arrays_of_labels(
    n_labels: int, n_frames: int, rule: str, repairs: tuple[str, ...]
) -> None:
    labels = np.zeros(n_labels, np.uint8)
    labels[60:] = 1

    [row] = align(of(Claim(path="a", labels=labels)), [video("a", n_frames)]).rows

    assert (row.rule, row.repairs) == (rule, repairs)
    assert row.intervals == (interval(60, n_frames),)


def test_an_array_of_quite_another_length_is_an_error() -> None:
    [row] = align(of(Claim(path="a", labels=np.zeros(60, np.uint8))), [video("a")]).rows

    assert row.notes[0].text == "60 labels cannot belong to a video of 100 frames"
    assert row.intervals == ()


def test_differences_to_what_is_known_are_named() -> None:
    claims = [Claim(path="a", intervals=(interval(5, 9),)), Claim(path="b", intervals=())]

    found = align(of(*claims), [video("a"), video("b")], reference={"a": [interval(1, 9)], "b": []})

    assert found.rows[0].notes[0].text == "The ground truth in force says [1, 9)"
    assert not found.rows[1].notes
    assert "Another ground truth is in force for 1 video: a" in texts(found)


def test_known_intervals_that_touch_are_no_difference() -> None:
    known = {"a": [interval(1, 5, "x"), interval(5, 9, "y")]}

    found = align(of(Claim(path="a", intervals=(interval(1, 9),))), [video("a")], reference=known)

    assert not found.rows[0].notes
    assert "It agrees with the ground truth in force" in texts(found)


def test_twins_and_torn_sources_are_told() -> None:
    videos = [
        video("a", sha256="1", source="film"),
        video("b", sha256="1", source="film", part="train"),
    ]

    found = align(of(Claim(path="a", intervals=())), videos)

    assert "2 videos have the same content: a, b" in texts(found)
    assert "Training and test share 1 source: film" in texts(found)


def test_single_class_videos_are_counted() -> None:
    claims = [Claim(path="a", intervals=(interval(0, 100),)), Claim(path="b", intervals=())]

    found = align(of(*claims), [video("a"), video("b")])

    assert "1 with an anomaly, 0 with several; 2 with frames of one kind only" in texts(found)
