from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from PIL import Image

from ml.data.layouts import open_dataset
from ml.data.truth.resolving import GroundTruth
from ml.findings import Finding
from ml.records import BadInput, Interval
from tests.ml.data.layouts.reading import opened

OFFICIAL = "TestVideoFile = {};\n"
COUNTS = {"testing/01": 10, "testing/02": 8}


def dataset(folder: Path, *entries: str, clips: int = 2) -> Path:
    """The layout with video files; nothing here opens them."""
    for part in ("training", "testing", "gt"):
        (folder / part).mkdir(parents=True)
    (folder / "training" / "01.mp4").touch()
    for number in range(1, clips + 1):
        (folder / "testing" / f"{number:02}.mp4").touch()
    lines = [f"TestVideoFile{{end+1}}.gt_frame = [{entry}];\n" for entry in entries]
    (folder / "gt" / "UCSDped2.m").write_text(OFFICIAL + "".join(lines))
    return folder


def truth(folder: Path, n_frames: Mapping[str, int] = COUNTS) -> GroundTruth:
    return opened(folder, n_frames).truth


def sentences(findings: tuple[Finding, ...], level: str = "error") -> list[tuple[str, str]]:
    return [(finding.subject, finding.text) for finding in findings if finding.level == level]


def save_masks(path: Path, masks: dict[str, Any]) -> None:
    np.savez(path, **masks)


def test_ucsd_ranges_count_from_1_and_include_their_end(tmp_path: Path) -> None:
    found = truth(dataset(tmp_path, "3:5, 8:10", "2"))

    assert found.source == "UCSDped2.m"
    assert found.intervals == {
        "testing/01": (
            Interval(start_frame=2, end_frame=5),
            Interval(start_frame=7, end_frame=10),
        ),
        "testing/02": (Interval(start_frame=1, end_frame=2),),
    }
    assert sentences(found.findings) == []


def test_ucsd_as_published_is_read_from_its_images(tmp_path: Path) -> None:
    (tmp_path / "Train" / "Train001").mkdir(parents=True)
    (tmp_path / "Train" / "Train001" / "001.tif").touch()
    for number in range(1, 6):
        clip, masks = tmp_path / "Test" / "Test001", tmp_path / "Test" / "Test001_gt"
        for folder in (clip, masks):
            folder.mkdir(parents=True, exist_ok=True)
        (clip / f"{number:03}.tif").touch()
        Image.new("L", (8, 6), 255 if number in (2, 3) else 0).save(masks / f"{number:03}.bmp")
        (masks / f"._{number:03}.bmp").write_bytes(b"macOS")
    (tmp_path / "Test" / "UCSDped1.m").write_text(
        OFFICIAL + "TestVideoFile{end+1}.gt_frame = [2:3];"
    )

    videos, _ = open_dataset(tmp_path).videos()
    found = truth(tmp_path, {"Test/Test001": 5})

    assert [(video.name, video.part, video.label, video.fps) for video in videos] == [
        ("Test/Test001", "test", "", 10.0),
        ("Train/Train001", "train", "normal", 10.0),
    ]
    assert found.intervals == {"Test/Test001": (Interval(start_frame=1, end_frame=3),)}
    ((subject, text),) = sentences(found.findings, "info")
    assert subject == "pixel masks"
    assert "agrees with UCSDped1.m on 1 of 1 clips" in text


def test_ucsd_masks_behind_a_link_are_not_followed(tmp_path: Path) -> None:
    folder = dataset(tmp_path / "data", "1:5", "1:8")
    (tmp_path / "masks").mkdir()
    Image.new("L", (8, 6), 255).save(tmp_path / "masks" / "1.png")
    (folder / "testing" / "01_gt").symlink_to(tmp_path / "masks")

    assert sentences(truth(folder).findings) == []


