"""One claim on the frames of its video: repairs, refusals, clocks and rates."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.clock import Clock
from ml.data.truth.claims import Claim, Reading
from ml.data.truth.spans import fitted, of_seconds, unfit
from ml.records import frame_labels
from tests.ml.data.truth.laying import align, interval, of, video


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


@pytest.mark.parametrize(
    ("claimed", "kept", "sentence"),
    [
        ([(90, 101)], [], "[90, 101) ends past the last frame: the video has 100 frames"),
        ([(100, 101)], [], "[100, 101) begins after the last frame: the video has 100 frames"),
        ([(50, 40)], [], "[50, 40) ends before it starts"),
        ([(50, 50)], [], "[50, 50) holds no frame"),
        ([(-1, 40)], [], "[-1, 40) starts before the first frame"),
        ([(-5, -1)], [], "[-5, -1) ends before the first frame"),
        ([(15, 30), (10, 20)], [(10, 20)], "[15, 30) overlaps [10, 20)"),
        ([(20, 100), (0, 20)], [(0, 20), (20, 100)], ""),
    ],
)
def test_what_is_refused_of_intervals(
    claimed: list[tuple[int, int]], kept: list[tuple[int, int]], sentence: str
) -> None:
    given_ = [interval(*each) for each in claimed]

    stored, sentences = unfit(given_, 100)

    assert stored == tuple(interval(*each) for each in kept)
    assert sentences == ([f"interval {sentence}"] if sentence else [])


def test_refused_intervals_leave_the_others_of_their_claim() -> None:
    claim = Claim(path="a", intervals=(interval(1, 5), interval(90, 120)))

    [row] = align(of(claim), [video("a")], policy="refuse").rows

    assert (row.intervals, row.repairs) == ((interval(1, 5),), ())
    assert row.notes[0].text.endswith(
        "ends past the last frame: the video has 100 frames; not stored"
    )


def test_times_read_off_a_player_may_end_a_second_late() -> None:
    """4 s of video: 5.0 is a second late and cut in sight, 5.1 is another video's."""
    late = Claim(path="a", seconds=((2.0, 5.0, "fall"),))
    later = Claim(path="a", seconds=((2.0, 5.1, "fall"),))

    [row] = align(of(late), [video("a", 100, fps=25.0)], policy="refuse").rows
    [refused] = align(of(later), [video("a", 100, fps=25.0)], policy="refuse").rows

    assert row.intervals == (interval(50, 100, "fall"),)
    assert [note.level for note in row.notes] == ["warning"]
    assert refused.intervals == ()
    assert [note.level for note in refused.notes] == ["error"]


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (
            Claim(path="a", intervals=(interval(1, 5),), rate=30.0, n_frames=120),
            "it counts 120 frames at 30 per second, the video has 100 at 25; not stored",
        ),
        (Claim(path="a", labels=np.ones(99, np.uint8)), "99 labels where the clip has 100 frames"),
    ],
)
def test_nothing_is_converted_or_stretched_where_repairs_are_refused(
    claim: Claim, sentence: str
) -> None:
    [row] = align(of(claim), [video("a", 100, fps=25.0)], policy="refuse").rows

    assert (row.intervals, row.repairs) == ((), ())
    assert sentence in row.notes[-1].text


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


@pytest.mark.parametrize("fps", [10.0, 19.62, 25.0, 29.97, 30.0])
@given(start=st.integers(0, 3_000), n=st.integers(1, 100), data=st.data())
def test_seconds_hold_the_frames_whose_middle_they_hold(
    fps: float, start: int, n: int, data: st.DataObject
) -> None:
    """Anywhere within half a frame of its first and its last edge, never one frame more or less."""
    within = st.floats(-0.49, 0.49)
    begins, ends = (start + data.draw(within)) / fps, (start + n + data.draw(within)) / fps

    [found] = of_seconds([(max(begins, 0.0), ends, "")], Clock.constant(4_000, fps))

    assert (found.start_frame, found.end_frame) == (start, start + n)


def test_a_second_that_begins_in_the_second_half_of_a_frame_begins_with_the_next() -> None:
    """Frame 60 is shown from 2.40 to 2.44 s, its middle is at 2.42."""
    clock = Clock.constant(250, 25.0)

    assert of_seconds([(2.41, 7.21, "")], clock) == (interval(60, 180),)
    assert of_seconds([(2.43, 7.23, "")], clock) == (interval(61, 181),)
    assert of_seconds([(2.42, 7.22, "")], clock) == (interval(60, 180),)


def test_seconds_go_by_the_stored_times() -> None:
    """Two bursts of 100 frames at 25 per second, 60 s apart."""
    times = np.array([i / 25 + (60 if i >= 100 else 0) for i in range(200)])
    known = video("a", 200, fps=2.9, times=times)
    claim = Claim(path="a", seconds=((65.0, 67.0, ""), (3.0, 66.0, ""), (10.0, 50.0, "")))

    [row] = align(of(claim), [known]).rows

    assert row.claimed == (interval(125, 175), interval(75, 150), interval(100, 100))
    assert row.intervals == (interval(75, 175),)
    assert row.repairs == ("drop_empty", "merge_overlaps")


def test_another_frame_count_is_told() -> None:
    [row] = align(of(Claim(path="a", intervals=(), n_frames=101)), [video("a")]).rows

    assert row.implied_n_frames == 101
    assert row.notes[0].text == "The file takes it for 101 frames, it has 100"


