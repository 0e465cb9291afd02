"""Videos and folders of frames as cameras, recorders and people leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml.data.survey import survey
from ml.events import Event, Reporter
from tests.cases.conftest import Case, Door, said


def surveyed(folder: Path) -> tuple[dict[str, Event], dict[str, Any], str]:
    """Videos by name, intervals by name and all findings as one text, as `ml survey` has them."""
    events: list[Event] = []
    spec = {"folder": str(folder), "out_dir": str(folder.with_name("out"))}
    survey(spec, Reporter(lambda event: events.append(json.loads(json.dumps(event)))))
    videos = {each["name"]: each for each in events if each["event"] == "video"}
    truth = next((each["intervals"] for each in events if each["event"] == "annotations"), {})
    lines = (
        f"{each['level']} {each['subject']}: {each['text']}"
        for each in events
        if each["event"] == "finding"
    )
    return videos, truth, "\n".join(lines)


def test_dropped_places_at_the_end_and_in_the_middle(case: Case) -> None:
    folder = case("avi_dropped_tail")

    end = said("probe", folder.with_suffix(".avi"))
    middle = said("probe", folder.with_name("avi_dropped_tail_middle.avi"))

    assert (end["n_frames"], middle["n_frames"]) == (60, 90)
    assert "40" in " ".join(end["warnings"])
    assert "10" in " ".join(middle["warnings"])
    assert middle["is_variable_rate"]
    assert middle["duration_seconds"] == 4.0


def test_segments_that_are_joined(case: Case) -> None:
    videos, truth, _told = surveyed(case("concatenated_ts"))

    found = videos["test/01"]
    assert (found["n_frames"], round(found["fps"], 6)) == (400, 25.0)
    assert round(found["duration_seconds"], 6) == 16.0
    assert truth["test/01"] == [[250, 300, "fall"]]


def test_two_bursts(case: Case) -> None:
    _videos, truth, _told = surveyed(case("vfr_seconds"))

    assert truth["test/01"] == [[125, 175, "fall"]]


def test_endings_of_recorders(case: Case) -> None:
    videos, truth, told = surveyed(case("endings"))

    assert truth["test/01"] == truth["test/02"] == [[10, 20, "fall"]]
    for name in ("cam.asf", "cam.vob", "cam.3g2", "cam.h264"):
        assert f"test/{name}" in videos or name in told
    assert all(
        each["reason"] or each["n_frames"] == 50
        for each in videos.values()
        if each["name"].startswith("test/cam")
    )


def test_folders_of_frames(case: Case) -> None:
    videos, truth, told = surveyed(case("frame_folders"))

    counts = {name: found["n_frames"] for name, found in videos.items()}
    assert counts == {"train/a": 60, "test/gap": 97, "test/twice": 50, "test/extra": 50}
    assert "error test/gap" in told
    assert "30" in told
    assert "32" in told
    assert "test/twice" in told
    assert "background.jpg" in told
    assert "cover.png" in told
    assert truth.get("test/gap", []) == []  # frame 60 is picture 63 now, until somebody decides
    assert truth["test/extra"] == truth["test/twice"] == [[30, 40, "fall"]]


def test_deep_pixels(case: Case) -> None:
    videos, _truth, told = surveyed(case("deep_pixels"))

    assert videos["test/thermal"]["status"] == "ready"
    assert "test/thermal" in told
    assert videos["test/floats"]["status"] == "rejected"
    assert "float" in videos["test/floats"]["reason"]


def test_through_page_and_rest(case: Case, door: Door) -> None:
    dataset = door.register(case("concatenated_ts"))

    video = dataset.videos.get(name="test/01")
    assert (video.n_frames, round(video.fps, 6)) == (400, 25.0)
    truth = dataset.ground_truth
    assert truth is not None
    assert list(truth.intervals.values_list("start_frame", "end_frame")) == [(250, 300)]
