from collections import Counter
from pathlib import Path

import pytest

from ml.records import BadInput
from ml.splits.lists import load_formats, read_list
from ml.splits.lists._base import Entry, SplitList


def read(*lines: str) -> SplitList:
    return read_list("\n".join(lines).encode(), "list.txt")


def only(line: str) -> tuple[str, Entry]:
    given = read(line)
    return given.format, given.entries[0]


@pytest.mark.parametrize(
    ("line", "name", "entry"),
    [
        (
            "Abuse/Abuse001_x264.mp4",
            "class_paths",
            Entry(name="Abuse001_x264", folder="Abuse", label="Abuse"),
        ),
        (
            "Training_Normal_Videos_Anomaly/Normal_Videos001_x264.mp4",
            "class_paths",
            Entry(
                name="Normal_Videos001_x264",
                folder="Training_Normal_Videos_Anomaly",
                label="normal",
            ),
        ),
        ("train/01.avi", "class_paths", Entry(name="01", folder="train", part="train")),
        (
            "Robbery/Robbery003_x264.mp4 984",
            "class_paths_frames",
            Entry(name="Robbery003_x264", folder="Robbery", label="Robbery", n_frames=984),
        ),
        ("01_0014", "names", Entry(name="01_0014")),
        ("01_001,0,764", "ids_with_labels", Entry(name="01_001", label="normal", n_frames=764)),
        ("01_0015,1,-1", "ids_with_labels", Entry(name="01_0015", label="abnormal")),
        (
            "train/01_0014_0.npy 1.0",
            "pel4vad",
            Entry(name="01_0014", label="abnormal", part="train"),
        ),
        ("test/01_0015_0.npy", "pel4vad", Entry(name="01_0015", part="test")),
        (
            r"G:\UCF_Test_ten_crop_i3d\RoadAccidents028_x264_i3d.npy",
            "feature_paths",
            Entry(name="RoadAccidents028_x264", label="RoadAccidents"),
        ),
        (
            "/mnt/RGB/Testing_Normal_Videos_Anomaly/Normal_Videos_943_x264__0.npy",
            "feature_paths",
            Entry(name="Normal_Videos_943_x264", label="normal"),
        ),
        (
            "/mnt/v=yviKz5J-pEA__#1_label_A__vggish.npy",
            "xd_features",
            Entry(name="v=yviKz5J-pEA__#1_label_A", label="normal"),
        ),
        (
            "x/Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6__4.npy",
            "xd_features",
            Entry(name="Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6", label="G"),
        ),
    ],
)
def test_each_kind_of_line(line: str, name: str, entry: Entry) -> None:
    assert only(line) == (name, entry)


def test_ids_that_differ_in_a_zero_are_two_videos() -> None:
    names = [entry.name for entry in read("01_014", "01_0014").entries]

    assert names == ["01_014", "01_0014"]


def test_column_called_video_id() -> None:
    given = read("video-id", "Abuse028_x264", "Normal_Videos_943_x264")

    assert (given.format, given.n_lines) == ("video_ids", 2)
    assert [entry.label for entry in given.entries] == ["Abuse", "normal"]


@pytest.mark.parametrize("delimiter", [" ", ",", ";", "\t"])
def test_table_with_subsets(delimiter: str) -> None:
    rows = ["id video_name class subset", "0 a 1 validation", "1 b 0 training", "2 c 0 testing"]

    given = read(*(row.replace(" ", delimiter) for row in rows))

    assert given.format == "subsets"
    assert [(entry.name, entry.label, entry.part) for entry in given.entries] == [
        ("a", "abnormal", "validation"),
        ("b", "normal", "train"),
        ("c", "normal", "test"),
    ]


def test_crops_of_a_video_are_one_and_no_repetition() -> None:
    given = read("train/01_0_0.npy 1.0", "train/01_0_1.npy 1.0", "train/02_0_0.npy 0.0")

    assert [entry.name for entry in given.entries] == ["01_0", "02_0"]
    assert given.findings == ()


def test_repeated_lines_are_reported() -> None:
    given = read("A/x.mp4", "A/y.mp4", "A/x.mp4")

    [finding] = given.findings
    assert len(given.entries) == 2
    assert finding.text == (
        "1 of 3 lines repeat a video that was named before, so that 2 are left: x"
    )


