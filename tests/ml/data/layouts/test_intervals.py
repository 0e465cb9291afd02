import pytest

from ml.data.layouts._intervals import check_intervals, written
from ml.records import Interval


def spans(*pairs: tuple[int, int]) -> tuple[Interval, ...]:
    return tuple(Interval(start_frame=start, end_frame=end) for start, end in pairs)


@pytest.mark.parametrize(
    ("given", "kept", "sentence"),
    [
        (((90, 101),), (), "[90, 101) ends past the last frame: the video has 100 frames"),
        (((50, 40),), (), "[50, 40) ends before it starts"),
        (((50, 50),), (), "[50, 50) ends before it starts"),
        (((-1, 40),), (), "[-1, 40) starts before the first frame"),
        (((10, 20), (15, 30)), ((10, 20),), "[15, 30) overlaps [10, 20)"),
    ],
)
def test_check_intervals_leaves_out_what_cannot_be_right(
    given: tuple[tuple[int, int], ...], kept: tuple[tuple[int, int], ...], sentence: str
) -> None:
    valid, findings = check_intervals(
        {"a": spans(*given)}, source="gt.csv", names={"a"}, n_frames={"a": 100}
    )

    assert valid == ({"a": spans(*kept)} if kept else {})
    (finding,) = findings
    assert (finding.level, finding.subject) == ("error", "a")
    assert finding.text == f"interval {sentence}; not stored (gt.csv)"


def test_check_intervals_keeps_good_ones_sorted() -> None:
    given = {"a": spans((20, 100), (0, 20))}

    valid, findings = check_intervals(given, source="gt", names={"a"}, n_frames={"a": 100})

    assert valid == {"a": spans((0, 20), (20, 100))}
    assert findings == []


def test_check_intervals_video_that_does_not_exist() -> None:
    _, findings = check_intervals(
        {"ghost": spans((0, 5))}, source="gt.csv", names={"a"}, n_frames={"a": 100}
    )

    assert [(finding.subject, finding.text) for finding in findings] == [
        ("ghost", "gt.csv annotates it, but there is no such video")
    ]


def test_check_intervals_says_nothing_about_a_rejected_video() -> None:
    given = {"a": spans((0, 500))}

    assert check_intervals(given, source="gt", names={"a"}, n_frames={}) == ({}, [])


def test_written_of_no_interval() -> None:
    assert written(()) == "normal throughout"
