"""Claims beside their videos: names, counts, repairs, and what no repair can settle."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.clock import Clock
from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.placing import Policy
from ml.data.truth.rows import Alignment
from ml.data.truth.spans import fitted, of_seconds, unfit
from ml.data.truth.videos import KnownVideo
from ml.records import BadInput, Interval, frame_labels
from tests.ml.data.truth.laying import align


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


def test_overlapping_events_of_two_kinds_take_the_label_of_the_first() -> None:
    claim = Claim(path="a", intervals=(interval(5, 20, "fire"), interval(10, 30, "fall")))

    [row] = align(of(claim), [video("a")]).rows

    assert row.intervals == (interval(5, 30, "fire"),)


def test_a_source_that_training_and_validation_share_is_no_leak_into_test() -> None:
    videos = [
        video("a", part="validation", source="film"),
        video("b", part="train", source="film"),
        video("c"),
    ]

    found = align(of(Claim(path="c", intervals=())), videos)

    assert "share" not in texts(found)


@pytest.mark.parametrize("policy", ["repair", "refuse"])
def test_an_order_is_told_in_words_where_a_file_goes_by_it(policy: Policy) -> None:
    claims = [Claim(position=0, intervals=()), Claim(position=1, intervals=(interval(1, 2),))]

    found = align(of(*claims), [video("z/01"), video("a/02")], policy=policy)

    assert [row.video for row in found.rows] == ["z/01", "a/02"]
    assert "it is taken to go through z/01, a/02 (2 clips)" in texts(found)


def test_names_go_before_places() -> None:
    """A file of the published clips, of which one is not here: nobody gets its neighbour's."""
    claims = [Claim(path=f"Test{n:03}", position=n - 1, intervals=()) for n in (1, 2, 3)]

    found = align(of(*claims), [video("x/01"), video("x/03")])

    assert [row.video for row in found.rows] == ["x/01", "x/03", ""]


def test_a_stranger_that_may_be_several_is_told() -> None:
    found = align(of(Claim(path="01", intervals=())), [video("a/01"), video("b/01")])

    assert [note.text for note in found.rows[0].notes] == [
        "01: it may be any of a/01, b/01: name the folder, too"
    ]


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
