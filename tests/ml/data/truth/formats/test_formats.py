"""Formats of which there is no real file here, and what may be wrong with any of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
from hypothesis import given
from hypothesis import strategies as st

from ml.data.truth.claims import Reading
from ml.data.truth.formats import load_formats, read_annotations
from ml.records import BadInput, Interval


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def spans(claim: Any) -> list[tuple[int, int, str]]:
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals]


def test_every_format_says_what_it_is() -> None:
    for name, kind in load_formats().items():
        assert kind.title, name
        assert kind.__module__.endswith(name)
    assert len(load_formats()) >= 20


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_empty_files(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match=r"is empty|no ground truth"):
        read_annotations(write(tmp_path, "a.txt", text))


def test_a_git_lfs_pointer(tmp_path: Path) -> None:
    text = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
    with pytest.raises(BadInput, match="Git LFS pointer"):
        read_annotations(write(tmp_path, "gt.npy", text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"gone\.txt does not exist"):
        read_annotations(tmp_path / "gone.txt")


def test_a_pickled_array_is_never_loaded(tmp_path: Path) -> None:
    path = tmp_path / "gt.npy"
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(BadInput, match="cannot be read as an array of numbers"):
        read_annotations(path)


def test_a_vector_with_other_values(tmp_path: Path) -> None:
    path = tmp_path / "gt.npy"
    np.save(path, np.array([0, 1, 2]))
    with pytest.raises(BadInput, match="values other than 0 and 1"):
        read_annotations(path)


@pytest.mark.parametrize("shape", [(5,), (1, 5), (5, 1)])
def test_vectors_of_all_shapes(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = tmp_path / "anything.dat"
    with path.open("wb") as file:
        np.save(file, np.array([0, 1, 1, 0, 1], float).reshape(shape))

    found = read_annotations(path)

    assert found.vector is not None
    assert found.vector.tolist() == [0, 1, 1, 0, 1]


def test_line_endings_and_byte_order_mark_of_windows(tmp_path: Path) -> None:
    text = "\ufeffAbuse028_x264.mp4  Abuse  165  240  -1  -1  \r\nb.mp4  Arson  1  2  -1  -1\r\n"

    found = read_annotations(write(tmp_path, "a.txt", text))

    assert [claim.name for claim in found.claims] == ["Abuse028_x264", "b"]
    assert spans(found.claims[0]) == [(165, 240, "Abuse")]


def test_a_line_that_does_not_fit_is_told(tmp_path: Path) -> None:
    lines = [f"Abuse{n:03}_x264.mp4  Abuse  1  2  -1  -1" for n in range(20)]
    lines[4] = "what is this"

    found = read_annotations(write(tmp_path, "a.txt", "\n".join(lines)))

    assert len(found.claims) == 19
    [finding] = found.findings
    assert (finding.level, finding.text) == ("error", "line 5 is not understood: 'what is this'")


def test_latin_1_is_read(tmp_path: Path) -> None:
    line = "Am\u00e9lie.2001__#00-01-02_label_B1-0-0 3 9\n"

    found = read_annotations(write(tmp_path, "a.txt", line.encode("latin-1")))

    assert found.claims[0].name.startswith("Am\u00e9lie")


def test_an_odd_number_of_frames(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="3 numbers are no pairs"):
        read_annotations(write(tmp_path, "a.txt", "v=x__#1_label_B4-0-0 0 15 20\n"))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (165, 240)),
        ({"base": 1}, (164, 239)),
        ({"base": 1, "end": "inclusive"}, (164, 240)),  # as the authors' script takes it
        ({"end": "inclusive"}, (165, 241)),
    ],
)
def test_options_override_how_a_format_counts(
    tmp_path: Path, options: dict[str, Any], expected: tuple[int, int]
) -> None:
    path = write(tmp_path, "a.txt", "Abuse028_x264.mp4  Abuse  165  240  -1  -1\n")

    [claim] = read_annotations(path, options=options).claims

    assert spans(claim) == [(*expected, "Abuse")]


@pytest.mark.parametrize(
    "options", [{"base": 2}, {"end": "later"}, {"rate": 0}, {"rate": "30"}, {"offset": 1}]
)
def test_options_that_cannot_be_meant(tmp_path: Path, options: dict[str, Any]) -> None:
    path = write(tmp_path, "a.txt", "Abuse028_x264.mp4  Abuse  165  240  -1  -1\n")
    with pytest.raises(BadInput, match=next(iter(options))):
        read_annotations(path, options=options)


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([0, 1]),
    st.sampled_from(["inclusive", "exclusive"]),
)  # fmt: skip
def test_counting_goes_both_ways(start: int, length: int, base: int, end: str) -> None:
    """Written as the convention has it, an interval comes back as it was."""
    reading = Reading(base=base, end=end)  # type: ignore[arg-type]
    written_end = start + length + base - (1 if end == "inclusive" else 0)

    interval = reading.interval(start + base, written_end)

    assert interval == Interval(start_frame=start, end_frame=start + length)


def test_ucf_structs_of_matlab(tmp_path: Path) -> None:
    anno = np.array([[165, 240]], np.uint8)  # small types overflow when one is taken off 0
    struct = {"VideoName": "Abuse028_x264", "Anno": anno, "EventName": "Abuse"}
    scipy.io.savemat(tmp_path / "Abuse028.mat", {"Annotation_file": struct})

    found = read_annotations(tmp_path / "Abuse028.mat")

    assert found.format == "ucf_crime_mat"
    assert spans(found.claims[0]) == [(164, 240, "Abuse")]


def test_ucf_structs_in_a_folder(tmp_path: Path) -> None:
    for name, anno in {"Arson011_x264": [[150, 420], [680, 1267]], "N1_x264": [[-1, -1]]}.items():
        event = "Normal" if name == "N1_x264" else "Arson"
        struct = {"VideoName": name, "Anno": np.array(anno, np.int16), "EventName": event}
        scipy.io.savemat(tmp_path / f"{name}.mat", {"Annotation_file": struct})

    found = read_annotations(tmp_path)

    assert [len(claim.intervals or ()) for claim in found.claims] == [2, 0]
    assert [claim.label for claim in found.claims] == ["Arson", "normal"]


def test_our_table(tmp_path: Path) -> None:
    text = "video,start_frame,end_frame,label\ntest/01.mp4,60,180,running\ntest/02.mp4,,,\n"

    found = read_annotations(write(tmp_path, "gt.txt", text))

    assert found.format == "interval_table"
    assert [(claim.folder, claim.name) for claim in found.claims] == [
        ("test", "01"),
        ("test", "02"),
    ]
    assert spans(found.claims[0]) == [(60, 180, "running")]
    assert found.claims[1].intervals == ()


def test_our_table_in_seconds(tmp_path: Path) -> None:
    text = "video,start_seconds,end_seconds\na,1.5,2\n"

    [claim] = read_annotations(write(tmp_path, "gt.csv", text)).claims

    assert claim.seconds == ((1.5, 2.0, ""),)


@pytest.mark.parametrize(
    "text",
    ["video,start_frame,end_frame\na,1,two\n", "video,start_frame,end_frame\na,1,2,3,4\n"],
)
def test_our_table_with_faults(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match=r"two|line 2: 5 cells where the heading has 3"):
        read_annotations(write(tmp_path, "gt.csv", text))


@pytest.mark.parametrize(
    "document",
    [
        {"videos": {"test/01": [[60, 180, "running"]], "test/02": []}},
        {"videos": [{"name": "test/01", "intervals": [[60, 180, "running"]]}, {"name": "test/02"}]},
        {"base": 1, "end": "inclusive", "videos": {"test/01": [[61, 180, "running"]], "b/02": []}},
        {
            "videos": {
                "test/01": [{"start_frame": 60, "end_frame": 180, "label": "running"}],
                "test/02": [],
            }
        },
    ],
)
def test_our_json(tmp_path: Path, document: dict[str, Any]) -> None:
    found = read_annotations(write(tmp_path, "gt", json.dumps(document)))

    assert found.format == "interval_json"
    assert spans(found.claims[0]) == [(60, 180, "running")]
    assert found.claims[1].intervals == ()


@pytest.mark.parametrize(("no", "yes"), [(0, 1), (False, True), ("0", "1"), ("false", None)])
def test_our_json_with_labels_that_are_no_texts(tmp_path: Path, no: Any, yes: Any) -> None:
    document = {"videos": {"a": [[0, 60, no], [60, 180, yes]], "b": {"label": no}}}

    first, second = read_annotations(write(tmp_path, "gt.json", json.dumps(document))).claims

    assert spans(first) == [(60, 180, "")]
    assert (second.label, second.intervals) == ("normal", ())


@pytest.mark.parametrize("value", [[1], ["a", 2], [1.5, 2], None, [True, 2]])
def test_our_json_with_faults(tmp_path: Path, value: Any) -> None:
    with pytest.raises(BadInput, match="a: "):
        read_annotations(write(tmp_path, "gt.json", json.dumps({"videos": {"a": [value]}})))


CVAT = """<?xml version="1.0"?>
<annotations>
  <meta><task><id>7</id><name>night</name><size>50</size><source>cam/01.mp4</source></task></meta>
  <track id="0" label="fall">
    <box frame="12" outside="0" xtl="1"/><box frame="20" outside="0" xtl="2"/>
    <box frame="31" outside="1" xtl="2"/>
  </track>
  <track id="1" label="fall"><box frame="25" outside="0"/><box frame="39" outside="0"/></track>
  <tag frame="45" label="fire"/><tag frame="46" label="fire"/>