def test_two_labels_for_one_video_are_reported() -> None:
    given = read("train/01_0_0.npy 1.0", "train/01_0_1.npy 0.0")

    assert [finding.subject for finding in given.findings] == ["01_0"]
    assert given.entries[0].label == "abnormal"


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([""], "list.txt names no video"),
        (["a b; c"], "list.txt is no split list that is known: its first line is 'a b; c'"),
        (["A/x.mp4", "A/y.mp4", "nothing of, the kind"], "number 3 without blank ones"),
        (["video_name subset", "a training", "a testing"], "a is in the parts train and test"),
        (["video_name subset", "a later"], "a: the subset 'later' is none of training"),
        (["video_name subset", "a b training"], "row 2 has 3 columns where the head has 2"),
    ],
)
def test_what_is_no_list(lines: list[str], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(*lines)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(BadInput, match="no text in UTF-8: byte 2"):
        read_list(b"ab\xff", "list.txt")


def test_formats_have_titles() -> None:
    assert all(kind.title for kind in load_formats().values())


REAL = [
    ("ucf-crime/splits/Anomaly_Train.txt", "class_paths", 1610, 800),
    ("ucf-crime/splits/Anomaly_Test.txt", "class_paths", 290, 150),
    ("ucf-crime/splits/ekosman_Train_Annotation.txt", "class_paths_frames", 1610, 800),
    ("ucf-crime/splits/train_anomaly.txt", "class_paths", 810, 0),
    ("ucf-crime/splits/train_normal.txt", "class_paths", 800, 800),
    ("ucf-crime/splits/ucf-c3d-test.list", "feature_paths", 290, 150),
    ("ucf-crime/splits/ucf-c3d.list", "feature_paths", 1610, 800),
    ("ucf-crime/splits/ucf-i3d-test.list", "feature_paths", 290, 150),
    ("ucf-crime/splits/ucf-i3d.list", "feature_paths", 1610, 800),
    ("ucf-crime/splits/ucf-crime.testing.csv", "video_ids", 290, 150),
    ("ucf-crime/splits/ucf-crime.training.csv", "video_ids", 1610, 800),
    ("shanghaitech/SH_Train.txt", "names", 238, 0),
    ("shanghaitech/SH_Test.txt", "names", 199, 0),
    ("shanghaitech/SH_Train_new.txt", "ids_with_labels", 238, 175),
    ("shanghaitech/SH_Test_NEW.txt", "ids_with_labels", 199, 155),
    ("shanghaitech/pel4vad_train.list", "pel4vad", 238, 175),
    ("shanghaitech/pel4vad_test.list", "pel4vad", 199, 0),
    ("shanghaitech/shanghai-i3d-train-10crop.list", "feature_paths", 238, 0),
    ("shanghaitech/shanghaitech.testing.csv", "video_ids", 199, 0),
    ("xd-violence/audio.list", "xd_features", 3954, 2049),
    ("xd-violence/audio_test.list", "xd_features", 800, 300),
    ("xd-violence/rgb_test.list", "xd_features", 800, 300),
]


@pytest.mark.shared_data
@pytest.mark.parametrize(("file", "name", "n_videos", "n_normal"), REAL)
def test_real_lists(shared_data: Path, file: str, name: str, n_videos: int, n_normal: int) -> None:
    given = read_list((shared_data / file).read_bytes(), file)

    labels = Counter(entry.label for entry in given.entries)
    assert (given.format, len(given.entries)) == (name, n_videos)
    assert labels["normal"] == n_normal


@pytest.mark.shared_data
def test_real_lists_of_one_split_agree(shared_data: Path) -> None:
    folder = shared_data / "shanghaitech"
    files = ["SH_Train.txt", "SH_Train_new.txt", "pel4vad_train.list", "shanghaitech.training.csv"]

    named = [
        {entry.name for entry in read_list((folder / file).read_bytes(), file).entries}
        for file in files
    ]

    assert all(names == named[0] for names in named)


@pytest.mark.shared_data
def test_real_list_with_repetitions(shared_data: Path) -> None:
    file = shared_data / "ucf-crime/splits/train_normal.txt"

    given = read_list(file.read_bytes(), file.name)

    [finding] = given.findings
    assert (given.n_lines, len(given.entries)) == (810, 800)
    assert finding.text.startswith("10 of 810 lines repeat a video that was named before")


@pytest.mark.shared_data
def test_real_file_that_is_no_split(shared_data: Path) -> None:
    file = shared_data / "shanghaitech/pel4vad_relabel.list"

    with pytest.raises(BadInput, match="is no split list that is known"):
        read_list(file.read_bytes(), file.name)
