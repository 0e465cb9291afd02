from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.layouts import open_dataset
from ml.records import intervals_of
from tests import toys
from tests.ml.data.layouts.reading import name_of, opened, pairs, surveyed, touch

FRAME_MASKS = "testing/test_frame_mask"
PIXEL_MASKS = "testing/test_pixel_mask"


def mask(folder: Path, name: str, values: Any) -> None:
    path = folder / f"{name}.npy"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.save(path, np.asarray(values, np.uint8))


def dataset(folder: Path) -> Path:
    """As published: training videos, folders of test frames."""
    touch(folder, "training/videos/01_001.avi", "training/videos/01_014.avi")
    touch(folder, "testing/frames/01_0014/000.jpg", "testing/frames/02_0128/000.jpg")
    mask(folder, f"{FRAME_MASKS}/01_0014", [0, 1, 1, 0])
    mask(folder, f"{FRAME_MASKS}/02_0128", [0, 0, 0, 0])
    return folder


def test_shanghaitech_frame_masks_and_the_published_rate(tmp_path: Path) -> None:
    found = opened(dataset(tmp_path), 4)

    assert found.format == "shanghaitech"
    assert [(video.name, video.part, video.label, video.fps) for video in found.videos] == [
        ("testing/frames/01_0014", "test", "", 24.0),
        ("testing/frames/02_0128", "test", "", 24.0),
        ("training/videos/01_001", "train", "normal", None),
        ("training/videos/01_014", "train", "normal", None),
    ]
    assert found.truth.source == "test_frame_mask"
    assert found.spans == {"testing/frames/01_0014": [(1, 3)], "testing/frames/02_0128": []}
    assert found.findings == []


