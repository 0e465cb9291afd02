"""CVAT: tasks that show a part of a video or every nth frame, and whose video it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml.data.truth.claims import Annotations
from ml.data.truth.formats import read_annotations
from ml.records import BadInput


def track(label: str, *frames: int, ends: int | None = None, task_id: str = "") -> str:
    boxes = "".join(f'<box frame="{frame}" outside="0"/>' for frame in frames)
    boxes += f'<box frame="{ends}" outside="1"/>' if ends is not None else ""
    owner = f' task_id="{task_id}"' if task_id else ""
    return f'<track label="{label}"{owner}>{boxes}</track>'


def tags(label: str, *frames: int) -> str:
    return "".join(f'<tag label="{label}" frame="{frame}"/>' for frame in frames)


def task(
    *, name: str = "01.mp4", size: int = 60, start: int = 0, stop: int = 299, step: int = 5,
    task_id: str = "1", kind: str = "task",
) -> str:  # fmt: skip
    filtered = f"<frame_filter>step={step}</frame_filter>" if step > 1 else "<frame_filter/>"
    source = f"<source>{name}</source>" if name else ""
    return (
        f"<{kind}><id>{task_id}</id><name>night shift</name><size>{size}</size>"
        f"<start_frame>{start}</start_frame><stop_frame>{stop}</stop_frame>{filtered}"
        "<segments><segment><id>7</id><start>0</start><stop>59</stop></segment></segments>"
        f"<original_size><width>9</width><height>9</height></original_size>{source}</{kind}>"
    )


def read(folder: Path, meta: str, *elements: str) -> Annotations:
    path = folder / "export.xml"
    path.write_text(f"<annotations><meta>{meta}</meta>{''.join(elements)}</annotations>")
    return read_annotations(path)


def spans(found: Annotations) -> list[tuple[int, int]]:
    [claim] = found.claims
    return [(each.start_frame, each.end_frame) for each in claim.intervals or ()]


def test_each_frame_that_is_shown_stands_for_the_step(tmp_path: Path) -> None:
    ended = track("fall", *range(100, 150, 5), ends=150)
    lasting = track("fall", *range(250, 300, 5))
    tagged = tags("fire", *range(60, 90, 5)) + tags("fire", 200)

    found = read(tmp_path, task(), ended, lasting, tagged)

    assert spans(found) == [(60, 90), (100, 150), (200, 205), (250, 300)]
    assert (found.claims[0].step, found.claims[0].n_frames) == (5, None)


def test_a_step_counts_from_the_first_frame_of_the_task(tmp_path: Path) -> None:
    found = read(tmp_path, task(start=3, stop=298), tags("x", 13, 18))

    assert spans(found) == [(13, 23)]
    [warning] = found.findings
    assert warning.text == (
        "only frames 3 to 298 of it can have been annotated; all others count as normal"
    )


def test_frames_that_the_task_does_not_show(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"one frame in 5 from 3 on, but frame 15 is annotated"):
        read(tmp_path, task(start=3), tags("x", 15))


def test_a_filter_that_is_not_understood(tmp_path: Path) -> None:
    meta = task().replace("step=5", "random=5")

    with pytest.raises(BadInput, match="its frame filter 'random=5' is not understood"):
        read(tmp_path, meta, tags("x", 15))


def test_without_a_step_the_size_is_the_videos(tmp_path: Path) -> None:
    found = read(tmp_path, task(step=1, size=300), tags("x", 15))

    assert (found.claims[0].n_frames, found.claims[0].step) == (300, 1)
    assert (spans(found), found.findings) == ([(15, 16)], ())


def test_older_exports_name_the_video_beside_the_task(tmp_path: Path) -> None:
    meta = f"{task(name='', step=1)}<dumped/><source>cam/01.mp4</source>"

    found = read(tmp_path, meta, tags("x", 15))

    assert found.claims[0].path == "cam/01.mp4"


def test_a_job_is_a_part_of_its_video(tmp_path: Path) -> None:
    meta = task(kind="job", name="", step=1, start=100, stop=199)

    found = read(tmp_path, meta, tags("x", 150))

    assert (found.claims[0].path, found.claims[0].n_frames) == ("night shift", None)
    assert "only frames 100 to 199 of it can have been annotated" in found.findings[0].text


def test_a_project_of_tasks_with_steps_of_their_own(tmp_path: Path) -> None:
    tasks = task(task_id="4") + task(task_id="9", name="02.mp4", step=1, size=80)
    tracks = [track("x", 10, 15, task_id="4"), track("normal", 0, 79, task_id="9"),
              track("y", 3, task_id="9")]  # fmt: skip

    found = read(tmp_path, f"<project><tasks>{tasks}</tasks></project>", *tracks)

    said = {
        each.path: ([(i.start_frame, i.end_frame) for i in each.intervals or ()], each.n_frames)
        for each in found.claims
    }
    assert said == {"01.mp4": ([(10, 20)], None), "02.mp4": ([(3, 4)], 80)}


@pytest.mark.parametrize("task_id", ["5", ""])
def test_a_track_of_nobody_knows_which_task(tmp_path: Path, task_id: str) -> None:
    tasks = task(task_id="4") + task(task_id="9", name="02.mp4")

    with pytest.raises(BadInput, match=r"a track belongs to task (5|without a name), and the"):
        read(tmp_path, tasks, track("x", 10, task_id=task_id))


def test_a_track_that_comes_and_goes(tmp_path: Path) -> None:
    boxes = [(10, 0), (20, 1), (50, 0), (51, 0), (60, 1)]
    inner = "".join(f'<polygon frame="{frame}" outside="{out}"/>' for frame, out in boxes)

    found = read(tmp_path, task(step=1), f'<track label="x">{inner}</track>')

    assert spans(found) == [(10, 20), (50, 60)]


def test_how_it_counts_can_be_overridden(tmp_path: Path) -> None:
    read(tmp_path, task(step=1), track("x", 10, ends=20))

    found = read_annotations(tmp_path / "export.xml", options={"base": 1, "end": "inclusive"})

    assert spans(found) == [(9, 20)]


def test_frames_without_a_number(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a <tag> has no number of its frame"):
        read(tmp_path, task(), '<tag label="x" frame="ten"/>')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    text = '<!DOCTYPE a [<!ENTITY x "y">]><annotations><tag frame="1" label="&x;"/></annotations>'
    (tmp_path / "a.xml").write_bytes(text.encode(encoding))

    with pytest.raises(BadInput, match="entities of its own"):
        read_annotations(tmp_path / "a.xml")
