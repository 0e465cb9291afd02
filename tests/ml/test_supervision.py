"""What a training may know of its videos, and what must be among them."""

from dataclasses import replace

import pytest

from ml.records import BadInput, Interval, Manifest, Part, VideoRecord, VideoRegion
from ml.supervision import POLICIES, Supervision, allowed_videos, training_data

ONE_CLASS, WEAK, FULL = Supervision.ONE_CLASS, Supervision.WEAK, Supervision.FULL
EVENT = Interval(start_frame=2, end_frame=5, label="Robbery")


def videos(*labels: str, part: Part = "train") -> Manifest:
    return Manifest(
        videos=tuple(
            VideoRecord(id=f"{part}_{i}", path=f"/data/{part}/{i}.mp4", part=part, label=label)
            for i, label in enumerate(labels)
        )
    )


def annotated(manifest: Manifest) -> Manifest:
    """The same, the first with abnormal frames that its label does not tell of."""
    first, *rest = manifest.videos
    return Manifest(videos=(replace(first, intervals=(EVENT,)), *rest))


def both(*manifests: Manifest) -> Manifest:
    return Manifest(videos=tuple(video for each in manifests for video in each.videos))


def ids(records: tuple[VideoRecord, ...]) -> list[str]:
    return [video.id for video in records]


def test_every_supervision_has_a_policy() -> None:
    assert POLICIES.keys() == set(Supervision)


def test_one_class_leaves_out_abnormal_videos() -> None:
    data = training_data(videos("normal", "Robbery", "", "Normal"), ONE_CLASS)

    assert ids(data.train) == ["train_0", "train_2", "train_3"]


def test_one_class_leaves_out_videos_with_abnormal_frames() -> None:
    assert ids(training_data(annotated(videos("", "normal")), ONE_CLASS).train) == ["train_1"]


def test_one_class_knows_neither_labels_nor_intervals() -> None:
    data = training_data(both(videos("normal"), videos("normal", part="validation")), ONE_CLASS)

    assert {video.label for video in data.train + data.validation} == {""}


def test_one_class_without_normal_videos() -> None:
    sentence = r"None of the 2 train videos is normal: the first, train/0\.mp4, is labelled 'Rob.*"
    with pytest.raises(BadInput, match=sentence):
        training_data(videos("Robbery", "Arson"), ONE_CLASS)


def test_one_class_when_all_have_abnormal_frames() -> None:
    with pytest.raises(BadInput, match=r"train/0\.mp4, has abnormal frames\. This method learns"):
        training_data(annotated(videos("normal")), ONE_CLASS)


def test_one_class_may_be_watched_on_nothing() -> None:
    manifest = both(videos("normal"), annotated(videos("", "Robbery", part="validation")))

    assert training_data(manifest, ONE_CLASS).validation == ()


def test_weak_knows_which_videos_are_abnormal_but_not_where() -> None:
    manifest = both(
        annotated(videos("Robbery", "Normal", "")), annotated(videos("", part="validation"))
    )

    data = training_data(manifest, WEAK)

    assert [video.label for video in data.train] == ["Robbery", "normal", "normal"]
    assert [video.label for video in data.validation] == ["abnormal"]
    assert {video.intervals for video in data.train + data.validation} == {()}


def test_full_knows_where_as_well() -> None:
    data = training_data(annotated(videos("normal", "normal")), FULL)

    assert [(video.label, video.intervals) for video in data.train] == [
        ("abnormal", (EVENT,)), ("normal", ()),
    ]  # fmt: skip


@pytest.mark.parametrize("supervision", [WEAK, FULL])
@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (("Robbery",), "None of the 1 train videos is normal: .* learns from normal and abn"),
        (
            ("normal", ""),
            "None of the 2 train videos is abnormal, such as the first, train/0",
        ),
    ],
)
def test_both_kinds_are_needed(
    supervision: Supervision, labels: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        training_data(videos(*labels), supervision)


@pytest.mark.parametrize("supervision", Supervision)
def test_nothing_to_train_on(supervision: Supervision) -> None:
    with pytest.raises(BadInput, match="no training videos"):
        training_data(videos("normal", part="validation"), supervision)


@pytest.mark.parametrize("supervision", Supervision)
def test_test_videos_are_never_told(supervision: Supervision) -> None:
    manifest = both(videos("normal", "Robbery"), videos("normal", "Robbery", part="test"))

    data = training_data(manifest, supervision)

    assert {video.part for video in data.train + data.validation} == {"train"}


@pytest.mark.parametrize(("supervision", "label"), [(ONE_CLASS, ""), (WEAK, ""), (FULL, "Robbery")])
def test_what_regions_are_called_is_told_with_intervals_alone(
    supervision: Supervision, label: str
) -> None:
    region = VideoRegion(start_frame=1, end_frame=4, label="Robbery")
    normal, other = videos("normal", "Robbery").videos
    given = Manifest(videos=(replace(normal, regions=(region,)), other))

    data = training_data(given, supervision)

    assert [each.label for each in data.train[0].regions] == [label]


def test_what_is_not_known_stays_as_it_was() -> None:
    """A record is only ever copied: who evaluates has the ground truth."""
    manifest = annotated(videos("normal", "normal"))

    allowed_videos(manifest.videos, WEAK)

    assert manifest.videos[0].intervals == (EVENT,)


@pytest.mark.parametrize(
    ("supervision", "normal", "abnormal", "enough"),
    [
        (ONE_CLASS, True, False, True),
        (ONE_CLASS, False, True, False),
        (WEAK, True, False, False),
        (WEAK, False, True, False),
        (WEAK, True, True, True),
        (FULL, True, True, True),
    ],
)
def test_what_is_enough(
    supervision: Supervision, normal: bool, abnormal: bool, enough: bool
) -> None:
    policy = POLICIES[supervision]

    assert policy.is_enough(has_normal=normal, has_abnormal=abnormal) is enough


TRAINED = videos("normal", "Robbery")
TESTED = Manifest(
    videos=tuple(replace(each, n_frames=9) for each in videos("Robbery", "", part="test").videos)
)


def test_test_videos_are_let_in_with_their_truth_where_that_is_asked_for_alone() -> None:
    manifest = both(TRAINED, annotated(TESTED))

    asked = training_data(manifest, WEAK, selects_on_test=True)

    assert training_data(manifest, WEAK).test == ()
    assert [video.intervals for video in asked.test] == [(EVENT,), ()]
    assert asked.train == training_data(manifest, WEAK).train


@pytest.mark.parametrize("supervision", [ONE_CLASS, FULL])
def test_only_weak_methods_choose_on_test(supervision: Supervision) -> None:
    with pytest.raises(BadInput, match="Only a method that learns from labels of videos"):
        training_data(both(TRAINED, annotated(TESTED)), supervision, selects_on_test=True)


def test_no_checkpoint_is_best_on_test_videos_that_cannot_tell() -> None:
    with pytest.raises(BadInput, match="No test video has abnormal frames"):
        training_data(both(TRAINED, TESTED), WEAK, selects_on_test=True)
    uncounted = annotated(videos("Robbery", part="test"))
    with pytest.raises(BadInput, match="The frames of the test video"):
        training_data(both(TRAINED, uncounted), WEAK, selects_on_test=True)
