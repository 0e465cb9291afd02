"""Files of ground truth that say themselves how they count, or are written as people write."""

from __future__ import annotations

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


@pytest.mark.parametrize("name", FILES)
def test_through_page_and_rest(case: Case, door: Door, name: str) -> None:
    folder = case(name)
    dataset = door.list_videos(folder / "videos.csv", fps=25)

    drafts = {file: door.bring_truth(dataset, folder / file) for file in FILES[name]}

    assert {file: spans_of(draft.alignment) for file, draft in drafts.items()} == FILES[name]


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
    """Brought as a file; the table beside the clip is read in `test_videos`."""
    folder = case("vfr_seconds")
    dataset = door.register(folder)
    brought = folder.with_name("events.csv")
    brought.write_text("video,start_seconds,end_seconds,label\ntest/01.mp4,65,67,fall\n")

    draft = door.bring_truth(dataset, brought)

    assert spans_of(draft.alignment) == {"01": [[125, 175]]}
