import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ml import cli
from ml.leaks import Fold, Shared, leak_report

SHOPLIFTING = "shoplifting/annotations_wivj4zm4fpg0"


def texts(report: object) -> list[str]:
    return [finding.text for finding in report.findings]  # type: ignore[attr-defined]


def test_nothing_shared() -> None:
    fold: Fold = {"a": "train", "b": "train", "c": "test"}

    report = leak_report([fold], {"source": {"a": "1", "b": "1", "c": "2"}}, {"a": "x", "c": "y"})

    assert (report.findings, report.table, report.has_leaks) == ((), (), False)


def test_source_in_train_and_test() -> None:
    fold: Fold = {"a": "train", "b": "test", "c": "test", "d": "train"}

    report = leak_report([fold], {"source": {"a": "1", "b": "1", "c": "2"}})

    assert report.table == (
        Shared(kind="source", group="1", fold=1, places=("train", "test"), videos=("a", "b")),
    )
    assert [finding.level for finding in report.findings] == ["warning"]
    assert texts(report) == [
        "train and test have videos with the same source recording: 1 such group, 2 videos. 1"
    ]


def test_equal_files_in_train_and_test_are_an_error() -> None:
    report = leak_report([{"a": "train", "b": "test"}], {}, {"a": "f00", "b": "f00"})

    [finding] = report.findings
    assert finding.level == "error"
    assert finding.text.endswith("1 such group, 2 videos. a = b")


def test_one_camera_is_said_and_is_no_leak() -> None:
    report = leak_report([{"a": "train", "b": "test"}], {"camera": {"a": "1", "b": "1"}})

    assert [finding.level for finding in report.findings] == ["info"]
    assert not report.has_leaks


def test_three_parts_give_three_pairs() -> None:
    fold: Fold = {"a": "train", "b": "validation", "c": "test"}

    report = leak_report([fold], {"actor": dict.fromkeys("abc", "zoe")})

    assert [text.partition(" have")[0] for text in texts(report)] == [
        "train and test",
        "train and validation",
        "validation and test",
    ]


def test_videos_without_a_group_share_none() -> None:
    report = leak_report([{"a": "train", "b": "test"}], {"source": {"a": "", "b": ""}})

    assert report.findings == ()


def test_folds_that_hold_out_never_and_twice() -> None:
    folds: list[Fold] = [
        {"a": "validation", "b": "validation", "c": "train"},
        {"a": "validation", "b": "train", "c": "train"},
    ]

    never, twice = texts(leak_report(folds, {}))

    assert never.startswith("1 of 3 videos are held out by no fold")
    assert twice.startswith("1 of 3 videos are held out by more than one fold")


def test_group_torn_by_folds_counts_clips_in_no_fold() -> None:
    folds: list[Fold] = [
        {"a": "validation", "b": "train", "c": "train"},
        {"a": "train", "b": "train", "c": "validation"},
    ]

    report = leak_report(folds, {"source": {"a": "1", "b": "1", "c": "2"}})

    assert report.table[0] == Shared(
        kind="source", group="1", fold=0, places=("fold 1", "no fold"), videos=("a", "b")
    )


def fold_files(shared_data: Path) -> list[str]:
    folder = shared_data / SHOPLIFTING
    return [str(folder / f"cross_validation_20181220_{number}.csv") for number in range(1, 5)]


