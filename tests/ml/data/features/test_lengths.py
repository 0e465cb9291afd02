"""How many rows a video may have, and which rule says so."""

from __future__ import annotations

import pytest

from ml.data.features.lengths import Explained, Taking, explain
from ml.data.features.proposals import Observed, propose
from ml.records import BadInput

USUAL = ("whole", "padded")
REAL = (355, 19.62)  # frames and rate of the video that many extractors were run on


def rule_of(n_rows: int, n_frames: int, taking: Taking, fps: float = 0.0) -> Explained:
    return explain(n_rows, n_frames, fps, taking, USUAL, "a.npy")


@pytest.mark.parametrize(("n_rows", "rule"), [(29, ""), (30, "whole"), (31, "padded"), (32, "")])
def test_rows_are_explained_by_frames(n_rows: int, rule: str) -> None:
    """481 frames are 30 whole rows of 16, and one frame."""
    taking = Taking(step=16)
    if rule:
        assert rule_of(n_rows, 481, taking) == Explained(rule=rule)
        return
    with pytest.raises(BadInput, match=f"has {n_rows} rows where 481 frames .* give 30 or 31"):
        rule_of(n_rows, 481, taking)


@pytest.mark.parametrize(
    ("n_rows", "taking"),
    [
        (22, Taking(step=16)),
        (11, Taking(step=32)),
        (44, Taking(step=8)),
        (5, Taking(step=64)),
        (18, Taking(step=24, rate=25)),
        (18, Taking(step=1, rate=1)),
        (90, Taking(step=1, rate=5)),
        (18, Taking(step=96, rate=100)),  # VGGish: 0.96 s
    ],
)
def test_one_video_in_the_rows_of_many_extractors(n_rows: int, taking: Taking) -> None:
    found = rule_of(n_rows, REAL[0], taking, REAL[1])

    assert found.rule == "whole"
    assert found.row_length == pytest.approx(
        taking.step * REAL[1] / taking.rate if taking.rate else 0
    )


@pytest.mark.parametrize(
    ("n_rows", "first"),
    [
        (22, "frames_per_row 16"),
        (11, "frames_per_row 32"),
        (44, "frames_per_row 8"),
        (5, "frames_per_row 64"),
        (18, "frames_per_row 24 at frame_rate 25"),
        (90, "frames_per_row 1 at frame_rate 5"),
    ],
)
def test_a_rule_is_proposed(n_rows: int, first: str) -> None:
    proposals = propose([Observed(n_rows=n_rows, n_frames=REAL[0], fps=REAL[1])])

    assert proposals[0] == first


def test_eighteen_rows_have_more_than_one_explanation() -> None:
    proposals = propose([Observed(n_rows=18, n_frames=REAL[0], fps=REAL[1])])

    assert "frames_per_row 1 at frame_rate 1" in proposals
    assert "frames_per_row 96 at frame_rate 100" in proposals


def test_a_second_video_leaves_those_of_one_row_a_second() -> None:
    video = Observed(n_rows=18, n_frames=REAL[0], fps=REAL[1])
    longer = Observed(n_rows=100, n_frames=3000, fps=30.0)

    assert propose([video, longer]) == [
        "frames_per_row 24 at frame_rate 24", "frames_per_row 1 at frame_rate 1",
    ]  # fmt: skip


def test_as_many_rows_whatever_the_length_are_equal_parts() -> None:
    videos = [Observed(n_rows=32, n_frames=n) for n in (700, 5000)]

    assert propose(videos) == ["snippet_rule equal_parts"]


def test_overlapping_rows() -> None:
    """Of 100 frames, 64 seen from each 16th on: at 0, 16 and 32, and once more padded."""
    taking = Taking(step=16, stack=64)

    assert rule_of(3, 100, taking).rule == "whole"
    assert rule_of(4, 100, taking).rule == "padded"
    with pytest.raises(BadInput, match="in rows of 64, one each 16 give 3 or 4"):
        rule_of(6, 100, taking)


def test_a_video_of_fewer_frames_than_a_row() -> None:
    assert rule_of(1, 10, Taking(step=16)).rule == "padded"
    with pytest.raises(BadInput, match="has 2 rows where 10 frames in rows of 16 give 0 or 1"):
        rule_of(2, 10, Taking(step=16))


def test_all_frames_but_the_last() -> None:
    found = explain(9, 160, 0.0, Taking(step=16), ("whole", "pairs"), "a.npy")

    assert found == Explained(rule="pairs")


def test_features_of_another_frame_rate_are_told() -> None:
    """3,000 frames at 30 a second are 2,500 at 25: 156 rows instead of 187."""
    with pytest.raises(BadInput) as caught:
        rule_of(156, 3000, Taking(step=16), 30.0)

    assert str(caught.value) == (
        "a.npy has 156 rows where 3000 frames in rows of 16 give 187 or 188: 17% fewer, as many "
        "as at 25 frames per second, where the video has 30. If its frames were taken so, state "
        "frame_rate 25"
    )


def test_without_a_rate_the_share_is_told() -> None:
    with pytest.raises(BadInput, match="17% fewer, as where frames were taken at another rate"):
        rule_of(156, 3000, Taking(step=16))


def test_a_stated_rate_explains_them() -> None:
    found = rule_of(156, 3000, Taking(step=16, rate=25), 30.0)

    assert found.row_length == pytest.approx(19.2)


def test_a_stated_rate_needs_that_of_the_video() -> None:
    with pytest.raises(BadInput, match="the video's own rate is not known"):
        rule_of(156, 3000, Taking(step=16, rate=25))


def test_equal_parts_are_of_any_number() -> None:
    found = explain(32, 480, 0.0, Taking(step=16), ("equal_parts",), "a.txt")

    assert found == Explained(rule="equal_parts", row_length=15.0)
    with pytest.raises(BadInput, match="a video of 20 frames has no so many parts"):
        explain(32, 20, 0.0, Taking(step=16), ("equal_parts",), "a.txt")
