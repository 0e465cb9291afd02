import shutil
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from ml.data.layouts import open_dataset
from tests.ml.data.layouts.reading import Opened, name_of, opened, surveyed, touch

# Of the 21 test clips as they were published.
COUNTS = [
    1439, 1211, 923, 947, 1007, 1283, 605, 36, 1175, 841, 472, 1271, 549, 507, 1001, 740, 426, 294,
    248, 273, 76,
]  # fmt: skip


def mask(path: Path, *labels: int) -> None:
    """As the published ones: a cell with a mask of 4 × 6 pixels for each frame."""
    cells = np.empty((1, len(labels)), object)
    for i, label in enumerate(labels):
        cells[0, i] = np.zeros((4, 6), np.uint8)
        cells[0, i][1, 2] = label
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, {"volLabel": cells})


def dataset(folder: Path) -> Path:
    touch(folder, "training_videos/01.avi", "training_videos/02.avi")
    touch(folder, "testing_videos/01.avi", "testing_videos/02.avi")
    mask(folder / "testing_label_mask" / "1_label.mat", 0, 1, 1, 0, 0)
    mask(folder / "testing_label_mask" / "2_label.mat", 0, 0, 0, 1)
    return folder


def read(folder: Path, **counts: int) -> Opened:
    clips = {"testing_videos/01": 5, "testing_videos/02": 4}
    return opened(folder, clips | {f"testing_videos/{name[1:]}": n for name, n in counts.items()})


def test_avenue_masks_belong_to_test_clips_by_their_number(tmp_path: Path) -> None:
    found = read(dataset(tmp_path))

    assert found.format == "avenue"
    assert [(video.name, video.part, video.label, video.fps) for video in found.videos] == [
        ("testing_videos/01", "test", "", None),
        ("testing_videos/02", "test", "", None),
        ("training_videos/01", "train", "normal", None),
        ("training_videos/02", "train", "normal", None),
    ]
    assert found.truth.source == "testing_label_mask"
    assert found.spans == {"testing_videos/01": [(1, 3)], "testing_videos/02": [(3, 4)]}
    assert found.findings == []


def test_avenue_as_its_two_archives_unpack(tmp_path: Path) -> None:
    touch(tmp_path / "Avenue Dataset", "training_videos/01.avi", "testing_videos/01.avi")
    mask(tmp_path / "ground_truth_demo" / "testing_label_mask" / "1_label.mat", 1, 0)

    found = opened(tmp_path, 2)

    assert found.format == "avenue"
    assert found.spans == {"Avenue Dataset/testing_videos/01": [(0, 1)]}
    assert found.findings == []


def test_avenue_frames_have_the_published_rate(tmp_path: Path) -> None:
    touch(tmp_path, "training/frames/01/0000.jpg", "testing/frames/01/0000.jpg")
    mask(tmp_path / "testing_label_mask" / "1_label.mat", 1)

    found = opened(tmp_path, 1)

    assert [(video.name, video.part, video.fps) for video in found.videos] == [
        ("testing/frames/01", "test", 25.0),
        ("training/frames/01", "train", 25.0),
    ]
    assert found.spans == {"testing/frames/01": [(0, 1)]}


def test_avenue_clip_as_video_and_as_frames_is_taken_once(tmp_path: Path) -> None:
    touch(dataset(tmp_path), "testing/frames/01/0000.jpg")

    found = read(tmp_path)

    assert "testing/frames/01" not in [video.name for video in found.videos]
    [(subject, text)] = found.said("info")
    assert subject == "videos"
    assert text.endswith("the video is taken: 1 clip; left out: testing/frames/01")


def test_avenue_video_outside_both_parts_is_left_out_and_told(tmp_path: Path) -> None:
    touch(dataset(tmp_path), "ground_truth_demo/show.avi")

    found = read(tmp_path)

    assert len(found.videos) == 4
    assert found.said("warning") == [
        ("videos", "left out, for it lies neither in training nor in test: ground_truth_demo/show")
    ]


def test_avenue_mask_of_another_length_is_not_stored(tmp_path: Path) -> None:
    found = read(dataset(tmp_path), _02=6)

    assert found.spans == {"testing_videos/01": [(1, 3)]}
    assert found.said() == [
        ("testing_videos/02", "2_label.mat: 4 labels where the clip has 6 frames; not stored"),
        (
            "testing_videos/02",
            "nothing says where this test clip is abnormal, so it counts as normal throughout",
        ),
    ]


