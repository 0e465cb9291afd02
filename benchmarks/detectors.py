"""What the detectors of persons find on real videos, and how long they take.

    python -m benchmarks.detectors --data FOLDER [--packages FOLDER]

No video of the folder has boxes of its persons, so three things are measured that are there:

* Ped2, whose masks mark what is abnormal, mostly persons on bicycles and skateboards: the share of
  those objects that a box covers (recall), and the share of boxes in which something moves, as the
  difference to the median frame shows it (a bound of precision: where nothing moves is nobody).
* `vtest.avi`: agreement with the largest network, at an intersection over union of half. That is no
  truth, but another opinion.
* Staged shoplifting, one or more persons in every frame: frames in which somebody is found.

`--packages` is where a package with weights was installed, to be added to Python's path.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.report import save
from ml.data.video.decode import decode
from ml.detectors import Boxes, Detector, create_detector, overlaps
from ml.records import BadInput, VideoRecord

Frame = NDArray[np.uint8]
CONFIGS: dict[str, tuple[str, dict[str, Any]]] = {
    "HOG, as it is": ("hog", {"person_height": 128}),
    "HOG, persons of 64 pixels": ("hog", {"person_height": 64}),
    "YOLOv3-tiny, 416": ("yolov3_tiny", {}),
    "YOLOv3-tiny, 608": ("yolov3_tiny", {"input_size": 608}),
}
OPINION = "YOLOv3-tiny, 608"
EVERY = {"ped2": 20, "vtest": 40, "staged": 40}  # frames
SMALLEST_OBJECT = 60  # pixels of a mask
COVERED = 0.5  # of an object's pixels
SAME = 0.5  # intersection over union
MOVES = 15  # grey values from the median frame
MOVING_SHARE = 0.1  # of a box's pixels


@dataclass
class Counts:
    n_frames: int = 0
    n_boxes: int = 0
    n_moving: int = 0
    n_objects: int = 0
    n_covered: int = 0
    n_with_somebody: int = 0
    n_agreeing: int = 0
    n_theirs: int = 0
    n_theirs_found: int = 0
    seconds: float = 0.0
    boxes: list[Boxes] = field(default_factory=list)

    def add(self, boxes: Boxes, seconds: float) -> None:
        self.n_frames += 1
        self.n_boxes += len(boxes)
        self.n_with_somebody += bool(len(boxes))
        self.seconds += seconds
        self.boxes.append(boxes)


def frames_of(path: Path, every: int) -> Iterator[tuple[int, Frame]]:
    numbered = enumerate(decode(VideoRecord(id=path.stem, path=str(path))))
    return islice(numbered, 0, None, every)


def looked(detector: Detector, frame: Frame, counts: Counts) -> Boxes:
    began = time.process_time()
    boxes = detector.detect(frame).boxes
    counts.add(boxes, time.process_time() - began)
    return boxes


def ped2(detector: Detector, data: Path) -> Counts:
    counts = Counts()
    masks = np.load(data / "gt" / "ped2_pixel_masks.npz")
    for path in sorted((data / "testing").glob("*.mp4")):
        frames = list(frames_of(path, EVERY["ped2"]))
        still = np.median(np.stack([frame for _number, frame in frames]), axis=0)
        for number, frame in frames:
            boxes = looked(detector, frame, counts)
            is_moving = np.abs(frame - still).max(axis=2) > MOVES
            counts.n_moving += sum(inside(is_moving, box).mean() > MOVING_SHARE for box in boxes)
            for mask in objects(masks[path.stem][number]):
                shares = [inside(mask, box).sum() / mask.sum() for box in boxes]
                counts.n_objects += 1
                counts.n_covered += max(shares, default=0) >= COVERED
    return counts


def objects(mask: NDArray[np.uint8]) -> Iterator[NDArray[np.bool_]]:
    n_parts, parts = cv2.connectedComponents((mask > 0).astype(np.uint8))
    for part in range(1, n_parts):
        if np.count_nonzero(parts == part) >= SMALLEST_OBJECT:
            yield parts == part


def inside(values: NDArray[Any], box: NDArray[np.float64]) -> NDArray[Any]:
    left, top, right, bottom = np.rint(box).astype(int).tolist()
    return values[top : max(bottom, top + 1), left : max(right, left + 1)]


def somewhere(detector: Detector, paths: list[Path], every: int) -> Counts:
    counts = Counts()
    for path in paths:
        for _number, frame in frames_of(path, every):
            looked(detector, frame, counts)
    return counts


def compare(counts: Counts, theirs: Counts) -> None:
    """Agreement with an opinion of the same frames."""
    for ours, other in zip(counts.boxes, theirs.boxes, strict=True):
        counts.n_theirs += len(other)
        if len(ours) and len(other):
            is_same = overlaps(ours, other) >= SAME
            counts.n_agreeing += int(is_same.any(axis=1).sum())
            counts.n_theirs_found += int(is_same.any(axis=0).sum())


def ratio(part: float, whole: float) -> float | None:
    return round(part / whole, 3) if whole else None


def rows_of(detector: Detector, data: Path, theirs: Counts | None) -> dict[str, Any]:
    on_ped2 = ped2(detector, data / "ped2")
    vtest = somewhere(detector, [data / "videos" / "vtest.avi"], EVERY["vtest"])
    staged = somewhere(
        detector, sorted((data / "shoplifting").glob("staged*/*.avi")), EVERY["staged"]
    )
    if theirs:
        compare(vtest, theirs)
    n_frames = on_ped2.n_frames + vtest.n_frames + staged.n_frames
    return {
        "ped2_frames": on_ped2.n_frames,
        "ped2_boxes": on_ped2.n_boxes,
        "ped2_objects": on_ped2.n_objects,
        "ped2_recall": ratio(on_ped2.n_covered, on_ped2.n_objects),
        "ped2_moving": ratio(on_ped2.n_moving, on_ped2.n_boxes),
        "vtest_frames": vtest.n_frames,
        "vtest_boxes_per_frame": ratio(vtest.n_boxes, vtest.n_frames),
        "vtest_agreeing": ratio(vtest.n_agreeing, vtest.n_boxes),
        "vtest_theirs_found": ratio(vtest.n_theirs_found, vtest.n_theirs),
        "staged_frames": staged.n_frames,
        "staged_with_somebody": ratio(staged.n_with_somebody, staged.n_frames),
        "staged_boxes_per_frame": ratio(staged.n_boxes, staged.n_frames),
        "cpu_ms_per_frame": round(
            1000 * (on_ped2.seconds + vtest.seconds + staged.seconds) / n_frames
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--packages", type=Path)
    options = parser.parse_args()
    if options.packages:
        sys.path.append(str(options.packages))
    vtest = [options.data / "videos" / "vtest.avi"]
    theirs, found = None, {}
    try:
        name, config = CONFIGS[OPINION]
        theirs = somewhere(create_detector(name, config, {}), vtest, EVERY["vtest"])
    except BadInput as error:
        print(error)
    for title, (name, config) in CONFIGS.items():
        try:
            found[title] = rows_of(create_detector(name, config, {}), options.data, theirs)
        except BadInput as error:
            found[title] = {"lacks": str(error)}
        print(title, found[title], flush=True)
    save("detectors", {"every": EVERY, "detectors": found})


if __name__ == "__main__":
    main()
