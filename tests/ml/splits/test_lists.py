from collections import Counter
from pathlib import Path

import pytest

from ml.records import BadInput
from ml.splits.lists import Entry, SplitList, load_formats, read_list


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
            Entry(name="Abuse001_x264", folder="Abuse", label="Abuse", ending=".mp4"),
        ),
        (
            "Training_Normal_Videos_Anomaly/Normal_Videos001_x264.mp4",
            "class_paths",
            Entry(
                name="Normal_Videos001_x264",
                folder="Training_Normal_Videos_Anomaly",
                label="normal",
                ending=".mp4",
            ),
        ),
        (
            "train/01.avi",
            "class_paths",
            Entry(name="01", folder="train", part="train", ending=".avi"),
        ),
        (
            "Robbery/Robbery003_x264.mp4 984",
            "class_paths_frames",
            Entry(
                name="Robbery003_x264",
                folder="Robbery",
                label="Robbery",
                n_frames=984,
                ending=".mp4",
            ),
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
        (
            ["A/x.mp4", "A/y.mp4", "nothing of, the kind"],
            "list.txt, line 3: 'nothing of, the kind' does not fit the others",
        ),
        (["video_name subset", "a training", "a testing"], "a is in the parts train and test"),
        (["video_name subset", "a later"], "a: the subset 'later' is none of training"),
        (
            ["video_name subset", "a b training"],
            "list.txt, line 2: 3 cells where the heading has 2",
        ),
    ],
)
def test_what_is_no_list(lines: list[str], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read(*lines)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(BadInput, match=r"list\.txt, line 2: it is no UTF-8 text; save it as UTF-8"):
        read_list(b"ab\n\x81\xff", "list.txt")


def test_names_in_a_code_page_are_read_and_told() -> None:
    given = read_list("Entrée_01\nEntrée_02\n".encode("cp1252"), "list.txt")

    assert [entry.name for entry in given.entries] == ["Entrée_01", "Entrée_02"]
    [finding] = given.findings
    assert finding.text.startswith("It is no UTF-8 and was read as Windows-1252")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_other_marks_and_signs_that_are_no_line_ends(encoding: str) -> None:
    given = read_list("a/b\x85c.mp4\r\nd/e\u2028f.mp4\r\n".encode(encoding), "list.txt")

    assert [entry.name for entry in given.entries] == ["b\x85c", "e\u2028f"]


@pytest.mark.parametrize(
    ("labels", "meant"),
    [
        (["Normal", "Abnormal", "no_anomaly"], ["normal", "Abnormal", "normal"]),
        (["0", "1", "1"], ["normal", "abnormal", "abnormal"]),
        (["0.0", "1.0", ""], ["normal", "abnormal", ""]),
        (["patrol", "fall", "正常歩行"], ["normal", "fall", "normal"]),  # patrol by the dataset
    ],
)
def test_one_rule_of_normal(labels: list[str], meant: list[str]) -> None:
    rows = [f"{name},{label},test" for name, label in zip("abc", labels, strict=True)]
    data = "\n".join(["video_name,class,subset", *rows]).encode()

    given = read_list(data, "fold.csv", ["Patrol"])

    assert [entry.label for entry in given.entries] == meant


def test_numbers_of_classes_among_which_0_may_be_one_are_not_used() -> None:
    given = read("video,label,split,fps", "x/a.mp4,0,train,25", "x/b.mp4,3,test,25")

    assert [(entry.folder, entry.name, entry.label) for entry in given.entries] == [
        ("x", "a", ""),
        ("x", "b", ""),
    ]
    passed, doubt = given.findings
    assert passed.text == "the column fps is not used"
    assert doubt.text.startswith("its labels are numbers (0, 3), and 0 may be normal or the first")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b'{"a": 1}', "list.txt is JSON: a list has a line per video"),
        (b"video,start_frame,end_frame\na,1,2\n", "it is ground truth, and no list"),
        (b"video,start,end\na,1,2\n", "it is ground truth, and no list"),
        (b"video,label\na,1\n", "has the columns video, label: a table that lists videos needs"),
        (b"%PDF-1.4", "list.txt is a PDF: copy its table into a CSV"),
        (b"\x80\x04\x95\0\0", "list.txt is a Python pickle"),
        (b"PK\x03\x04" + b"\0" * 22 + b"\x0b\0\0\0_rels/.rels" + b"\0xl/", "an Excel workbook"),
    ],
)
def test_what_is_no_list_is_called_by_its_kind(data: bytes, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        read_list(data, "list.txt")


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


def test_two_files_that_differ_in_their_endings_alone() -> None:
    found = read_list(b"video_name,subset\ncam/01.avi,train\ncam/01.mp4,test\n", "list.csv")

    assert [(entry.file, entry.path, entry.part) for entry in found.entries] == [
        ("cam/01.avi", "cam/01", "train"),
        ("cam/01.mp4", "cam/01", "test"),
    ]
    assert found.findings == ()


@pytest.mark.parametrize("delimiter", [";", ",", "|"])
def test_a_table_that_says_what_parts_its_cells(delimiter: str) -> None:
    text = "sep=;\r\nvideo_name;subset;class\r\na.mp4;training;0\r\nb.mp4;testing;1\r\n"

    found = read_list(text.replace(";", delimiter).encode(), "fold_1.csv")

    assert (found.format, found.n_lines) == ("subsets", 2)
    assert [(each.name, each.part, each.label) for each in found.entries] == [
        ("a", "train", "normal"),
        ("b", "test", "abnormal"),
    ]


def test_a_list_of_lines_below_what_parts_their_cells() -> None:
    found = read_list(b"sep=,\n01_001,0,764\n01_0014,1,-1\n", "SH.csv")

    assert [each.name for each in found.entries] == ["01_001", "01_0014"]