def test_avenue_broken_mask_and_mask_of_no_clip(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    mask(folder / "testing_label_mask" / "3_label.mat", 1)
    (folder / "testing_label_mask" / "2_label.mat").write_bytes(b"MATLAB 5.0 MAT-file, cut off")

    found = read(folder)

    assert found.spans == {"testing_videos/01": [(1, 3)]}
    broken, stranger, missing = found.said()
    assert broken[0] == "2_label.mat"
    assert broken[1].startswith("it is not used: 2_label.mat does not look like Avenue")
    assert stranger == ("testing_label_mask", "annotates 1 clip not in the dataset: 3")
    assert missing[0] == "testing_videos/02"


def test_avenue_vector_is_compared_with_the_masks(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    np.save(folder / "frame_labels_avenue.npy", np.array([[0, 1, 1, 1, 0, 0, 0, 0, 1]], np.int8))

    found = read(folder)

    assert found.n_abnormal == 3
    assert found.said() == [
        (
            "testing_videos/01",
            "frame_labels_avenue.npy says [1, 4), testing_label_mask says [1, 3)",
        )
    ]
    [(subject, text)] = found.said("info")
    assert subject == "frame_labels_avenue.npy"
    assert text.startswith("agrees with testing_label_mask on 1 of 2 clips")


def test_avenue_vector_cannot_be_cut_while_a_clip_is_unreadable(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    np.save(folder / "frame_labels_avenue.npy", np.zeros(9, np.int8))

    found = opened(folder, {"testing_videos/01": 5})

    assert found.said() == [
        (
            "frame_labels_avenue.npy",
            "it is not used: the frame count of testing_videos/02 is unknown",
        )
    ]


def test_avenue_without_masks_says_what_is_taken_instead(tmp_path: Path) -> None:
    touch(tmp_path, "training_videos/01.avi", "testing_videos/01.avi", "testing_videos/02.avi")
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = np.array([[2], [3]]), np.array([[4], [4]])
    scipy.io.savemat(tmp_path / "avenue.mat", {"gt": cells})

    found = read(tmp_path)

    assert found.truth.source == "avenue.mat"
    assert found.spans == {"testing_videos/01": [(1, 3)], "testing_videos/02": [(3, 4)]}
    [(subject, text)] = found.said("warning")
    assert subject == "testing_label_mask"
    assert "avenue.mat is the ground truth" in text


@pytest.fixture
def in_two_folders(tmp_path: Path) -> Path:
    """Clips 1 and 3 as videos, clip 2 as frames alone; no masks."""
    touch(tmp_path, "training_videos/01.avi", "testing/frames/02/0000.jpg")
    return touch(tmp_path, "testing_videos/01.avi", "testing_videos/03.avi")


def read_three(folder: Path) -> Opened:
    return opened(folder, {"testing_videos/01": 5, "testing/frames/02": 4, "testing_videos/03": 3})


def test_avenue_vector_goes_through_clips_by_number(in_two_folders: Path) -> None:
    labels = np.array([1] * 5 + [0] * 4 + [0] * 3, np.uint8)
    np.save(in_two_folders / "frame_labels_avenue.npy", labels)

    found = read_three(in_two_folders)

    assert found.spans == {
        "testing_videos/01": [(0, 5)],
        "testing/frames/02": [],
        "testing_videos/03": [],
    }


def test_avenue_ranges_go_through_clips_by_number(in_two_folders: Path) -> None:
    cells = np.empty((1, 3), object)
    for i, frame in enumerate((5, 4, 3)):  # the last frame of each
        cells[0, i] = np.array([[frame], [frame]])
    scipy.io.savemat(in_two_folders / "avenue.mat", {"gt": cells})

    found = read_three(in_two_folders)

    assert found.said() == []
    assert found.spans == {
        "testing_videos/01": [(4, 5)],
        "testing/frames/02": [(3, 4)],
        "testing_videos/03": [(2, 3)],
    }


def test_folders_with_videos_of_other_names_are_not_avenue(tmp_path: Path) -> None:
    touch(tmp_path, "training_videos/monday.avi", "testing_videos/tuesday.avi")

    assert name_of(open_dataset(tmp_path)) == "own_clips"


@pytest.mark.shared_data
def test_avenue_real_mask_and_vector(shared_data: Path, tmp_path: Path) -> None:
    """All clips by their published counts; one mask is here, and the vector agrees with it."""
    names = [f"testing_videos/{number:02}" for number in range(1, 22)]
    touch(tmp_path, "training_videos/01.avi", *(f"{name}.avi" for name in names))
    avenue = shared_data / "avenue"
    shutil.copytree(avenue / "testing_label_mask", tmp_path / "testing_label_mask")
    shutil.copy(avenue / "frame_labels_avenue_mnad.npy", tmp_path)

    found = opened(tmp_path, dict(zip(names, COUNTS, strict=True)))

    assert sum(COUNTS) == 15_324
    assert found.spans == {"testing_videos/20": [(64, 144), (167, 241)]}
    assert found.said("info") == [
        (
            "frame_labels_avenue_mnad.npy",
            "agrees with testing_label_mask on 1 of 1 clips, in which testing_label_mask has 154 "
            "abnormal frames",
        )
    ]
    assert {subject for subject, _text in found.said()} == {*names} - {"testing_videos/20"}


@pytest.mark.shared_data
def test_avenue_real_clips_and_mask_through_the_survey(shared_data: Path, tmp_path: Path) -> None:
    events = surveyed(shared_data / "avenue", tmp_path / "out")

    assert events["result"] == [{"values": {"format": "avenue"}}]
    assert [(one["name"], one["part"], one["n_frames"]) for one in events["video"]] == [
        ("testing_videos/20", "test", 273),
        ("training_videos/12", "train", 145),
    ]
    assert events["annotations"] == [
        {
            "source": "testing_label_mask",
            "intervals": {"testing_videos/20": [[64, 144, ""], [167, 241, ""]]},
        }
    ]
    [finding] = events["finding"]
    assert (finding["level"], finding["subject"]) == ("error", "frame_labels_avenue_mnad.npy")
    assert "15,324 labels where 273 are expected" in finding["text"]