</annotations>"""


def test_cvat(tmp_path: Path) -> None:
    found = read_annotations(write(tmp_path, "annotations.xml", CVAT))

    assert found.format == "cvat"
    [claim] = found.claims
    assert (claim.folder, claim.name, claim.n_frames) == ("cam", "01", 50)
    assert spans(claim) == [(12, 40, "fall"), (45, 47, "fire")]


def test_cvat_project_with_two_tasks(tmp_path: Path) -> None:
    text = """<annotations><meta><project><tasks>
      <task><id>1</id><size>9</size><source>a.mp4</source></task>
      <task><id>2</id><size>9</size><source>b.mp4</source></task>
    </tasks></project></meta>
    <track label="x" task_id="2"><box frame="3" outside="0"/></track></annotations>"""

    found = read_annotations(write(tmp_path, "project.xml", text))

    assert {claim.name: len(claim.intervals or ()) for claim in found.claims} == {"a": 0, "b": 1}


def test_cvat_with_entities_is_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY x "y">]><annotations><tag frame="1" label="&x;"/></annotations>'
    with pytest.raises(BadInput, match="entities of its own"):
        read_annotations(write(tmp_path, "a.xml", bomb))


def test_cvat_that_was_cut(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no whole XML"):
        read_annotations(write(tmp_path, "a.xml", CVAT[:300]))


def label_studio(value: dict[str, Any], **annotation: Any) -> str:
    result = {"result": [{"type": "timelinelabels", "value": value}]} | annotation
    video = "/data/upload/1/0a1b2c3d-01.mp4"
    return json.dumps([{"data": {"video": video}, "annotations": [result]}])


def test_label_studio_timeline(tmp_path: Path) -> None:
    value = {"ranges": [{"start": 61, "end": 180}], "timelinelabels": ["fall"]}

    found = read_annotations(write(tmp_path, "export.json", label_studio(value)))

    assert found.format == "label_studio"
    [claim] = found.claims
    assert claim.name == "01"
    assert spans(claim) == [(60, 180, "fall")]


def test_label_studio_seconds(tmp_path: Path) -> None:
    value = {"start": 2.0, "end": 6.5, "labels": ["fall"]}

    [claim] = read_annotations(write(tmp_path, "export.json", label_studio(value))).claims

    assert claim.seconds == ((2.0, 6.5, "fall"),)


def test_label_studio_cancelled(tmp_path: Path) -> None:
    value = {"start": 2.0, "end": 6.5, "labels": ["fall"]}
    text = label_studio(value, was_cancelled=True)

    with pytest.raises(BadInput, match="annotates no video"):
        read_annotations(write(tmp_path, "export.json", text))


def test_folders_of_mask_images(tmp_path: Path) -> None:
    import cv2

    folder = tmp_path / "Test001_gt"
    folder.mkdir()
    for number in range(12):
        mask = np.zeros((4, 4), np.uint8)
        mask[0, 0] = 255 if 3 <= number < 7 else 0
        cv2.imwrite(str(folder / f"{number + 1}.bmp"), mask)
    (folder / "._1.bmp").write_bytes(b"macOS")

    found = read_annotations(tmp_path)

    assert found.format == "mask_images"
    [claim] = found.claims
    assert claim.labels is not None
    assert (claim.name, claim.labels.tolist()) == ("Test001", [0] * 3 + [1] * 4 + [0] * 5)


def test_times_on_the_clock(tmp_path: Path) -> None:
    text = "video_name class start_time end_time\na.mp4 1 00:01 00:02.5\na.mp4 x 1:00:00 75:30\n"

    [claim] = read_annotations(write(tmp_path, "a.csv", text)).claims

    assert claim.seconds == ((1.0, 2.5, ""), (3600.0, 4530.0, "x"))


def test_a_format_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "a.txt", "Abuse028_x264.mp4  Abuse  165  240  -1  -1\n")
    assert read_annotations(path, format="ucf_crime").format == "ucf_crime"
    with pytest.raises(BadInput, match="nonsense is not a known format"):
        read_annotations(path, format="nonsense")


def test_our_table_about_the_video_that_it_is_named_after(tmp_path: Path) -> None:
    found = read_annotations(write(tmp_path, "01.csv", "start_frame,end_frame,label\n3,9,fall\n"))
    normal = read_annotations(write(tmp_path, "02.csv", "start_seconds,end_seconds\n"))

    assert [(claim.name, spans(claim)) for claim in found.claims] == [("01", [(3, 9, "fall")])]
    assert [(claim.name, claim.seconds) for claim in normal.claims] == [("02", ())]


def test_our_table_with_names_in_a_column_that_is_not_known(tmp_path: Path) -> None:
    """Taken for one video's table, it would put all intervals into that video."""
    with pytest.raises(BadInput, match="nobody knows what the column recording may say"):
        read_annotations(write(tmp_path, "a.csv", "recording,start_frame,end_frame\nx,1,2\n"))
    with pytest.raises(BadInput, match="if the column id names the videos, call it video"):
        read_annotations(write(tmp_path, "a.csv", "id,start_frame,end_frame\nx,1,2\n"))


