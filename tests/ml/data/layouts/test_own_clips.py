import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from ml.data.layouts import open_dataset
from ml.data.layouts._beside import Candidate
from ml.data.layouts._listing import list_videos
from tests.ml.data.layouts.reading import Opened, name_of, opened, touch

WITHOUT = "nothing says where this test clip is abnormal, so it counts as normal throughout"


def dataset(folder: Path, **files: str) -> Path:
    """Two test clips of 10 frames; `files` by name with _ for the dot, beside the clips."""
    touch(folder, "train/a.mp4", "train/b.mp4", "test/01.mp4", "test/02.mp4")
    for name, text in files.items():
        stem, _, suffix = name.removeprefix("f").rpartition("_")
        (folder / "test" / f"{stem}.{suffix}").write_text(text)
    return folder


def column(*labels: int) -> str:
    return "".join(f"{label}\n" for label in labels)


def read(folder: Path, n_frames: int = 10) -> Opened:
    return opened(folder, n_frames)


FIRST = [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]
SECOND = [0] * 10


def test_own_clips_parts_and_labels(tmp_path: Path) -> None:
    touch(tmp_path, "training/normal/a.mp4", "training/b/1.png", "val/c.mp4", "test/x/d.mp4")
    touch(tmp_path, "e.mp4")

    found = read(tmp_path)

    assert found.format == "own_clips"
    assert {(video.name, video.part, video.label) for video in found.videos} == {
        ("training/normal/a", "train", "normal"),
        ("training/b", "train", "normal"),
        ("val/c", "validation", ""),
        ("test/x/d", "test", ""),
        ("e", "test", ""),
    }
    assert found.said("info") == [
        ("training", "taken to be normal throughout, to train on: 2 clips"),
        (
            "videos",
            "folders of images have no rate, so 25 per second is taken unless their names are "
            "times; a manifest can say otherwise: training/b",
        ),
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["normal/a.mp4", "test/b.mp4"], "own_clips"),
        (["train/a.mp4"], "own_clips"),
        (["train/a.mp4", "b.mp4"], "own_clips"),
        (["train/fall/a.mp4", "test/b.mp4"], "folder"),  # classes
        (["normal/a.mp4", "abnormal/b.mp4"], "class_folders"),
        (["test/a.mp4", "b.mp4"], "folder"),
        (["train/a.mp4", "test/b.mp4", "manifest.csv"], "folder"),
        (["training/01.mp4", "testing/01.mp4", "gt/UCSDped2.m"], "ucsd"),
        (["training/videos/01_001.avi", "testing/frames/01_0014/000.jpg"], "shanghaitech"),
        (["training_videos/01.avi", "testing_videos/01.avi"], "avenue"),
    ],
)
def test_own_clips_are_told_from_other_layouts(
    tmp_path: Path, names: Sequence[str], expected: str
) -> None:
    assert name_of(open_dataset(touch(tmp_path, *names))) == expected


def test_own_clips_can_be_named_for_a_folder_of_classes(tmp_path: Path) -> None:
    folder = touch(tmp_path, "train/fall/a.mp4", "test/b.mp4")

    videos, _findings = open_dataset(folder, "own_clips").videos()

    assert [(video.name, video.part) for video in videos] == [
        ("test/b", "test"),
        ("train/fall/a", "train"),
    ]


def test_own_clips_a_table_of_frames_beside_each(tmp_path: Path) -> None:
    found = read(dataset(tmp_path, f01_csv=column(*FIRST), f02_csv=column(*SECOND)))

    assert found.truth.source == "*.csv of 2 clips"
    assert found.spans == {"test/01": [(2, 5)], "test/02": []}
    assert found.said() == found.said("warning") == []


def test_own_clips_numbered_frames_and_added_ending(tmp_path: Path) -> None:
    rows = "frame,label\n" + "".join(f"{i},{label}\n" for i, label in enumerate(FIRST, start=1))
    found = read(dataset(tmp_path, f01_labels_csv=rows, f02_gt_csv=column(*SECOND)))

    assert found.spans == {"test/01": [(2, 5)], "test/02": []}


def test_own_clips_intervals_beside_each(tmp_path: Path) -> None:
    document = json.dumps({"intervals": [[2, 5, "fall"]]})
    table = "start_frame,end_frame,label\n7,9,smoke\n"
    found = read(dataset(tmp_path, f01_json=document, f02_csv=table))

    assert found.spans == {"test/01": [(2, 5)], "test/02": [(7, 9)]}
    assert [each.label for spans in found.truth.intervals.values() for each in spans] == [
        "smoke",
        "fall",
    ]
    assert found.truth.source == "02.csv, 01.json"


