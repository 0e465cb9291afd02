"""Claims beside their videos: names, counts, repairs, and what no repair can settle."""

from __future__ import annotations

import pytest

from ml.data.truth.claims import Claim
from ml.data.truth.placing import Policy
from ml.data.truth.rows import Alignment
from ml.records import BadInput
from tests.ml.data.truth.laying import align, interval, of, video


def texts(alignment: Alignment) -> str:
    return " | ".join(each.text for each in alignment.findings)


def test_a_claim_that_fits_needs_no_repair() -> None:
    found = align(of(Claim(path="a", intervals=(interval(3, 9, "fall"),))), [video("a")])

    [row] = found.rows
    assert (row.video, row.repairs, row.notes) == ("a", (), ())
    assert row.intervals == (interval(3, 9, "fall"),)
    assert found.repairs == {}
    assert not row.is_single_class


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