def test_our_json_about_the_video_that_it_is_named_after(tmp_path: Path) -> None:
    document = {"base": 1, "end": "inclusive", "intervals": [[3, 9, "fall"]]}

    found = read_annotations(write(tmp_path, "01.json", json.dumps(document)))

    assert [(claim.name, spans(claim)) for claim in found.claims] == [("01", [(2, 9, "fall")])]


@pytest.mark.parametrize(
    "text",
    [
        "0\n1\n0\n",
        "label\n0\n1\n0\n",
        "anomaly\n0.0\n1.0\n0.0\n",
        ",gt\n0,False\n1,True\n2,False\n",
        "frame label\n1 normal\n2 abnormal\n3 normal\n",
        "frame,label\n0,0\n1,1\n2,0\n",
        "1;0\r\n2; 1\r\n3;0\r\n",
    ],
)
def test_a_line_per_frame(tmp_path: Path, text: str) -> None:
    [claim] = read_annotations(write(tmp_path, "01.csv", text)).claims

    assert claim.labels is not None
    assert (claim.name, claim.labels.tolist()) == ("01", [0, 1, 0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("frame,label\n" + "".join(f"{i},0\n" for i in range(5, 9)), "begins with frame 5"),
        ("frame,label\n0,0\n2,1\n4,0\n", "does not count the frames one by one"),
        ("frame,label\n" + "0,1\n" * 3, "does not count the frames one by one"),
        ("frame,is_normal\n0,0\n1,1\n2,0\n", "does not say that 1 is abnormal"),
        ("normal\n0\n1\n0\n", "does not say that 1 is abnormal"),
        ("frame,label,fps\n0,0,25\n", "nobody knows what the column fps may say"),
        (
            "".join(f"{i},0\n" for i in [*range(300), 301]),
            "first column does not count the frames one by one",
        ),
        ("0\n" * 300 + "2\n", "line 301: the label '2' is neither 0 nor 1"),
    ],
)
def test_a_line_per_frame_that_is_none(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_annotations(write(tmp_path, "01.csv", text))


def test_a_line_per_frame_of_several_videos(tmp_path: Path) -> None:
    text = "video,frame,label\na/01.mp4,1,0\na/01.mp4,2,1\nb/01.mp4,1,1\n"

    found = read_annotations(write(tmp_path, "gt.csv", text))

    assert found.reading.base == 1
    labels = {claim.path: list(claim.labels) for claim in found.claims if claim.labels is not None}
    assert labels == {"a/01.mp4": [0, 1], "b/01.mp4": [1]}
    with pytest.raises(BadInput, match="begins with frame 1, where frames are to count from 0"):
        read_annotations(tmp_path / "gt.csv", options={"base": 0})


def test_a_folder_with_a_pixel_mask_per_video(tmp_path: Path) -> None:
    folder = tmp_path / "test_pixel_mask"
    folder.mkdir()
    masks = np.zeros((3, 4, 5), bool)
    masks[1, 2, 3] = True
    np.save(folder / "01_0014.npy", masks)
    np.save(folder / "01_0015.npy", np.array([0, 1], np.uint8))

    found = read_annotations(folder)

    labels = {claim.name: claim.labels for claim in found.claims}
    assert {name: list(each) for name, each in labels.items() if each is not None} == {
        "01_0014": [0, 1, 0],
        "01_0015": [0, 1],
    }


@pytest.mark.parametrize("delimiter", ["\t", ",", ";"])
@pytest.mark.parametrize("base", [0, 1])
def test_labels_of_frames_behind_row_numbers_of_pandas(
    tmp_path: Path, delimiter: str, base: int
) -> None:
    rows = "".join(f"{at}\t{at + base}\t{at // 2}\n" for at in range(4))
    path = write(tmp_path, "01.tsv", f"\tframe\tlabel\n{rows}".replace("\t", delimiter))

    found = read_annotations(path)

    assert found.format == "frame_table"
    assert found.reading.base == base
    assert found.claims[0].labels is not None
    assert found.claims[0].labels.tolist() == [0, 0, 1, 1]
