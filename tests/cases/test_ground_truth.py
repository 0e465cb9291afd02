"""Files of ground truth that say themselves how they count, or are written as people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cases.conftest import Case, Door, said

Spans = dict[str, list[list[int]]]
FALL = {"01": [[60, 180]], "02": []}
FILES = {
    "normal_labels": {
        "table.csv": FALL,
        "intervals.json": FALL,
        "times.csv": {"01": [[60, 180]]},
        "label_studio.json": FALL,
        "cvat.xml": {"02": []},
    },
    "csv_variants": {
        "semicolon.csv": FALL,
        "tab.csv": FALL,
        "decimal_comma.csv": FALL,
        "utf16.csv": FALL,
        "floats.csv": FALL,
        "clock_decimal_comma.csv": {"01": [[60, 180]]},
        "clock_name_with_space.csv": {},  # names no video of this dataset, and says so
    },
    "labelstudio_framescount": {"export.json": {"01": [[50, 100]]}},
    "cvat_step": {"task.xml": {"01": [[100, 150], [250, 300]]}},
}
EACH = [
    pytest.param(case, file, right, id=f"{case}-{file}")
    for case, files in FILES.items()
    for file, right in files.items()
]
ONE_OF_EACH = [
    ("normal_labels", "label_studio.json"),
    ("csv_variants", "decimal_comma.csv"),
    ("labelstudio_framescount", "export.json"),
    ("cvat_step", "task.xml"),
]


def spans_of(alignment: dict[str, Any]) -> Spans:
    """By the last part of the video's name."""
    return {
        row["video"].rpartition("/")[2]: [span[:2] for span in row["intervals"]]
        for row in alignment["rows"]
        if row["video"]
    }


@pytest.mark.parametrize(("name", "file", "right"), EACH)
def test_on_the_command_line(case: Case, name: str, file: str, right: Spans) -> None:
    folder = case(name)

    found = said(
        "annotations", folder / file, "--videos", folder / "videos.csv", "--fps", "25", "--json"
    )

    assert spans_of(found) == right
    if not right:
        assert "It names no video of this dataset" in [each["text"] for each in found["findings"]]


@pytest.mark.parametrize(("name", "file"), ONE_OF_EACH)
def test_through_page_and_rest(case: Case, door: Door, name: str, file: str) -> None:
    folder = case(name)
    dataset = door.list_videos(folder / "videos.csv", fps=25)

    door.bring_truth(dataset, folder / file)

    draft = dataset.annotation_imports.get()
    assert draft.state == "draft", draft.job and draft.job.reason
    assert spans_of(draft.alignment) == FILES[name][file]


def test_a_manifest_marks_its_normal_stretches(case: Case, door: Door) -> None:
    """As the case says: `0:60:normal; 60:180:fall` in a manifest."""
    folder = case("frame_folders")
    for path in folder.glob("test/*.csv"):
        path.unlink()
    rows = ["name,part,label,intervals", "train/a,train,normal,"]
    rows.append("test/twice,test,,0:30:normal; 30:40:fall")
    (folder / "manifest.csv").write_text("\n".join(rows))

    dataset = door.register(folder)

    truth = dataset.ground_truth
    assert truth is not None
    stored = truth.intervals.values_list("video__name", "start_frame", "end_frame", "label")
    assert list(stored) == [("test/twice", 30, 40, "fall")]


def test_times_of_a_camera_that_records_on_motion(case: Case, door: Door) -> None:
    """In a table beside the clip, and once more as a file that is brought."""
    folder = case("vfr_seconds")
    dataset = door.register(folder)
    truth = dataset.ground_truth
    assert truth is not None
    assert list(truth.intervals.values_list("start_frame", "end_frame")) == [(125, 175)]

    brought = Path(folder.parent / "events.csv")
    brought.write_text("video,start_seconds,end_seconds,label\ntest/01.mp4,65,67,fall\n")
    door.bring_truth(dataset, brought)

    assert spans_of(dataset.annotation_imports.get().alignment) == {"01": [[125, 175]]}
