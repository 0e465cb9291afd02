"""Label Studio: whose clock its frames are counted by, and what counts of several words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ml.data.truth.claims import Annotations
from ml.data.truth.formats import read_annotations
from ml.data.truth.videos import KnownVideo
from ml.records import BadInput
from tests.ml.data.truth.laying import align

Json = dict[str, Any]


def timeline(*spans: tuple[int, int], labels: tuple[str, ...] = ("fall",)) -> Json:
    ranges = [{"start": start, "end": end} for start, end in spans]
    return {"ranges": ranges, "timelinelabels": list(labels)}


def box(*keyframes: Json, count: Any = 240, duration: Any = 10.0, label: str = "fall") -> Json:
    value = {"sequence": list(keyframes), "labels": [label]}
    value |= {} if count is None else {"framesCount": count}
    return value | ({} if duration is None else {"duration": duration})


def key(frame: int, enabled: bool = True, time: float | None = None) -> Json:
    return {"frame": frame, "enabled": enabled} | ({} if time is None else {"time": time})


def annotation(*values: Json, **more: Any) -> Json:
    return {"result": [{"type": "t", "value": value} for value in values]} | more


def task(*annotations: Json, video: str = "01.mp4", **more: Any) -> Json:
    return {"data": {"video": video}, "annotations": list(annotations)} | more


def read(folder: Path, *tasks: Any, options: Json | None = None) -> Annotations:
    path = folder / "export.json"
    path.write_text(json.dumps(list(tasks)))
    return read_annotations(path, options=options)


def laid(found: Annotations, n_frames: int, fps: float) -> list[tuple[int, int]]:
    [row] = align(found, [KnownVideo(name="01", n_frames=n_frames, fps=fps)]).rows
    return [(each.start_frame, each.end_frame) for each in row.intervals]


def spans(found: Annotations) -> list[tuple[int, int, str]]:
    [claim] = found.claims
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals or ()]


@pytest.mark.parametrize(
    ("n_frames", "fps", "right"),
    [
        (240, 24.0, (120, 180)),
        (300, 30.0, (150, 225)),
        (250, 25.0, (125, 187)),  # the middle of frame 187 is at 7.5 s
        (100, 10.0, (50, 75)),
    ],
)
def test_boxes_state_their_rate(
    tmp_path: Path, n_frames: int, fps: float, right: tuple[int, int]
) -> None:
    """From 5.0 to 7.5 s, counted at 24 per second: frames 121 to 180 from 1 on."""
    found = read(tmp_path, task(annotation(box(key(121, time=5.0), key(180, False, 7.46)))))

    [claim] = found.claims
    assert (claim.rate, claim.n_frames, claim.duration_seconds) == (24.0, 240, 10.0)
    assert spans(found) == [(120, 180, "fall")]
    assert laid(found, n_frames, fps) == [right]
    assert found.findings == ()


def test_timelines_do_not_state_it_and_ask_for_it(tmp_path: Path) -> None:
    asked = read(tmp_path, task(annotation(timeline((121, 180)))))
    told = read(tmp_path, task(annotation(timeline((121, 180)))), options={"rate": 24})

    [warning] = asked.findings
    assert "state the rate if they are not" in warning.text
    assert "24 per second unless it was set" in warning.text
    assert "01.mp4" in warning.text
    assert laid(asked, 300, 30.0) == [(120, 180)]
    assert told.findings == ()
    assert told.claims[0].rate == 24
    assert laid(told, 300, 30.0) == [(150, 225)]


def test_timelines_beside_boxes_count_as_they_do(tmp_path: Path) -> None:
    found = read(tmp_path, task(annotation(timeline((1, 24)), box(key(25), key(48, False)))))

    assert found.findings == ()
    assert found.claims[0].rate == 24
    assert laid(found, 300, 30.0) == [(0, 30), (30, 60)]


def test_a_count_without_a_duration_is_a_count_and_no_rate(tmp_path: Path) -> None:
    found = read(tmp_path, task(annotation(box(key(1), duration=None))))

    assert (found.claims[0].rate, found.claims[0].n_frames) == (None, 240)
    assert "does not say at which rate" in found.findings[0].text


def test_a_rate_that_is_given_comes_before_the_files_own(tmp_path: Path) -> None:
    found = read(tmp_path, task(annotation(box(key(31), key(60, False)))), options={"rate": 30})

    assert (found.claims[0].rate, found.claims[0].n_frames) == (30, None)
    assert laid(found, 250, 25.0) == [(25, 50)]
    assert found.findings[0].text == "it counts 24 frames per second by its own word"


def test_times_of_keyframes_that_contradict_the_rate_are_told(tmp_path: Path) -> None:
    found = read(tmp_path, task(annotation(box(key(121, time=4.0), key(180, False)))))

    [warning] = found.findings
    assert warning.text == (
        "its keyframe 121 lies at 4 s, but at 24 frames per second, which the file states, at 5 s"
    )


def test_boxes_that_count_at_two_rates(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"01\.mp4: its boxes count frames at 24 and 30/s"):
        read(tmp_path, task(annotation(box(key(1)), box(key(1), count=300))))


@pytest.mark.parametrize(
    ("labels", "right"),
    [(("Normal",), []), (("Normal", "fall"), ["fall"]), (("fall", "fire"), ["fall"])],
)
def test_several_labels_of_a_stretch(
    tmp_path: Path, labels: tuple[str, ...], right: list[str]
) -> None:
    found = read(tmp_path, task(annotation(timeline((1, 9), labels=labels))))

    assert [label for _start, _end, label in spans(found)] == right
    is_told = any("the first that is not normal is taken" in each.text for each in found.findings)
    assert is_told == (len(labels) > 1)


def test_of_several_labels_one_may_be_normal_in_the_dataset(tmp_path: Path) -> None:
    span = timeline((1, 9), labels=("walking", "fall"))

    found = read(tmp_path, task(annotation(span)), options={"normal_labels": ["Walking"]})

    assert spans(found) == [(0, 9, "fall")]


@pytest.mark.parametrize(
    ("value", "intervals", "label"),
    [
        ({"choices": ["Normal"]}, (), "normal"),
        ({"choices": ["fight"]}, None, "fight"),
        ({"choices": ["normal", "fight"]}, None, "fight"),
        ({"taxonomy": [["crime", "fight"]]}, None, "fight"),
        ({"text": ["see above"]}, None, ""),
    ],
)
def test_tasks_with_nothing_but_a_choice(
    tmp_path: Path, value: Json, intervals: Any, label: str
) -> None:
    [claim] = read(tmp_path, task(annotation(value))).claims

    assert (claim.intervals, claim.seconds, claim.label) == (intervals, None, label)


def test_a_choice_beside_stretches_is_the_videos(tmp_path: Path) -> None:
    found = read(tmp_path, task(annotation({"choices": ["Normal"]}, timeline((1, 9)))))

    assert spans(found) == [(0, 9, "fall")]
    assert any("called normal, but with abnormal stretches" in each.text for each in found.findings)


def test_the_newest_annotation_counts_and_others_are_told(tmp_path: Path) -> None:
    old = annotation(timeline((1, 5)), created_at="2026-03-02T10:00:00Z")
    new = annotation(timeline((7, 9)), created_at="2026-03-04T10:00:00Z")
    changed = annotation(timeline((11, 12)), created_at="2026-03-01", updated_at="2026-03-05")
    cancelled = annotation(timeline((1, 2)), created_at="2026-04-01", was_cancelled=True)

    found = read(tmp_path, task(changed, new, cancelled, old))

    assert spans(found) == [(10, 12, "fall")]
    assert "2 older annotations of it differ; the newest is taken" in [
        each.text for each in found.findings
    ]
    assert len(read(tmp_path, task(new, new)).findings) == 1  # they agree: the rate alone


def test_predictions_are_told_and_not_used(tmp_path: Path) -> None:
    open_task = task(video="02.mp4", predictions=[annotation(timeline((1, 5)))])

    found = read(tmp_path, task(annotation(timeline((7, 9)))), open_task)

    assert [claim.path for claim in found.claims] == ["01.mp4"]
    texts = [each.text for each in found.findings]
    assert "what models predicted in 1 task is not used" in texts
    assert "1 of 2 tasks are not annotated and say nothing of their videos" in texts


@pytest.mark.parametrize("wrap", [lambda one: {"tasks": [one]}, lambda one: one])
def test_one_task_and_tasks_in_an_object(tmp_path: Path, wrap: Any) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps(wrap(task(annotation({"start": 1, "end": 2.5, "labels": ["x"]})))))

    assert read_annotations(path).claims[0].seconds == ((1.0, 2.5, "x"),)


def test_the_length_of_a_recording_beside_its_regions(tmp_path: Path) -> None:
    region = {"start": 1, "end": 2, "labels": ["x"], "original_length": 12.5}

    [claim] = read(tmp_path, task(annotation(region))).claims

    assert claim.duration_seconds == 12.5


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (timeline((1.5, 9)), "the start of a range 1.5 is no whole number"),  # type: ignore[arg-type]
        (box(key(1), count=240.5), "framesCount 240.5 is no whole number"),
        (box(key(1), count="many"), "framesCount 'many' is no number"),
        (box({"enabled": True}), "the frame of a box 'None' is no number"),
        ({"start": "a", "end": 2, "labels": []}, "'a' is no number"),
        ("text", "a result has no value that is an object"),
    ],
)
def test_numbers_that_are_none(tmp_path: Path, value: Any, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(tmp_path, task(annotation(value)))


def test_two_tasks_of_one_video(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"two entries are about 01\.mp4"):
        read(tmp_path, task(annotation(timeline((1, 2)))), task(annotation(timeline((3, 4)))))


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("/data/upload/7/0a1b2c3d-night%201.mp4", "night 1.mp4"),
        ("/data/upload/7/0a1b2c3d-20240501-01.mp4", "20240501-01.mp4"),
        ("s3://bucket/20240501-01.mp4", "20240501-01.mp4"),
        ("/data/local-files/?d=cam/deadbeef-01.mp4", "cam/deadbeef-01.mp4"),
        ("/data/local-files/?d=cam%2F01.mp4", "cam/01.mp4"),
        ("s3://bucket/cam/01.mp4", "cam/01.mp4"),
        ("https://host:8080/data/upload/1/0a1b2c3d-01.mp4?token=a/b", "01.mp4"),
        ("https://host/cam/01.mp4#t=3", "cam/01.mp4"),
        ("cam/01.mp4", "cam/01.mp4"),
        ("cam/clip#3.mp4", "cam/clip#3.mp4"),
        ("clip?3.mp4", "clip?3.mp4"),
        ("cam/100%20.mp4", "cam/100%20.mp4"),
        ("/data/upload/7/0a1b2c3d-clip%233.mp4", "clip#3.mp4"),
        ("/data/upload/7/0a1b2c3d-clip#3.mp4", "clip#3.mp4"),
        ("/data/local-files/?d=cam/clip#3.mp4", "cam/clip#3.mp4"),
        ("s3://bucket/cam/clip#3.mp4", "cam/clip#3.mp4"),
        ("file:///C:/cam/clip#3.mp4", "C:/cam/clip#3.mp4"),
    ],
)
def test_addresses(tmp_path: Path, address: str, path: str) -> None:
    [claim] = read(tmp_path, task(annotation(timeline((1, 2))), video=address)).claims

    assert claim.path == path