def test_an_abnormal_video_without_a_place_is_an_error() -> None:
    [row] = align(of(Claim(path="a", label="abnormal")), [video("a")]).rows

    assert row.notes[0].level == "error"


def test_frames_at_another_rate_are_converted() -> None:
    annotations = of(Claim(path="a", intervals=(interval(30, 60),)), reading=Reading(rate=30.0))

    [row] = align(annotations, [video("a", fps=25.0)]).rows
    [same] = align(annotations, [video("a", fps=30.0)]).rows

    assert (row.intervals, row.repairs) == ((interval(25, 50),), ("resample",))
    assert (same.intervals, same.repairs) == ((interval(30, 60),), ())


@pytest.mark.parametrize(
    ("rate", "fps", "repairs"),
    [
        (25.02, 25.0, ()),  # 0.08 %: how exporters round
        (30.0, 29.97, ("resample",)),  # a frame off after half a minute
        (30.0, 27.5, ("resample",)),
        (25.03, 25.0, ("resample",)),
    ],
)
def test_which_rates_are_taken_for_the_same(
    rate: float, fps: float, repairs: tuple[str, ...]
) -> None:
    annotations = of(Claim(path="a", intervals=(interval(3, 60),)), reading=Reading(rate=rate))

    [row] = align(annotations, [video("a", fps=fps)]).rows

    assert row.repairs == repairs


def test_the_rate_and_count_that_a_claim_states() -> None:
    """240 frames in 10 s, where the video has 250: 48 to 96 is 2 to 4 s."""
    claim = Claim(path="a", intervals=(interval(48, 96),), rate=24.0, n_frames=240)

    [row] = align(of(claim), [video("a", 250, fps=25.0)]).rows
    [own] = align(of(claim), [video("a", 240, fps=25.0)]).rows

    assert (row.intervals, row.repairs, row.notes) == ((interval(50, 100),), ("resample",), ())
    assert (own.intervals, own.repairs) == ((interval(48, 96),), ())  # its own frames after all


def test_a_rate_means_nothing_to_a_video_without_one() -> None:
    """Frame 1,625 at 25 per second is 65 s, which is the 125th of two bursts."""
    times = np.array([i / 25 + (60 if i >= 100 else 0) for i in range(200)])
    claim = Claim(path="a", intervals=(interval(1_625, 1_675),), rate=25.0)

    [row] = align(of(claim), [video("a", 200, fps=25.0, times=times)]).rows

    assert (row.intervals, row.repairs) == ((interval(125, 175),), ("resample",))


def test_another_length_in_seconds_is_told() -> None:
    claim = Claim(path="a", seconds=((1.0, 2.0, ""),), duration_seconds=14.0)

    [row] = align(of(claim), [video("a", 250, fps=25.0)]).rows
    [same] = align(of(replace(claim, duration_seconds=10.4)), [video("a", 250, fps=25.0)]).rows

    assert [note.level for note in row.notes] == ["warning"]
    assert "takes it for 14.0 s, it lasts 10.0 s" in row.notes[0].text
    assert same.notes == ()


def test_frames_that_stand_for_others_are_a_repair_in_sight() -> None:
    [row] = align(of(Claim(path="a", intervals=(interval(5, 10),), step=5)), [video("a")]).rows

    assert (row.intervals, row.repairs) == ((interval(5, 10),), ("step",))


@pytest.mark.parametrize(
    "claim",
    [
        Claim(path="a", intervals=(interval(60, 80),)),
        Claim(path="a", seconds=((1.0, 2.0, ""),)),
        Claim(path="a", labels=np.ones(103, np.uint8)),
    ],
)
def test_frames_with_missing_numbers_count_by_place_only_by_a_repair(claim: Claim) -> None:
    known = video("a", 97, fps=25.0, numbering_fault="the numbers 30 to 32 are missing")

    [row] = align(of(claim), [known]).rows
    [refused] = align(of(claim), [known], policy="refuse").rows

    assert "count_places" in row.repairs or claim.labels is not None
    assert refused.intervals == ()
    assert "the numbers 30 to 32 are missing; not stored" in refused.notes[0].text


def test_a_label_for_each_stored_frame_is_sure_whatever_its_number() -> None:
    known = video("a", 97, numbering_fault="the numbers 30 to 32 are missing")
    claim = Claim(path="a", labels=np.ones(97, np.uint8))

    [row] = align(of(claim), [known], policy="refuse").rows

    assert (row.intervals, row.notes) == ((interval(0, 97),), ())


def test_frames_that_no_float_can_hold_are_converted_too() -> None:
    far = Claim(path="a", intervals=(interval(0, 3), interval(30 * 10**400, 60 * 10**400)))

    [row] = align(of(far, reading=Reading(rate=30.0)), [video("a", fps=25.0)]).rows

    assert row.claimed[0] == interval(0, 2)
    assert row.claimed[1].start_frame > 10**12
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


def test_overlapping_events_of_two_kinds_take_the_label_of_the_first() -> None:
    claim = Claim(path="a", intervals=(interval(5, 20, "fire"), interval(10, 30, "fall")))

    [row] = align(of(claim), [video("a")]).rows

    assert row.intervals == (interval(5, 30, "fire"),)
