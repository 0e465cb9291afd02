"""Exports of labelling tools: what they say of a video, and where they say nothing."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data.truth.claims import Annotations
from ml.data.truth.formats import read_annotations
from ml.data.truth.formats.cvat import united
from ml.records import BadInput, Interval, frame_labels

RANGE = {"ranges": [{"start": 61, "end": 180}], "timelinelabels": ["fall"]}


def label_studio(folder: Path, *values: dict[str, Any], data: Any = None) -> Annotations:
    results = [{"type": "whatever", "value": value} for value in values]
    task = {"data": data or {"video": "01.mp4"}, "annotations": [{"result": results}]}
    path = folder / "export.json"
    path.write_text(json.dumps([task]))
    return read_annotations(path)


def spans(annotations: Annotations) -> list[tuple[int, int, str]]:
    [claim] = annotations.claims
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals or ()]


def box(*keyframes: tuple[int, bool], count: int = 200, label: str = "fall") -> dict[str, Any]:
    sequence = [{"frame": frame, "enabled": enabled, "x": 1} for frame, enabled in keyframes]
    return {"framesCount": count, "sequence": sequence, "labels": [label]}


@pytest.mark.parametrize(
    ("keyframes", "expected"),
    [
        ([(61, True), (180, False)], [(60, 180)]),
        ([(61, True), (90, True), (180, False)], [(60, 180)]),
        ([(61, True)], [(60, 200)]),  # nobody said where it ends
        ([(61, False)], [(60, 61)]),
        ([(10, True), (20, False), (50, True), (60, False)], [(9, 20), (49, 60)]),
        ([(50, True), (60, False), (10, True), (20, False)], [(9, 20), (49, 60)]),
    ],
)
def test_label_studio_boxes(
    tmp_path: Path, keyframes: list[tuple[int, bool]], expected: list[tuple[int, int]]
) -> None:
    found = label_studio(tmp_path, box(*keyframes))

    assert spans(found) == [(start, end, "fall") for start, end in expected]


def test_label_studio_boxes_beside_ranges(tmp_path: Path) -> None:
    found = label_studio(tmp_path, RANGE, box((5, True), (9, False), label="fire"))

    assert spans(found) == [(60, 180, "fall"), (4, 9, "fire")]


@pytest.mark.parametrize(
    ("data", "folder", "name"),
    [
        ({"video": "/data/upload/1/0a1b2c3d-01.mp4"}, "", "01"),
        ({"video": "/data/local-files/?d=cam/01.mp4"}, "cam", "01"),
        ({"video": "/data/local-files/?d=cam%2Fnight%201.mp4"}, "cam", "night 1"),
        ({"video": "https://host/a/01.mp4?token=x"}, "a", "01"),
        ({"id": 7, "clip": "cam/01.avi"}, "cam", "01"),
    ],
)
def test_label_studio_addresses(
    tmp_path: Path, data: dict[str, Any], folder: str, name: str
) -> None:
    [claim] = label_studio(tmp_path, RANGE, data=data).claims

    assert (claim.folder, claim.name) == (folder, name)


def test_label_studio_without_a_video(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a task names no video"):
        label_studio(tmp_path, RANGE, data={"text": "hello"})


def test_a_task_that_nobody_annotated_says_nothing(tmp_path: Path) -> None:
    tasks = [
        {"data": {"video": "a.mp4"}, "annotations": [{"result": [{"value": RANGE}]}]},
        {"data": {"video": "b.mp4"}, "annotations": []},
        {"data": {"video": "c.mp4"}, "annotations": [{"result": [], "was_cancelled": True}]},
        {"data": {"video": "d.mp4"}, "annotations": [{"result": []}]},
    ]
    path = tmp_path / "export.json"
    path.write_text("\ufeff" + json.dumps(tasks))

    found = read_annotations(path)

    assert [(claim.name, len(claim.intervals or ())) for claim in found.claims] == [
        ("a", 1),
        ("d", 0),  # looked at, and normal
    ]
    finding, clock = found.findings
    assert finding.text == "2 of 4 tasks are not annotated and say nothing of their videos"
    assert clock.text.startswith("the file does not say at which rate its frames are counted")


def test_regions_that_have_no_time_are_not_normal(tmp_path: Path) -> None:
    [claim] = label_studio(tmp_path, {"choices": ["fight"]}).claims

    assert claim.intervals is None


def test_frames_and_seconds_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="both ranges of frames and regions in seconds"):
        label_studio(tmp_path, RANGE, {"start": 1.0, "end": 2.0})


IMAGES = '<annotations><image id="0" name="a.png"><box label="fall" xtl="0"/></image></annotations>'
JOB = """<annotations><meta><job><size>100</size><labels><label><name>fall</name></label></labels>
</job></meta><track label="fall"><box frame="3" outside="0"/><box frame="9" outside="1"/></track>
</annotations>"""


def test_cvat_for_images_is_not_taken_for_a_normal_video(tmp_path: Path) -> None:
    path = tmp_path / "annotations.xml"
    path.write_text(IMAGES)

    with pytest.raises(BadInput, match=r"CVAT's export for images: take CVAT for video 1\.1"):
        read_annotations(path)


def test_cvat_of_a_job_is_named_by_its_file_and_not_by_a_label(tmp_path: Path) -> None:
    path = tmp_path / "night.xml"
    path.write_text(JOB)

    found = read_annotations(path, name="night.mp4")

    assert found.claims[0].name == "night"
    assert spans(found) == [(3, 9, "fall")]


@given(st.lists(st.tuples(st.integers(0, 80), st.integers(1, 30)), max_size=8))
def test_united_spans_cover_the_same_frames(pairs: list[tuple[int, int]]) -> None:
    given_ = [Interval(start_frame=start, end_frame=start + n) for start, n in pairs]

    found = united(given_)

    assert (frame_labels(found, 120) == frame_labels(given_, 120)).all()
    assert all(a.end_frame < b.start_frame for a, b in itertools.pairwise(found))


def test_our_json_says_how_it_counts(tmp_path: Path) -> None:
    path = tmp_path / "gt.json"
    path.write_text('{"base": 1, "end": "inclusive", "rate": 30, "videos": {"a": [[61, 180]]}}')

    stated = read_annotations(path)
    told = read_annotations(path, options={"base": 0})

    assert (stated.reading.base, stated.reading.end, stated.reading.rate) == (1, "inclusive", 30)
    assert spans(stated) == [(60, 180, "")]
    assert (told.reading.base, told.reading.end) == (0, "inclusive")
    assert spans(told) == [(61, 181, "")]


def test_a_manifest_of_ours_is_ground_truth(tmp_path: Path) -> None:
    intervals = [{"start_frame": 60, "end_frame": 180, "label": "running"}]
    videos = [{"id": "test/01", "path": "/x/01.mp4", "n_frames": 200, "intervals": intervals}]
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps({"videos": videos}))

    found = read_annotations(path)

    assert (found.claims[0].folder, found.claims[0].name) == ("test", "01")
    assert found.claims[0].n_frames == 200
    assert spans(found) == [(60, 180, "running")]
