"""The verbs of a job that read ground truth and lists, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io

from tests.patience import PATIENCE

Event = dict[str, Any]
VIDEOS = [
    {"name": "test/a", "n_frames": 100, "part": "test", "fps": 25.0, "sha256": "1", "source": "x"},
    {"name": "test/b", "n_frames": 50, "part": "test", "fps": 25.0, "sha256": "2", "source": "x"},
]


def run(folder: Path, spec: dict[str, Any]) -> tuple[int, dict[str, Event]]:
    """Exit status, and the last event of each name."""
    (folder / "spec.json").write_text(json.dumps(spec))
    events = folder / "events"
    with events.open("wb") as file:
        command = [sys.executable, "-m", "ml", "job", str(folder / "spec.json")]
        done = subprocess.run(
            [*command, "--events-fd", str(file.fileno())],
            pass_fds=[file.fileno()],
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    return done.returncode, {line["event"]: line for line in lines}


def annotate(folder: Path, path: Path, **more: Any) -> tuple[int, dict[str, Event]]:
    return run(folder, {"verb": "annotate", "path": str(path), "videos": VIDEOS} | more)


def test_annotate_tells_the_whole_alignment(tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_text("video,start_frame,end_frame,label\na,60,120,fall\nb,,,\nc,1,2,\n")

    status, events = annotate(
        tmp_path, path, name="gt.csv", reference={"test/a": [[60, 90, ""]], "test/b": []}
    )

    assert status == 0
    found = events["alignment"]["values"]
    assert set(found) == {
        "format", "title", "base", "end", "rate", "rule",
        "findings", "repairs", "rows", "missing",
    }  # fmt: skip
    assert (found["format"], found["base"], found["end"]) == ("interval_table", 0, "exclusive")
    assert found["repairs"] == {
        "clip_to_end": {
            "text": "An interval that reaches past the last frame ends with it.",
            "n_videos": 1,
        },
        "leave_out": {
            "text": "What is said of videos that are not in the dataset is left out.",
            "n_videos": 1,
        },
    }
    first, second, stranger = found["rows"]
    assert first["claimed"] == [[60, 120, "fall"]]
    assert first["intervals"] == [[60, 100, "fall"]]
    assert first["notes"] == [
        {"level": "warning", "text": "The ground truth in force says [60, 90)"}
    ]
    assert (second["is_single_class"], second["repairs"]) == (True, [])
    assert (stranger["video"], stranger["claimed_name"]) == ("", "c")


def test_annotate_takes_options_and_an_order(tmp_path: Path) -> None:
    cells = np.empty((1, 2), object)
    cells[0, 0], cells[0, 1] = np.array([[11], [20]]), np.array([[1], [5]])
    scipy.io.savemat(tmp_path / "gt.mat", {"gt": cells})

    status, events = annotate(
        tmp_path, tmp_path / "gt.mat", options={"base": 0}, order=["test/b", "test/a"]
    )

    assert status == 0
    rows = events["alignment"]["values"]["rows"]
    assert [(row["video"], row["intervals"]) for row in rows] == [
        ("test/b", [[11, 21, ""]]),
        ("test/a", [[1, 6, ""]]),
    ]


@pytest.mark.parametrize("verb", ["annotate", "list_videos"])
def test_a_bad_file_is_the_fault_of_who_sent_it(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "given"
    path.write_bytes(b"PK\x03\x04 and nothing that follows")

    status, events = run(
        tmp_path, {"verb": verb, "path": str(path), "name": "gt.npz", "videos": VIDEOS}
    )

    assert status == 1
    assert events["failed"]["failure"] == "bad_input"
    assert "gt.npz" in events["failed"]["sentence"]


@pytest.mark.soak
def test_an_archive_that_unpacks_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "given.mat"
    scipy.io.savemat(path, {"gt": np.zeros((2, 400_000_000), np.uint8)}, do_compression=True)
    assert path.stat().st_size < 2_000_000

    status, events = annotate(tmp_path, path)

    assert status == 1
    assert events["failed"]["failure"] in ("bad_input", "out_of_memory")


def test_list_videos(tmp_path: Path) -> None:
    path = tmp_path / "given"
    path.write_text("Abuse/Abuse028_x264.mp4 1412 Abuse 165 240 -1 -1\n")

    status, events = run(tmp_path, {"verb": "list_videos", "path": str(path), "name": "l.txt"})

    assert status == 0
    assert events["listed"]["values"] == [
        {"name": "Abuse/Abuse028_x264", "n_frames": 1412, "label": "Abuse", "part": "test"}
    ]


def test_no_torch_and_no_opencv_are_loaded_for_it(tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_text("a.mp4  Abuse  1  2  -1  -1\n")
    code = (
        "import sys; from pathlib import Path; from ml.data.truth.formats import read_annotations; "
        "from ml.data.truth.alignment import align; from ml.data.truth.videos import *; "
        "align(read_annotations(Path(sys.argv[1])), VideoSet([KnownVideo(name='a', n_frames=5)])); "
        "print([name for name in ('torch', 'cv2', 'av', 'django') if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True, text=True, check=True, env=dict(os.environ),
    )  # fmt: skip

    assert done.stdout.strip() == "[]"