def test_shanghaitech_ids_of_3_and_4_digits_stay_two(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    (folder / FRAME_MASKS / "01_0014.npy").rename(folder / FRAME_MASKS / "01_014.npy")

    found = opened(folder, 4)

    assert found.spans == {"testing/frames/02_0128": []}
    assert found.said() == [
        (
            "test_frame_mask",
            "annotates 1 clip not in the dataset: 01_014 (01_014: no clip lies there; of that "
            "name there is training/videos/01_014)",
        ),
        (
            "testing/frames/01_0014",
            "nothing says where this test clip is abnormal, so it counts as normal throughout",
        ),
    ]


def test_shanghaitech_mask_of_another_length_is_not_stored(tmp_path: Path) -> None:
    found = opened(dataset(tmp_path), {"testing/frames/01_0014": 5, "testing/frames/02_0128": 4})

    assert found.spans == {"testing/frames/02_0128": []}
    assert found.said()[0] == (
        "testing/frames/01_0014",
        "01_0014.npy: 4 labels where the clip has 5 frames; not stored",
    )


def test_shanghaitech_pixel_masks_are_compared(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    pixels = np.zeros((4, 3, 5))
    pixels[1:4, 2, 2] = 1
    mask(folder, f"{PIXEL_MASKS}/01_0014", pixels)
    mask(folder, f"{PIXEL_MASKS}/02_0128", np.zeros((4, 3, 5)))

    found = opened(folder, 4)

    assert found.spans["testing/frames/01_0014"] == [(1, 3)]
    assert found.said() == [
        ("testing/frames/01_0014", "test_pixel_mask says [1, 4), test_frame_mask says [1, 3)")
    ]
    assert "on 1 of 2 clips" in found.said("info")[0][1]


def test_shanghaitech_pixel_masks_alone_are_the_ground_truth(tmp_path: Path) -> None:
    touch(tmp_path, "training/frames/01_001/000.jpg", "testing/frames/01_0014/000.jpg")
    mask(tmp_path, f"{PIXEL_MASKS}/01_0014", np.ones((2, 3, 5)))

    found = opened(tmp_path, 2)

    assert found.truth.source == "test_pixel_mask"
    assert found.spans == {"testing/frames/01_0014": [(0, 2)]}


def test_shanghaitech_without_masks_is_known_by_its_ids(tmp_path: Path) -> None:
    touch(tmp_path, "training/videos/01_001.avi", "testing/frames/01_0014/000.jpg")

    found = opened(tmp_path, 2)

    assert found.format == "shanghaitech"
    assert (found.truth.source, found.spans) == ("", {})


def test_shanghaitech_vector_goes_through_clips_by_id(tmp_path: Path) -> None:
    touch(tmp_path, "training/videos/01_001.avi")
    touch(tmp_path, "testing/videos/01_0014.avi", "testing/frames/01_0015/000.jpg")
    mask(tmp_path, "vector", [1] * 5 + [0] * 4)

    found = opened(tmp_path, {"testing/videos/01_0014": 5, "testing/frames/01_0015": 4})

    assert found.spans == {"testing/videos/01_0014": [(0, 5)], "testing/frames/01_0015": []}


def test_folders_with_other_ids_are_not_shanghaitech(tmp_path: Path) -> None:
    touch(tmp_path, "training/videos/monday.avi", "testing/frames/01_0014/000.jpg")

    assert name_of(open_dataset(tmp_path)) == "folder"


def test_shanghaitech_clip_as_video_and_as_frames_is_taken_once(tmp_path: Path) -> None:
    touch(dataset(tmp_path), "training/frames/01_001/000.jpg", "testing/videos/02_0128.avi")

    found = opened(tmp_path, 4)

    names = [video.name for video in found.videos]
    assert "training/frames/01_001" in names
    assert not {"training/videos/01_001", "testing/videos/02_0128"} & {*names}
    assert found.said("info")[0][1].startswith(
        "there both as a video and as frames, of which the frames are taken: 2 clips"
    )


@pytest.mark.shared_data
def test_shanghaitech_all_real_masks_and_the_real_vector(shared_data: Path, tmp_path: Path) -> None:
    """107 test clips by name and count: 40,791 frames, 17,326 of them abnormal."""
    real = shared_data / "shanghaitech"
    masks = {path.stem: np.load(path) for path in sorted((real / "test_frame_mask").glob("*.npy"))}
    touch(tmp_path, "training/videos/01_001.avi")
    touch(tmp_path, *(f"testing/frames/{name}/000.jpg" for name in masks))
    for name, labels in masks.items():
        mask(tmp_path, f"{FRAME_MASKS}/{name}", labels)
    vector = "frame_labels_shanghai_mnad_original_split.npy"
    (tmp_path / vector).write_bytes((real / vector).read_bytes())

    counts = {f"testing/frames/{name}": len(labels) for name, labels in masks.items()}
    found = opened(tmp_path, counts)

    assert (len(masks), sum(counts.values()), found.n_abnormal) == (107, 40_791, 17_326)
    assert [(each.level, each.subject) for each in found.findings] == [("info", vector)]
    assert "agrees with test_frame_mask on 107 of 107 clips" in found.findings[0].text


@pytest.mark.shared_data
def test_shanghaitech_real_masks_through_the_survey(shared_data: Path, tmp_path: Path) -> None:
    """Small frames in the published layout, with the first labels of real masks."""
    folder, n_frames = tmp_path / "data", 100
    real = shared_data / "shanghaitech" / "test_frame_mask"
    labels = {name: np.load(real / f"{name}.npy")[:n_frames] for name in ("01_0162", "03_0061")}
    toys.moving_square_video(folder / "training" / "videos" / "01_001.mp4", 12)
    for start, (name, of_clip) in enumerate(labels.items()):
        frames = toys.toy_frames(n_frames, start=start)
        toys.write_images(folder / "testing" / "frames" / name, frames, suffix=".jpg")
        mask(folder, f"{FRAME_MASKS}/{name}", of_clip)

    events = surveyed(folder, tmp_path / "out")

    assert events["result"] == [{"values": {"format": "shanghaitech"}}]
    facts = [(one["name"], one["n_frames"], one["fps"]) for one in events["video"]]
    assert facts[:2] == [
        ("testing/frames/01_0162", n_frames, pytest.approx(24)),
        ("testing/frames/03_0061", n_frames, pytest.approx(24)),
    ]
    assert "finding" not in events
    stored = {
        name: [(start, end) for start, end, _label in spans]
        for name, spans in events["annotations"][0]["intervals"].items()
    }
    assert stored == {
        f"testing/frames/{name}": pairs(intervals_of(of_clip)) for name, of_clip in labels.items()
    }
    assert any(stored.values())
