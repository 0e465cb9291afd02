"""Every format that real files are in, against the facts that are known of those files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.formats import read_annotations
from ml.records import frame_labels

pytestmark = pytest.mark.shared_data

UCF = "ucf-crime/annotations"


def by_name(annotations: Annotations) -> dict[str, Claim]:
    return {claim.name: claim for claim in annotations.claims}


def n_abnormal_frames(annotations: Annotations) -> int:
    return sum(
        int(claim.labels.sum())
        if claim.labels is not None
        else sum(each.end_frame - each.start_frame for each in claim.intervals or ())
        for claim in annotations.claims
    )


def frames(claim: Claim) -> list[int]:
    """Numbers of the abnormal ones."""
    intervals = claim.intervals or ()
    last = max((each.end_frame for each in intervals), default=0)
    return [int(frame) for frame in np.flatnonzero(frame_labels(intervals, last))]


@pytest.mark.parametrize(
    ("file", "format"),
    [
        ("Temporal_Anomaly_Annotation_sultani.txt", "ucf_crime"),
        ("Temporal_Anomaly_Annotation_mist_with_frames.txt", "ucf_crime_counted"),
        ("UCF_Annotation_urdmu.txt", "ucf_crime_paths"),
        ("ekosman_Test_Annotation.txt", "ucf_crime_paths"),
    ],
)
def test_ucf_crime(shared_data: Path, file: str, format: str) -> None:
    found = read_annotations(shared_data / UCF / file)

    assert found.format == format
    assert not found.findings
    claims = by_name(found)
    assert len(claims) == len(found.claims) == 290
    assert sum(bool(claim.intervals) for claim in found.claims) == 140
    assert sum(len(claim.intervals or ()) == 2 for claim in found.claims) == 16
    [first, second] = claims["Arson011_x264"].intervals or ()
    assert (first.start_frame, first.end_frame) == (150, 420)
    assert (second.start_frame, second.end_frame, second.label) == (680, 1267, "Arson")
    assert sum(claim.label == "normal" for claim in found.claims) == 150
    if format != "ucf_crime":
        assert sum(claim.n_frames or 0 for claim in found.claims) == 1_111_808


def test_the_five_line_formats_of_ucf_crime_agree(shared_data: Path) -> None:
    folder = shared_data / UCF
    published = by_name(read_annotations(folder / "Temporal_Anomaly_Annotation_sultani.txt"))
    brackets = by_name(read_annotations(folder / "seominseok_test_anomalyv2.txt"))
    normal = by_name(read_annotations(folder / "seominseok_test_normalv2.txt"))

    assert len(brackets) == 140
    assert len(normal) == 150
    assert set(brackets) | set(normal) == set(published)
    for name, claim in (brackets | normal).items():
        assert claim.intervals == published[name].intervals, name
    total = sum(claim.n_frames or 0 for claim in (brackets | normal).values())
    assert total == 1_112_032  # mostly one frame too many


def test_half_open_intervals_give_the_arrays_in_circulation(shared_data: Path) -> None:
    folder = shared_data / UCF
    published = by_name(read_annotations(folder / "Temporal_Anomaly_Annotation_sultani.txt"))
    arrays = read_annotations(folder / "ucf_gt_per_video_pel4vad.npz")

    assert arrays.format == "label_arrays"
    assert len(arrays.claims) == 290
    for claim in arrays.claims:
        assert claim.labels is not None
        expected = frame_labels(published[claim.name].intervals or (), len(claim.labels))
        assert np.array_equal(claim.labels, expected), claim.name


@pytest.mark.parametrize("file", ["annotations.txt", "XD_Annotation_urdmu.txt"])
def test_xd_violence(shared_data: Path, file: str) -> None:
    found = read_annotations(shared_data / "xd-violence" / file)

    assert found.format == "xd_violence"
    assert not found.findings
    assert len(by_name(found)) == 500
    assert not any(claim.name.endswith(".mp4") for claim in found.claims)
    assert max(len(claim.intervals or ()) for claim in found.claims) == 22


def test_xd_violence_reproduces_the_arrays_in_circulation(shared_data: Path) -> None:
    folder = shared_data / "xd-violence"
    published = by_name(read_annotations(folder / "annotations.txt"))
    arrays = read_annotations(folder / "xd_gt_per_video_pel4vad.npz")

    assert len(arrays.claims) == 800
    assert sum(claim.n_frames or 0 for claim in arrays.claims) == 2_330_384
    assert n_abnormal_frames(arrays) == 537_805
    named = [claim for claim in arrays.claims if claim.name in published]
    assert len(named) >= 486
    for claim in named:
        assert claim.labels is not None
        expected = frame_labels(published[claim.name].intervals or (), len(claim.labels))
        assert np.array_equal(claim.labels, expected), claim.name


def test_xd_violence_with_classes_says_the_same(shared_data: Path) -> None:
    folder = shared_data / "xd-violence"
    plain = by_name(read_annotations(folder / "annotations.txt"))
    classes = read_annotations(folder / "annotations_multiclasses.txt")

    assert classes.format == "xd_violence_classes"
    assert set(by_name(classes)) == set(plain)
    differing = [
        claim.name
        for claim in classes.claims
        if frames(claim) != frames(plain[claim.name])  # one event may have several classes
    ]
    assert len(differing) == 5  # corrected in one of the two files only
    labels = {each.label for claim in classes.claims for each in claim.intervals or ()}
    assert {"B1", "B2", "B4", "B5", "B6", "G"} <= labels


def test_shanghaitech_lists_and_masks(shared_data: Path) -> None:
    folder = shared_data / "shanghaitech"
    listed = read_annotations(folder / "SH_Test_NEW.txt")
    masks = read_annotations(folder / "test_frame_mask")

    assert listed.format == "ids_with_counts"
    assert len(listed.claims) == 199
    assert sum(claim.intervals is None for claim in listed.claims) == 44  # abnormal, not where
    assert "01_001" in by_name(listed)  # of the training videos: not 01_0001
    assert masks.format == "label_folder"
    assert len(masks.claims) == 107
    assert sum(claim.n_frames or 0 for claim in masks.claims) == 40_791


@pytest.mark.parametrize(
    ("file", "n_labels"),
    [
        ("shanghaitech/gt-sh_rtfm_142912.npz", 142_912),
        ("shanghaitech/gt-sh_magazzu_143680.npz", 143_680),
        ("shanghaitech/gt-sh_wstd_140704.npz", 140_704),
        ("shanghaitech/sh-gt_pel4vad_140112.npz", 140_112),
        ("shanghaitech/frame_labels_shanghai_mnad_original_split.npy", 40_791),
        ("avenue/frame_labels_avenue_mnad.npy", 15_324),
        ("ped2/gt/frame_labels_ped2_mnad.npy", 2_010),
    ],
)
def test_vectors(shared_data: Path, file: str, n_labels: int) -> None:
    found = read_annotations(shared_data / file)

    assert found.format == "vector"
    assert found.vector is not None
    assert found.vector.shape == (n_labels,)
    assert not found.claims


@pytest.mark.parametrize("file", ["20_label.mat", ""])
def test_avenue(shared_data: Path, file: str) -> None:
    found = read_annotations(shared_data / "avenue/testing_label_mask" / file)

    assert found.format == "avenue"
    [claim] = found.claims
    assert (claim.name, claim.n_frames) == ("20", 273)
    assert claim.labels is not None
    vector = np.load(shared_data / "avenue/frame_labels_avenue_mnad.npy")[0]
    assert 0 < claim.labels.sum() < 273
    assert len(vector) == 15_324


def test_ucsd_and_its_sources_agree(shared_data: Path) -> None:
    folder = shared_data / "ped2/gt"
    official = read_annotations(folder / "UCSDped2.m")
    masks = read_annotations(folder / "ped2_pixel_masks.npz")

    assert (official.format, masks.format) == ("ucsd", "pixel_masks")
    assert (official.reading.base, official.reading.end) == (1, "inclusive")
    assert n_abnormal_frames(official) == n_abnormal_frames(masks) == 1_648
    for claim, mask in zip(official.claims, masks.claims, strict=True):
        assert mask.labels is not None
        expected = frame_labels(claim.intervals or (), len(mask.labels))
        assert np.array_equal(mask.labels, expected)


def test_the_altered_ano_pred_file(shared_data: Path) -> None:
    found = read_annotations(shared_data / "ped2/gt/ped2_annguyen94_modified.mat")

    assert found.format == "ano_pred"
    assert n_abnormal_frames(found) == 1_624


def test_upcam_labels_and_ranges_agree(shared_data: Path) -> None:
    table = read_annotations(shared_data / "upcam/00.csv")
    ranges = read_annotations(shared_data / "upcam/00.md")

    assert (table.format, ranges.format) == ("frame_table", "frame_ranges")
    assert n_abnormal_frames(table) == n_abnormal_frames(ranges) == 5_517
    [of_table], [of_ranges] = table.claims, ranges.claims
    assert (of_table.name, of_table.n_frames, of_ranges.n_frames) == ("00", 18_066, 18_066)
    assert of_table.labels is not None
    expected = frame_labels(of_ranges.intervals or (), 18_066)
    assert np.array_equal(of_table.labels, expected)


@pytest.mark.parametrize("file", ["annotations.csv", "annotations_fix.csv", "out.csv"])
def test_shoplifting_tables(shared_data: Path, file: str) -> None:
    found = read_annotations(shared_data / "shoplifting/annotations_wivj4zm4fpg0" / file)

    assert found.format == "times_table"
    passed, normal = found.findings
    assert (passed.level, normal.level) == ("info", "info")
    assert passed.text.startswith("the columns id, x, y, width, height")
    assert normal.text.startswith("taken as normal: '0' (")
    claim = by_name(found)["video-2EoU6EXnPuE"]
    assert claim.seconds is not None
    assert claim.seconds[0] == (8.0, 16.0, "")


@pytest.mark.parametrize(
    "file",
    [
        "ped2/gt/README.txt",
        "ucf-crime/splits/Anomaly_Test.txt",
        "shanghaitech/pel4vad_train.list",
        "shoplifting/annotations_wivj4zm4fpg0/label.csv",
    ],
)
def test_other_files_are_refused_with_what_is_known(shared_data: Path, file: str) -> None:
    from ml.records import BadInput

    with pytest.raises(
        BadInput, match=r"is no ground truth that is known; its first|a table needs"
    ):
        read_annotations(shared_data / file)
