"""What is marked as normal makes nothing abnormal, whatever format it comes from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.normality import without_normal
from ml.findings import Finding
from ml.records import BadInput, Interval


def span(start: int, end: int, label: str = "") -> Interval:
    return Interval(start_frame=start, end_frame=end, label=label)


def read(*claims: Claim, also: tuple[str, ...] = ()) -> tuple[list[Claim], list[Finding]]:
    found = without_normal(Annotations(claims=claims), source="gt.csv", also=also)
    return list(found.claims), list(found.findings)


def test_frames_and_seconds_lose_their_normal_stretches() -> None:
    frames = Claim(path="a", intervals=(span(0, 60, "Normal"), span(60, 180, " fall ")))
    times = Claim(path="b", seconds=((0.0, 2.4, "background"), (2.4, 7.2, "fall")))

    claims, [told] = read(frames, times)

    assert claims[0].intervals == (span(60, 180, "fall"),)
    assert claims[1].seconds == ((2.4, 7.2, "fall"),)
    assert (told.level, told.subject) == ("info", "gt.csv")
    assert told.text == (
        "taken as normal: 'Normal', 'background' (2 stretches, 2 videos): they make nothing "
        "abnormal"
    )


@pytest.mark.parametrize(
    "label",
    ["normal", "NORMAL", "Normal_Videos_event", "no anomaly", "non-violence", "0", "False",
     "正常", "정상", "patrol"],
)  # fmt: skip
def test_words_for_it(label: str) -> None:
    claims, _ = read(Claim(path="a", intervals=(span(0, 9, label),)), also=("Patrol",))

    assert claims[0].intervals == ()


@pytest.mark.parametrize(
    "label",
    ["Abnormal", "abnormal walking", "anomaly", "非正常", "비정상", "", "patrol"],
)
def test_words_that_only_look_like_it(label: str) -> None:
    claims, findings = read(Claim(path="a", intervals=(span(0, 9, label),)))

    assert claims[0].intervals == (span(0, 9, label),)
    assert findings == []


@pytest.mark.parametrize(("label", "kept"), [("1", ""), ("True", ""), ("fall", "fall")])
def test_a_mark_without_a_class(label: str, kept: str) -> None:
    claims, _ = read(Claim(path="a", intervals=(span(0, 9, "0"), span(9, 12, label))))

    assert claims[0].intervals == (span(9, 12, kept),)


def test_numbers_of_classes_among_which_0_may_be_one() -> None:
    claim = Claim(path="a", intervals=(span(0, 9, "0"), span(9, 12, "3")))

    with pytest.raises(BadInput, match=r"its labels are numbers \(0, 3\), and 0 may be normal or"):
        read(claim)
    claims, _ = read(claim, also=("0",))
    assert claims[0].intervals == (span(9, 12, "3"),)
    claims, _ = read(Claim(path="a", intervals=(span(0, 9, "2"), span(9, 12, "3"))))
    assert claims[0].intervals == (span(0, 9, "2"), span(9, 12, "3"))


def test_a_video_that_is_called_normal_and_not_where() -> None:
    claims, [told] = read(Claim(path="a", label="Normal"), Claim(path="b", label="fall"))

    assert (claims[0].intervals, claims[0].label) == ((), "normal")
    assert (claims[1].intervals, claims[1].label) == (None, "fall")
    assert "'Normal' (0 stretches, 1 video)" in told.text


@pytest.mark.parametrize(
    "claim",
    [
        Claim(path="a", label="normal", intervals=(span(3, 5),)),
        Claim(path="a", label="no event", seconds=((3.0, 5.0, "fall"),)),
        Claim(path="a", label="normal", labels=np.array([0, 1], np.uint8)),
    ],
)
def test_a_video_that_is_called_normal_and_is_not(claim: Claim) -> None:
    [found], [told] = read(claim)

    assert found.intervals == claim.intervals
    assert found.seconds == claim.seconds
    assert (told.level, told.text) == (
        "warning", "1 video called normal, but with abnormal stretches, which count: a",
    )  # fmt: skip


def test_a_video_that_is_called_by_a_class_without_a_stretch() -> None:
    _, [told] = read(Claim(path="a", label="fall", intervals=()), Claim(path="b", intervals=()))

    assert told.text == "1 video called by a class, but without a stretch, so normal throughout: a"


@pytest.mark.parametrize(
    ("facts", "is_warned", "is_told"),
    [
        ({"intervals": (span(0, 300, "normal"),), "n_frames": 300}, False, False),
        ({"intervals": (span(0, 299, "normal"),), "n_frames": 300}, False, False),
        ({"intervals": (span(0, 60, "normal"),), "n_frames": 300}, True, False),
        ({"intervals": (span(9, 300, "normal"),), "n_frames": 300}, True, False),
        ({"intervals": (span(0, 60, "normal"), span(90, 300, "normal"))}, True, False),
        ({"intervals": (span(0, 60, "normal"), span(60, 300, "normal"))}, False, True),
        ({"seconds": ((0.0, 12.0, "normal"),), "duration_seconds": 12.05}, False, False),
        ({"seconds": ((0.0, 4.0, "normal"),), "duration_seconds": 12.0}, True, False),
        ({"seconds": ((0.0, 4.0, "normal"),)}, False, True),
    ],
)
def test_what_normal_stretches_leave_open(
    facts: dict[str, Any], is_warned: bool, is_told: bool
) -> None:
    _, findings = read(Claim(path="a", **facts))

    warnings = [each.text for each in findings if each.level == "warning"]
    assert [text.startswith("only normal stretches are marked") for text in warnings] == (
        [True] if is_warned else []
    )
    assert ("What they leave open of a counts as normal" in findings[0].text) == is_told