def test_own_clips_one_table_for_all_in_seconds(tmp_path: Path) -> None:
    table = "video,start_seconds,end_seconds,label\n01.mp4,0.2,0.5,fall\ntest/02.mp4,,,\n"
    found = read(dataset(tmp_path, events_csv=table))

    assert found.truth.source == "events.csv"
    assert found.spans == {"test/01": [(2, 5)], "test/02": []}
    assert found.said() == []


def test_own_clips_tables_of_one_name_are_sources_of_their_own(tmp_path: Path) -> None:
    folder = touch(dataset(tmp_path), "val/c.mp4")
    head = "video,start_frame,end_frame\n"
    (folder / "test" / "labels.csv").write_text(f"{head}01,2,5\n02,,\n")
    (folder / "val" / "labels.csv").write_text(f"{head}c,1,3\ntest/01,2,6\n")

    found = read(folder)

    assert found.truth.source == "test/labels.csv, val/labels.csv"
    assert found.spans == {"test/01": [(2, 5)], "test/02": [], "val/c": [(1, 3)]}
    assert found.said() == [
        ("test/01", "val/labels.csv says [2, 6), test/labels.csv says [2, 5)"),
    ]


def test_own_clips_lists_its_videos_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = Mock(side_effect=list_videos)
    monkeypatch.setattr("ml.data.layouts.own_clips.list_videos", looked)

    read(dataset(tmp_path))

    assert looked.call_count == 1


def test_own_clips_labels_in_a_folder_of_their_own(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    (folder / "labels").mkdir()
    for name, labels in {"01": FIRST, "02": SECOND}.items():
        np.save(folder / "labels" / f"{name}.npy", np.array(labels, np.uint8))

    found = read(folder)

    assert found.spans == {"test/01": [(2, 5)], "test/02": []}
    assert found.truth.source == "*.npy of 2 clips"


def test_own_clips_one_vector_through_all_test_clips(tmp_path: Path) -> None:
    folder = dataset(tmp_path)
    np.save(folder / "labels.npy", np.array(FIRST + SECOND, np.uint8))

    assert read(folder).spans == {"test/01": [(2, 5)], "test/02": []}


def test_own_clips_labels_inside_a_folder_of_images(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.mp4", "test/01/0001.png")
    (tmp_path / "test" / "01" / "labels.csv").write_text(column(*FIRST))

    found = read(tmp_path)

    assert found.spans == {"test/01": [(2, 5)]}
    assert found.truth.source == "labels.csv"


@pytest.mark.parametrize(
    ("ending", "text"),
    [
        ("txt", "0 0.51 0.4 0.1 0.2\n"),  # boxes of YOLO
        ("xml", "<annotation><object/></annotation>"),  # and of Pascal VOC
        ("TXT", "1\n"),  # a class, which could be read as a label per frame
    ],
)
def test_own_clips_files_about_single_images_are_told_once(
    tmp_path: Path, ending: str, text: str
) -> None:
    touch(tmp_path, "train/a.mp4", *(f"test/01/{number:04}.jpg" for number in range(10)))
    clip = tmp_path / "test" / "01"
    for number in range(10):
        (clip / f"{number:04}.{ending}").write_text(text)
    (clip / "labels.csv").write_text(column(*FIRST))

    found = read(tmp_path)

    assert found.spans == {"test/01": [(2, 5)]}
    assert found.said() == []
    assert found.said("warning") == [
        (
            "test/01",
            f"10 *.{ending.lower()} files beside its frames are about one image each and are not "
            f"used; the first: 0000.{ending}",
        )
    ]


def test_own_clips_a_label_file_may_bear_the_name_of_one_image(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.mp4", "test/01/01.png", "test/01/02.png")
    (tmp_path / "test" / "01" / "01.csv").write_text(column(0, 1))

    assert opened(tmp_path, 2).spans == {"test/01": [(1, 2)]}


def test_own_clips_many_files_that_nobody_understands_are_told_once(tmp_path: Path) -> None:
    folder = dataset(tmp_path, f01_csv=column(*FIRST), f02_csv=column(*SECOND))
    for number in range(50):
        (folder / "test" / f"box{number:02}.xml").write_text("<annotation/>")

    found = read(folder)

    [(subject, text)] = found.said("warning")
    assert subject == "box00.xml"
    assert text == (
        "it is not used, nor are 49 more .xml files beside it: they cannot be read as ground truth"
    )


def test_own_clips_masks_beside_a_folder_of_images(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.mp4", "test/01/0001.png")
    for number, label in enumerate(FIRST):
        path = tmp_path / "test" / "01_gt" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (8, 6), 255 * label).save(path)

    found = read(tmp_path)

    assert [video.name for video in found.videos] == ["test/01", "train/a"]
    assert found.truth.source == "01_gt"
    assert found.spans == {"test/01": [(2, 5)]}
    assert found.said() == []


def test_own_clips_sources_that_differ(tmp_path: Path) -> None:
    """A clip's own file counts before one of all clips, which is compared with it."""
    table = "video,start_frame,end_frame\n01,2,6\n02,8,9\n"
    found = read(dataset(tmp_path, f01_csv=column(*FIRST), all_csv=table))

    assert found.truth.source == "01.csv, all.csv"
    assert found.spans == {"test/01": [(2, 5)], "test/02": [(8, 9)]}
    assert found.said() == [("test/01", "all.csv says [2, 6), 01.csv says [2, 5)")]


def test_own_clips_without_labels(tmp_path: Path) -> None:
    found = read(dataset(tmp_path))

    assert (found.truth.source, found.spans, found.said()) == ("", {}, [])
    [(subject, text)] = found.said("warning")
    assert subject == "ground truth"
    assert "no metric can be computed" in text


def test_own_clips_of_which_some_have_no_labels(tmp_path: Path) -> None:
    found = read(dataset(tmp_path, f01_csv=column(*FIRST)))

    assert found.spans == {"test/01": [(2, 5)]}
    assert [video.label for video in found.videos if video.name == "test/02"] == [""]
    assert found.said() == [("test/02", WITHOUT)]


def test_own_clips_labels_of_another_length(tmp_path: Path) -> None:
    found = read(dataset(tmp_path, f01_csv=column(*FIRST), f02_csv=column(1, 0)))

    assert found.spans == {"test/01": [(2, 5)]}
    assert found.said() == [
        ("test/02", "02.csv: 2 labels where the clip has 10 frames; not stored"),
        ("test/02", WITHOUT),
    ]


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"intervals": [[8, 12]]}, "interval [8, 12) ends past the last frame"),
        ({"intervals": [[5, 2]]}, "interval [5, 2) ends before it starts"),
        ({"intervals": [[1, 5], [4, 6]]}, "interval [4, 6) overlaps [1, 5)"),
        (
            {"rate": 30, "intervals": [[1, 5]]},
            "counts frames at 30 per second, the video",
        ),
    ],
)
def test_own_clips_intervals_that_cannot_be_right(
    tmp_path: Path, document: object, sentence: str
) -> None:
    found = read(dataset(tmp_path, f01_json=json.dumps(document), f02_csv=column(*SECOND)))

    subject, text = found.said()[0]
    assert subject == "test/01"
    assert sentence in text
    assert "not stored" in text