def test_ucsd_masks_that_differ_are_an_error(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:5", "1:8")
    first = np.zeros((10, 4, 4))
    first[2:5] = 1
    save_masks(folder / "gt" / "my_pixel_masks.npz", {"01": first, "02": np.ones((8, 4, 4))})

    found = truth(folder)

    assert sentences(found.findings) == [
        ("testing/01", "my_pixel_masks.npz says [2, 5), UCSDped2.m says [0, 5)")
    ]
    assert "agrees with UCSDped2.m on 1 of 2 clips" in sentences(found.findings, "info")[0][1]


def test_ucsd_masks_of_another_length_or_clip(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:5", "1:8")
    save_masks(folder / "gt" / "a_pixel_masks.npz", {"01": np.ones((9, 4, 4))})
    save_masks(folder / "gt" / "b_pixel_masks.npz", {"07": np.ones((9, 4, 4))})

    assert sentences(truth(folder).findings) == [
        ("testing/01", "a_pixel_masks.npz: 9 labels where the clip has 10 frames; not stored"),
        ("b_pixel_masks.npz", "annotates 1 clip not in the dataset: 07"),
    ]


def test_ucsd_vector_of_the_wrong_length(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:5", "1:8")
    np.save(folder / "gt" / "frame_labels_ped2.npy", np.ones((1, 17)))

    assert sentences(truth(folder).findings) == [
        (
            "frame_labels_ped2.npy",
            "it is not used: it has 17 labels where 18 are expected, the frames of testing/01, "
            "testing/02 (2 clips)",
        )
    ]


def test_ucsd_vector_goes_through_clips_by_number(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:10", "", clips=1)
    (folder / "Test" / "Test002").mkdir(parents=True)
    (folder / "Test" / "Test002" / "001.tif").touch()
    np.save(folder / "gt" / "frame_labels.npy", np.array([1] * 10 + [0] * 8, np.int8))

    found = truth(folder, {"testing/01": 10, "Test/Test002": 8})

    assert sentences(found.findings) == []


def test_ucsd_vector_cannot_be_cut_without_all_counts(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:5", "1:8")
    np.save(folder / "gt" / "frame_labels_ped2.npy", np.ones((1, 18)))

    found = truth(folder, {"testing/01": 10})

    assert sentences(found.findings) == [
        (
            "frame_labels_ped2.npy",
            "it is not used: the frame count of testing/02 is unknown",
        )
    ]


def test_ucsd_mat_with_another_number_of_clips(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:5", "1:8")
    cells = np.empty((1, 1), object)
    cells[0, 0] = np.array([[1], [5]])
    scipy.io.savemat(folder / "gt" / "ped2.mat", {"gt": cells})

    assert sentences(truth(folder).findings) == [
        ("ped2.mat", "It has 1 clip without names, but 2 videos are expected in its order"),
        ("ped2.mat", "annotates 1 clip not in the dataset: clip 1"),
    ]


@pytest.mark.parametrize(
    ("entries", "subject", "sentence"),
    [
        (("9:11", "1"), "testing/01", "ends past the last frame: the video has 10 frames"),
        (("9:3", "1"), "testing/01", "ends before it starts"),
        (("1:5, 4:8", "1"), "testing/01", "overlaps [0, 5)"),
        (("1:5",), "testing/02", "nothing says where this test clip is abnormal"),
        (("1:5", "1", "1:2"), "UCSDped2.m", "annotates 1 clip not in the dataset: Test003"),
    ],
)
def test_ucsd_unfit_annotation_is_an_error(
    tmp_path: Path, entries: tuple[str, ...], subject: str, sentence: str
) -> None:
    (found, text), *_others = sentences(truth(dataset(tmp_path, *entries)).findings)

    assert found == subject
    assert sentence in text


def test_ucsd_ranges_that_are_none_spoil_the_file(tmp_path: Path) -> None:
    (first, *_others) = sentences(truth(dataset(tmp_path, "1:5, a:b", "1")).findings)

    assert first[0] == "UCSDped2.m"
    assert "[1:5, a:b] is not a list of frame ranges" in first[1]


def test_ucsd_two_clips_of_one_number_are_an_error(tmp_path: Path) -> None:
    folder = dataset(tmp_path, "1:5", "1:8")
    (folder / "Test" / "Test001").mkdir(parents=True)
    (folder / "Test" / "Test001" / "001.tif").touch()

    found = truth(folder, COUNTS | {"Test/Test001": 10})

    assert found.intervals.keys() == {"Test/Test001", "testing/02"}  # called just like that
    assert sentences(found.findings) == [
        (
            "testing/01",
            "nothing says where this test clip is abnormal, so it counts as normal throughout",
        )
    ]


def test_open_dataset_asks_for_one_of_both_datasets(tmp_path: Path) -> None:
    for name in ("UCSDped1", "UCSDped2"):
        (tmp_path / name / "Test").mkdir(parents=True)

    with pytest.raises(BadInput, match=r"choose one dataset .*: UCSDped1 or UCSDped2"):
        open_dataset(tmp_path)


@pytest.mark.shared_data
def test_ucsd_all_sources_of_ped2(shared_data: Path) -> None:
    ped2 = shared_data / "ped2"
    masks = np.load(ped2 / "gt" / "ped2_pixel_masks.npz")
    counts = {f"testing/{key}": len(masks[key]) for key in sorted(masks.files)}

    found = truth(ped2, counts)

    labelled = sum(
        interval.end_frame - interval.start_frame
        for intervals in found.intervals.values()
        for interval in intervals
    )
    assert labelled == 1648
    assert [subject for subject, _ in sentences(found.findings)] == [
        f"testing/{number:02}" for number in (3, 5, 8, 9, 10, 11)
    ]
    assert sentences(found.findings)[0][1] == (
        "ped2_annguyen94_modified.mat says [4, 146), UCSDped2.m says [0, 146)"
    )
    agreeing = [text for _, text in sentences(found.findings, "info")]
    assert [text.split(" clips")[0] for text in agreeing] == [
        "agrees with UCSDped2.m on 12 of 12",
        "agrees with UCSDped2.m on 12 of 12",
        "agrees with UCSDped2.m on 6 of 12",
    ]
