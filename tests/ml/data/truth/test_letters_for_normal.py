"""Letters and numbers that say normal in one file and are a class in another."""

from __future__ import annotations

import pytest

from ml.data.truth.alignment import align
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.normality import without_normal
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.records import BadInput, Interval

Spans = list[tuple[int, int, str]]


def marked(*labels: str) -> Annotations:
    spans = tuple(
        Interval(start_frame=10 * at, end_frame=10 * at + 10, label=label)
        for at, label in enumerate(labels)
    )
    return Annotations(claims=(Claim(path="a", intervals=spans),))


def kept(*labels: str, also: tuple[str, ...] = ()) -> Spans:
    [claim] = without_normal(marked(*labels), source="gt.csv", also=also).claims
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals or ()]


@pytest.mark.parametrize(
    ("no", "yes", "label"),
    [
        ("N", "Y", ""), ("n", "A", "A"), ("N", "P", "P"), ("f", "t", "t"), ("-1", "1", ""),
        ("なし", "あり", ""), ("無", "有", ""), ("いいえ", "はい", ""),
        ("아니오", "예", ""), ("否", "是", ""),
    ],
)  # fmt: skip
def test_no_beside_yes_is_normal(no: str, yes: str, label: str) -> None:
    assert kept(no, yes, no) == [(10, 20, label)]


@pytest.mark.parametrize("labels", [("N",), ("N", "fall"), ("-1", "2"), ("-1", "fall")])
def test_what_may_be_a_class_is_refused_until_somebody_says_it(labels: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match="may say normal or be a class"):
        kept(*labels)

    assert all(label != labels[0] for *_ends, label in kept(*labels, also=("N", "-1")))


@pytest.mark.parametrize("labels", [("○", "×"), ("O", "X")])
def test_circle_and_cross_mean_either(labels: tuple[str, ...]) -> None:
    with pytest.raises(BadInput, match=r"either of .* may say normal"):
        kept(*labels)

    assert kept(*labels, also=(labels[0],)) == [(10, 20, labels[1])]


def test_classes_that_go_through_a_whole_video_are_asked_about() -> None:
    videos = VideoSet([KnownVideo(name="a", n_frames=20, fps=25.0)])

    [told] = align(marked("patrol", "fall"), videos).findings[1:]

    assert told.level == "warning"
    assert told.text == (
        "1 video abnormal from end to end by the labels patrol, fall: if one of these says "
        "normal, name it as a normal label (a)"
    )


def test_a_video_without_classes_may_be_abnormal_throughout() -> None:
    videos = VideoSet([KnownVideo(name="a", n_frames=20, fps=25.0)])

    assert [each.level for each in align(marked("", ""), videos).findings] == ["info"]