def test_own_clips_seconds_without_a_rate(tmp_path: Path) -> None:
    table = "start_seconds,end_seconds\n0.2,0.5\n"
    folder = dataset(tmp_path, f01_csv=table, f02_csv=column(*SECOND))

    found = opened(folder, 10, fps=0)

    assert found.said()[0] == (
        "test/01",
        "01.csv: Its frame rate is not known, so times in it cannot be turned into frames",
    )


@pytest.mark.parametrize("spans", ["1,1e308", "-1e308,1", "0.2,0.5\n1e308,1e308"])
def test_own_clips_seconds_beyond_any_video(tmp_path: Path, spans: str) -> None:
    table = f"start_seconds,end_seconds\n{spans}\n"

    found = read(dataset(tmp_path, f01_csv=table, f02_csv=column(*SECOND)))

    assert found.spans == {"test/02": []}
    assert found.said()[0][0] == "01.csv"
    assert "1e+308" in found.said()[0][1]
    assert found.said()[0][1].endswith("lie in no video")


def test_own_clips_files_that_are_no_ground_truth(tmp_path: Path) -> None:
    """What somebody meant as labels is missed aloud; notes are not."""
    folder = dataset(
        tmp_path,
        f01_csv=column(*FIRST),
        f02_csv="when,what\nmonday,smoke\n",
        shifts_csv="who,when\nA,early\n",
        README_md="Taken in hall 3.",
        LICENSE_txt="Ours.",
    )

    found = read(folder)

    assert [subject for subject, _text in found.said()] == ["02.csv", "test/02"]
    [(subject, text)] = found.said("warning")
    assert subject == "shifts.csv"
    assert text.startswith("it is not used: shifts.csv is no ground truth that is known")


