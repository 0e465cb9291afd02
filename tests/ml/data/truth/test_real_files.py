"""The files that teams really have, laid against the true frame counts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from ml.data.truth.claims import Annotations
from ml.data.truth.formats import read_annotations
from ml.data.truth.rows import Alignment
from ml.data.truth.videos import KnownVideo
from ml.records import Interval, intervals_of
from tests.ml.data.truth.laying import align

pytestmark = pytest.mark.shared_data

PAST_THE_END = ["Arson011", "Arson016", "Explosion033", "Fighting003", "Shooting015"]


def spans(intervals: Sequence[Interval]) -> list[tuple[int, int]]:
    return [(each.start_frame, each.end_frame) for each in intervals]


@pytest.fixture
def ucf(shared_data: Path) -> list[KnownVideo]:
    file = shared_data / "ucf-crime/annotations/Temporal_Anomaly_Annotation_mist_with_frames.txt"
    return [
        KnownVideo(name=claim.name, n_frames=claim.n_frames or 0, part="test")
        for claim in read_annotations(file).claims
    ]


@pytest.mark.parametrize(
    "file",
    [
        "Temporal_Anomaly_Annotation_sultani.txt",
        "Temporal_Anomaly_Annotation_mist_with_frames.txt",
        "UCF_Annotation_urdmu.txt",
        "ekosman_Test_Annotation.txt",
    ],
)
def test_ucf_crime(shared_data: Path, ucf: list[KnownVideo], file: str) -> None:
    found = align(read_annotations(shared_data / "ucf-crime/annotations" / file), ucf)

    assert len(found.rows) == 290
    assert found.missing == ()
    clipped = sorted(row.video[:-5] for row in found.rows if "clip_to_end" in row.repairs)
    assert clipped == PAST_THE_END
    assert set(found.repairs) == {"clip_to_end"}
    text = found.findings[0].text
    assert "290 videos with 1,111,808 frames: 140 with an anomaly, 16 with several" in text


def test_ucf_crime_arrays_say_their_rule_per_video(
    shared_data: Path, ucf: list[KnownVideo]
) -> None:
    annotations = shared_data / "ucf-crime/annotations"
    found = align(read_annotations(annotations / "ucf_gt_per_video_pel4vad.npz"), ucf)

    rules = [row.rule for row in found.rows]
    assert len(rules) == 290
    assert rules.count("floor16") + rules.count("exact") == 281
    assert set(found.repairs) <= {"repeat_last", "cut_surplus"}


def test_frame_counts_that_are_one_too_many_are_told(
    shared_data: Path, ucf: list[KnownVideo]
) -> None:
    file = shared_data / "ucf-crime/annotations/seominseok_test_anomalyv2.txt"

    found = align(read_annotations(file), ucf)

    told = [row for row in found.rows if any("takes it for" in note.text for note in row.notes)]
    assert len(told) == 99
    assert len(found.missing) == 150


@pytest.fixture
def shanghaitech(shared_data: Path) -> tuple[list[KnownVideo], dict[str, tuple[Interval, ...]]]:
    """The 199 test videos in the order of the feature lists, and their true labels."""
    folder = shared_data / "shanghaitech"
    counts = {
        claim.name: claim.n_frames for claim in read_annotations(folder / "SH_Test_NEW.txt").claims
    }
    masks = {
        claim.name: claim.labels
        for claim in read_annotations(folder / "test_frame_mask").claims
        if claim.labels is not None
    }
    names = (folder / "shanghaitech.testing.csv").read_text().split()[1:]
    labels = {name: np.zeros(counts[name] or 0, np.uint8) for name in names}
    labels |= {name: masks[name] for name in names if counts[name] is None}
    videos = [KnownVideo(name=name, n_frames=len(labels[name]), part="test") for name in names]
    assert sum(video.n_frames for video in videos) == 141_870
    return videos, {name: intervals_of(each) for name, each in labels.items()}


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("gt-sh_magazzu_143680.npz", "ceil16: "),
        ("gt-sh_wstd_140704.npz", "floor16: "),
        ("gt-sh_rtfm_142912.npz", "no rule for all videos: ceil16 in 44 videos, open in 155"),
        (
            "sh-gt_pel4vad_140112.npz",
            "no rule for all videos: floor16 less 1 in 24 videos",
        ),
    ],
)
def test_the_four_vectors_of_shanghaitech(
    shared_data: Path,
    shanghaitech: tuple[list[KnownVideo], dict[str, tuple[Interval, ...]]],
    file: str,
    rule: str,
) -> None:
    videos, reference = shanghaitech

    found = align(
        read_annotations(shared_data / "shanghaitech" / file),
        videos,
        order=[video.name for video in videos],
        reference=reference,
    )

    assert found.rule.startswith(rule)
    assert any(each.text.startswith("0 of its labels differ") for each in found.findings)
    assert not any(each.level == "error" for each in found.findings)
    abnormal = [row for row in found.rows if reference[row.video]]
    assert len(abnormal) == 44
    assert all(row.rule and row.implied_n_frames is not None for row in abnormal)
    assert not any(note.level == "error" for row in found.rows for note in row.notes)


@pytest.mark.parametrize("file", ["gt-sh_rtfm_142912.npz", "sh-gt_pel4vad_140112.npz"])
def test_vectors_without_a_rule_need_known_ground_truth(
    shared_data: Path,
    shanghaitech: tuple[list[KnownVideo], dict[str, tuple[Interval, ...]]],
    file: str,
) -> None:
    videos, _reference = shanghaitech

    found = align(read_annotations(shared_data / "shanghaitech" / file), videos)

    assert found.rows == ()
    assert "fit no rule for 199 videos with 141,870 frames" in found.findings[0].text


def test_the_order_of_another_list_is_found_out(
    shared_data: Path,
    shanghaitech: tuple[list[KnownVideo], dict[str, tuple[Interval, ...]]],
) -> None:
    videos, reference = shanghaitech
    other = (shared_data / "shanghaitech/SH_Test.txt").read_text().split()

    found = align(
        read_annotations(shared_data / "shanghaitech/gt-sh_magazzu_143680.npz"),
        videos,
        order=other,
        reference=reference,
    )

    told = [each.text for each in found.findings if "In the given order" in each.text]
    assert len(told) == 1
    assert "abnormal videos first, each by name 0: that is taken" in told[0]


@pytest.fixture
def ped2(shared_data: Path) -> list[KnownVideo]:
    masks = read_annotations(shared_data / "ped2/gt/ped2_pixel_masks.npz")
    return [
        KnownVideo(name=f"testing/{claim.name}", n_frames=claim.n_frames or 0, part="test")
        for claim in masks.claims
    ]


def of_ped2(shared_data: Path, file: str, videos: list[KnownVideo]) -> Alignment:
    official = align(read_annotations(shared_data / "ped2/gt/UCSDped2.m"), videos)
    reference = {row.video: row.intervals for row in official.rows}
    return align(read_annotations(shared_data / "ped2/gt" / file), videos, reference=reference)


def test_the_altered_file_of_ped2_names_six_clips(
    shared_data: Path, ped2: list[KnownVideo]
) -> None:
    found = of_ped2(shared_data, "ped2_annguyen94_modified.mat", ped2)

    changed = [row for row in found.rows if row.notes]
    assert len(changed) == 6
    for row in changed:
        assert row.intervals[0].start_frame == 4  # 5 in the file, which counts from 1
        assert row.notes[0].text.startswith("The ground truth in force says [0, ")
    [told] = [each for each in found.findings if "is in force for" in each.text]
    assert told.text == "Another ground truth is in force for 6 videos: " + ", ".join(
        row.video for row in changed
    )


@pytest.mark.parametrize("file", ["ped2_pixel_masks.npz", "frame_labels_ped2_mnad.npy"])
def test_the_other_sources_of_ped2_agree(
    shared_data: Path, ped2: list[KnownVideo], file: str
) -> None:
    found = of_ped2(shared_data, file, ped2)

    assert found.repairs == {}
    assert any("agrees with the ground truth in force" in each.text for each in found.findings)
    assert (
        sum(each.end_frame - each.start_frame for row in found.rows for each in row.intervals)
        == 1_648
    )


def test_xd_violence(shared_data: Path) -> None:
    arrays = read_annotations(shared_data / "xd-violence/xd_gt_per_video_pel4vad.npz")
    videos = [
        KnownVideo(name=claim.name, n_frames=claim.n_frames or 0, part="test")
        for claim in arrays.claims
    ]

    found = align(read_annotations(shared_data / "xd-violence/annotations.txt"), videos)

    assert len([row for row in found.rows if row.video]) >= 486
    clipped = [row for row in found.rows if "clip_to_end" in row.repairs]
    assert len(clipped) >= 60  # the arrays are shorter than the videos
    assert len(found.missing) >= 300


@pytest.fixture
def ucf_vector(shared_data: Path) -> tuple[Annotations, list[str], dict[str, int]]:
    """The published arrays one behind the other, as `list_test` of the code that made them has
    them, and the number of labels of each."""
    folder = shared_data / "ucf-crime"
    arrays = read_annotations(folder / "annotations/ucf_gt_per_video_pel4vad.npz")
    labels = {claim.name: claim.labels for claim in arrays.claims if claim.labels is not None}
    lines = (folder / "splits/ucf-c3d-test.list").read_text().split()
    order = [line.rpartition("/")[2].removesuffix("__0.npy") for line in lines]
    vector = np.concatenate([labels[name] for name in order])
    assert len(vector) == 1_109_680
    return Annotations(vector=vector), order, {name: len(labels[name]) for name in order}


def test_the_vector_of_ucf_crime_fits_no_rule_and_is_settled_all_the_same(
    shared_data: Path,
    ucf: list[KnownVideo],
    ucf_vector: tuple[Annotations, list[str], dict[str, int]],
) -> None:
    """The true number of labels of each video is known here, so no answer may be wrong."""
    vector, order, true_lengths = ucf_vector
    folder = shared_data / "ucf-crime/annotations"
    published = read_annotations(folder / "Temporal_Anomaly_Annotation_sultani.txt")
    reference = {row.video: row.intervals for row in align(published, ucf).rows}

    found = align(vector, ucf, order=order, reference=reference)

    certain = [row for row in found.rows if row.implied_n_frames is not None]
    assert len(certain) == 139
    assert all(row.implied_n_frames == true_lengths[row.video] for row in certain)
    assert not any(row.notes for row in found.rows)
    for row in found.rows:
        assert spans(row.intervals) == spans(reference[row.video]), row.video


def test_the_vector_of_ucf_crime_alone_is_refused(
    ucf: list[KnownVideo], ucf_vector: tuple[Annotations, list[str], dict[str, int]]
) -> None:
    vector, order, _true_lengths = ucf_vector

    found = align(vector, ucf, order=order)

    assert found.rows == ()
    sums = "exact 1,111,808, floor16 1,109,824, ceil16 1,114,144, drop_last16 1,109,504"
    assert sums in found.findings[0].text


def test_all_500_violent_videos_of_xd_violence_are_found(shared_data: Path) -> None:
    folder = shared_data / "xd-violence"
    arrays = read_annotations(folder / "xd_gt_per_video_pel4vad.npz")
    videos = [
        KnownVideo(name=claim.name, n_frames=claim.n_frames or 0, part="test")
        for claim in arrays.claims
    ]
    reference = {row.video: row.intervals for row in align(arrays, videos).rows}

    found = align(read_annotations(folder / "annotations.txt"), videos, reference=reference)

    assert (folder / "annotations.txt").read_text().count(".mp4") == 14
    assert sum(bool(row.video) for row in found.rows) == len(found.rows) == 500
    assert all("_label_A" in name for name in found.missing)
    assert len(found.missing) == 300
    assert found.repairs["clip_to_end"]["n_videos"] == 71
    assert "It agrees with the ground truth in force" in [each.text for each in found.findings]


AVENUE = [
    1439, 1211, 923, 947, 1007, 1283, 605, 36, 1175, 841, 472,
    1271, 549, 507, 1001, 740, 426, 294, 248, 273, 76,
]  # fmt: skip


def test_clip_20_of_avenue_has_the_same_labels_in_its_mask_and_in_the_vector(
    shared_data: Path,
) -> None:
    """The lengths of the other clips are of their files, which are not here."""
    folder = shared_data / "avenue"
    videos = [
        KnownVideo(name=f"testing_videos/{n:02}", n_frames=count, part="test")
        for n, count in enumerate(AVENUE, start=1)
    ]

    vector = align(read_annotations(folder / "frame_labels_avenue_mnad.npy"), videos)
    mask = align(read_annotations(folder / "testing_label_mask"), videos)

    assert vector.rule.startswith("exact: ")
    [row] = mask.rows
    assert row.video == "testing_videos/20"
    assert row.intervals == vector.rows[19].intervals
    assert spans(row.intervals) == [(64, 144), (167, 241)]
    n_abnormal = sum(
        each.end_frame - each.start_frame for row in vector.rows for each in row.intervals
    )
    assert n_abnormal == 3_867
    assert len(mask.missing) == 20


@pytest.mark.parametrize("order", ["shanghai-i3d-test-10crop.list", "shanghaitech.testing.csv"])
def test_the_vectors_of_shanghaitech_have_abnormal_videos_first(
    shared_data: Path,
    shanghaitech: tuple[list[KnownVideo], dict[str, tuple[Interval, ...]]],
    order: str,
) -> None:
    _videos, reference = shanghaitech
    lines = (shared_data / "shanghaitech" / order).read_text().split()
    names = [
        line.rpartition("/")[2].removesuffix("_i3d.npy") for line in lines if "video" not in line
    ]

    assert len(names) == 199
    assert all(reference[name] for name in names[:44])
    assert not any(reference[name] for name in names[44:])


def test_an_open_length_is_never_called_another_repair(
    shared_data: Path,
    shanghaitech: tuple[list[KnownVideo], dict[str, tuple[Interval, ...]]],
) -> None:
    """140,112 labels are fewer than the frames, so none of them are too many."""
    videos, reference = shanghaitech

    file = shared_data / "shanghaitech/sh-gt_pel4vad_140112.npz"
    found = align(read_annotations(file), videos, reference=reference)

    counts = {code: each["n_videos"] for code, each in found.repairs.items()}
    assert counts == {"repeat_last": 44, "same_in_all": 155}