@pytest.mark.shared_data
def test_real_folds_tear_14_of_70_sources(
    shared_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = str(shared_data / SHOPLIFTING / "annotation_20181219.csv")
    # base_name is the number of a row in front of the source's name
    source = ["--group-column", "base_name", "--group-pattern", r"\d+_(.+)"]

    status = cli.main(
        ["leaks", "--folds", *fold_files(shared_data), "--groups", groups, *source, "--json"]
    )

    report = json.loads(capsys.readouterr().out)
    assert status == 1
    torn = [row for row in report["table"] if row["fold"] == 0]
    assert len(torn) == 14
    assert sum(len(row["videos"]) for row in torn) == 90
    unheld, sources = (finding["text"] for finding in report["findings"][:2])
    assert unheld.startswith("4 of 356 videos are held out by no fold")
    assert sources.startswith("14 of 70 groups with the same source recording")


@pytest.mark.shared_data
def test_real_folds_told_to_people(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["leaks", "--folds", *fold_files(shared_data)]) == 1

    assert capsys.readouterr().out.startswith("warning  4 of 356 videos are held out by no fold")


def test_lists_of_two_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "train.txt").write_text("a\nb\n")
    (tmp_path / "test.txt").write_text("c\n")
    (tmp_path / "groups.csv").write_text("name,actor\na,zoe\nc,zoe\n")
    lists = ["--train", str(tmp_path / "train.txt"), "--test", str(tmp_path / "test.txt")]

    assert cli.main(["leaks", *lists]) == 0
    assert "share nothing" in capsys.readouterr().out
    assert cli.main(["leaks", *lists, "--groups", str(tmp_path / "groups.csv")]) == 1
    assert "the same person: 1 such group, 2 videos. zoe" in capsys.readouterr().out


@pytest.fixture
def told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Status and output for lists by their option, such as train, and a table of groups."""

    def ask(**lists: str) -> tuple[int, str]:
        arguments = []
        for option, text in lists.items():
            (tmp_path / f"{option}.csv").write_text(text)
            arguments += [f"--{option}", str(tmp_path / f"{option}.csv")]
        status = cli.main(["leaks", *arguments])
        output = capsys.readouterr()
        return status, output.out + output.err

    return ask


def test_clips_of_one_name_in_two_folders_are_two(told: Callable[..., tuple[int, str]]) -> None:
    groups = "name,actor\na/01,zoe\nb/02,zoe\nb/01,ann\n"

    assert told(train="a/01.mp4\n", test="b/01.mp4\n", groups=groups)[0] == 0
    status, text = told(train="a/01.mp4\n", test="b/01.mp4\nb/02.mp4\n", groups=groups)
    assert (status, "the same person: 1 such group, 2 videos. zoe" in text) == (1, True)


def test_clips_of_one_name_in_folds(told: Callable[..., tuple[int, str]]) -> None:
    fold = "video_name,subset\na/01,training\nb/01,testing\n"

    assert told(folds=fold, groups="name,actor\na/01,zoe\nb/01,ann\n")[0] == 0
    assert told(folds=fold, groups="name,actor\na/01,zoe\nb/01,zoe\n")[0] == 1


@pytest.mark.parametrize(
    ("lists", "sentence"),
    [
        ({"train": "a/01.mp4\n", "test": "01\n"}, "a/01 is in train and in test"),
        (
            {"train": "a/01.mp4\nb/01.mp4\n", "test": "01\n"},
            "01: it may be any of a/01, b/01: name the folder, too",
        ),
        (
            {"train": "a/01.mp4\n", "test": "b/01.mp4\n", "groups": "name,actor\n01,zoe\n"},
            "groups.csv: 01: it may be any of a/01, b/01: name the folder, too",
        ),
        (
            {"train": "a/01.mp4\n", "groups": "name,actor\na/01,zoe\n01,ann\n"},
            "groups.csv gives a/01 two different groups",
        ),
    ],
)
def test_names_that_may_be_several_clips(
    told: Callable[..., tuple[int, str]], lists: dict[str, str], sentence: str
) -> None:
    status, text = told(**lists)

    assert (status, text.strip()) == (2, sentence)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "give either --folds"),
        (["--train", "a.txt", "--test", "a.txt"], "x is in train and in test"),
        (["--folds", "a.txt"], "a.txt does not say which part"),
        (["--train", "a.txt", "--groups", "g.csv", "--group-pattern", "("], "--group-pattern ("),
        (["--train", "a.txt", "--groups", "g.csv", "--group-pattern", "x"], "one pair of brackets"),
    ],
)
def test_what_cannot_be_asked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    (tmp_path / "a.txt").write_text("x\n")
    (tmp_path / "g.csv").write_text("name,source\nx,film\n")
    monkeypatch.chdir(tmp_path)

    assert cli.main(["leaks", *arguments]) == 2
    assert sentence in capsys.readouterr().err