def test_own_clips_labels_for_clips_that_are_not_here(tmp_path: Path) -> None:
    table = "video,start_frame,end_frame\n01,2,5\n02,,\n07,1,3\n"

    assert read(dataset(tmp_path, all_csv=table)).said() == [
        ("all.csv", "annotates 1 clip not in the dataset: 07")
    ]


def test_own_clips_a_training_clip_that_is_said_to_be_abnormal(tmp_path: Path) -> None:
    table = "video,start_frame,end_frame\n01,2,5\n02,,\ntrain/a,1,3\n"

    found = read(dataset(tmp_path, all_csv=table))

    [(subject, text)] = found.said()
    assert subject == "train/a"
    assert "it is labelled normal, but all.csv has it abnormal" in text


def test_own_clips_labels_beside_a_validation_clip(tmp_path: Path) -> None:
    folder = touch(dataset(tmp_path, f01_csv=column(*FIRST), f02_csv=column(*SECOND)), "val/c.mp4")
    (folder / "val" / "c.csv").write_text("start_frame,end_frame\n2,5\n")

    found = read(folder)

    assert found.spans["val/c"] == [(2, 5)]
    assert found.said() == []


def test_own_clips_a_clip_that_cannot_be_read_needs_no_labels(tmp_path: Path) -> None:
    folder = dataset(tmp_path, f01_csv=column(*FIRST), f02_csv=column(1, 0))

    found = opened(folder, {"test/01": 10})

    assert found.said() == []
    assert found.spans == {"test/01": [(2, 5)]}


@pytest.mark.parametrize(
    ("name", "own", "is_meant"),
    [
        ("00.md", "00", True),
        ("NOTES.md", "", False),
        ("ground-truth.md", "", True),
        ("events.CSV", "", True),
        ("requirements.txt", "", False),
    ],
)
def test_candidate_is_meant(name: str, own: str, is_meant: bool) -> None:
    assert Candidate(path=Path(name), own=own).is_meant == is_meant


@pytest.mark.shared_data
def test_upcam_reads_as_own_clips(shared_data: Path) -> None:
    """Normal hours to train on, and an hour with a label per frame and ranges beside it."""
    found = opened(shared_data / "upcam", {"00": 18_066})

    assert found.format == "own_clips"
    assert [(video.name, video.part, video.label) for video in found.videos] == [
        ("train/00-20", "train", "normal"),
        ("train/00-21", "train", "normal"),
        ("train/01-20", "train", "normal"),
        ("00", "test", ""),
    ]
    assert (found.truth.source, found.n_abnormal) == ("00.csv", 5_517)
    assert [(each.level, each.subject) for each in found.findings] == [
        ("info", "training"),
        ("info", "00.md"),
    ]
    assert "agrees with 00.csv on 1 of 1 clips" in found.findings[1].text


EAF = (
    '<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds">'
    '<MEDIA_DESCRIPTOR MEDIA_URL="file:///D:/elsewhere/02.mp4" RELATIVE_MEDIA_URL="./02.mp4"/>'
    '</HEADER><TIME_ORDER><TIME_SLOT TIME_SLOT_ID="a" TIME_VALUE="200"/>'
    '<TIME_SLOT TIME_SLOT_ID="b" TIME_VALUE="500"/></TIME_ORDER><TIER TIER_ID="events">'
    '<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1="a" TIME_SLOT_REF2="b"><ANNOTATION_VALUE>'
    "fall</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
)


def test_own_clips_with_tables_of_tabs_and_files_of_elan(tmp_path: Path) -> None:
    table = "start_frame\tend_frame\tlabel\n0\t3\tNormal\n3\t6\tfall\n"
    folder = dataset(tmp_path, f01_tsv=table, f02_eaf=EAF)

    found = read(folder)

    assert found.spans == {"test/01": [(3, 6)], "test/02": [(2, 5)]}
    assert (
        "01.tsv",
        "taken as normal: 'Normal' (1 stretch, 1 video): they make nothing abnormal",
    ) in (found.said("info"))
    assert found.said("error") == []


def test_own_clips_with_a_workbook_beside_them(tmp_path: Path) -> None:
    folder = dataset(tmp_path, f01_csv="start_frame,end_frame\n", f02_csv="start_frame,end_frame\n")
    with zipfile.ZipFile(folder / "events.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")

    assert read(folder).said("warning") == [
        (
            "events.xlsx",
            "it is not used: events.xlsx is an Excel workbook: save the sheet as CSV",
        )
    ]
