"""Which clip a name means, and which it does not; and the one order of clips."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.naming import VIDEO_ENDINGS, NameIndex, in_order, split_path, without_ending


@dataclass(frozen=True)
class Clip:
    name: str
    part: str = ""


def index(*clips: Clip | str) -> NameIndex[Clip]:
    known = [clip if isinstance(clip, Clip) else Clip(clip) for clip in clips]
    return NameIndex(known, name=lambda clip: clip.name, part=lambda clip: clip.part)


def meant(path: str, *clips: Clip | str, part: str = "") -> str:
    """Name of the clip, or nothing."""
    found = index(*clips).find(path, part=part)
    return found.name if found else ""


TWO_PARTS = ("train/01", "test/01", "test/02", "test/01_001", "test/01_0001")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("test/01", "test/01"),
        ("test/01.mp4", "test/01"),
        ("data/x/test/01", "test/01"),
        ("C:\\data\\test\\01.avi", "test/01"),
        ("./test//01.MP4", "test/01"),
        ("testing/01", "test/01"),
        ("testing_videos/01", "test/01"),
        ("TEST/01", "test/01"),
        ("Test001", "test/01"),
        ("Train001", "train/01"),
        ("02", "test/02"),
        ("2", "test/02"),
        ("02.ts", "test/02"),
        ("01_001", "test/01_001"),
        ("01_0001", "test/01_0001"),  # another video in ShanghaiTech
    ],
)
def test_a_name_means_the_clip_that_it_can_only_be(path: str, name: str) -> None:
    assert meant(path, *TWO_PARTS) == name


@pytest.mark.parametrize(
    "path",
    ["01", "01.mp4", "1", "validation/01", "cam2/test/01x", "03", "other/02", "train/02", "test"],
)
def test_a_name_that_may_be_several_or_lies_elsewhere_means_none(path: str) -> None:
    assert meant(path, *TWO_PARTS) == ""


@pytest.mark.parametrize(
    ("path", "clip"),
    [("cam2/01", "cam1/01"), ("cam2/01", "test/cam1/01"), ("b/cam1/01", "a/cam1/01")],
)
def test_a_folder_never_falls_on_a_namesake_elsewhere(path: str, clip: str) -> None:
    assert meant(path, clip) == ""
    assert f"of that name there is {clip}" in index(clip).why_not(path)


def test_a_clip_without_a_folder_may_be_called_with_one() -> None:
    """Lists of datasets name folders that a flat copy does not have."""
    assert meant("Abuse/Abuse028_x264.mp4", "Abuse028_x264", "Arson011_x264") == "Abuse028_x264"


def test_the_part_of_a_clip_must_agree_with_the_folder() -> None:
    assert meant("train/01", Clip("01", part="test")) == ""
    assert meant("train/01", Clip("01", part="train")) == "01"
    assert meant("train/01", "01") == "01"
    assert meant("01", Clip("a/01", part="train"), Clip("b/01", part="test"), part="test") == "b/01"


def test_a_whole_name_counts_whatever_part_a_split_gives_the_video() -> None:
    assert meant("testing/01_0014", Clip("testing/01_0014", part="train")) == "testing/01_0014"
    assert meant("01", "01", "cam/01") == "01"


def test_a_test_clip_is_no_training_clip_of_the_same_number() -> None:
    assert meant("Test001", "training/001") == ""
    assert meant("Test001", "training/001", "testing/001") == "testing/001"
    assert meant("20", "testing_videos/020") == "testing_videos/020"


@pytest.mark.parametrize(
    ("path", "name"), [("Ame\u0301lie", "Am\u00e9lie"), ("\u00e9", "e\u0301"), ("CAM", "cam")]
)
def test_accents_in_one_sign_or_two_and_case(path: str, name: str) -> None:
    """File systems of macOS take letters apart, those of Windows know no case."""
    assert meant(path, f"test/{name}") == f"test/{name}"


def test_ways_to_write_accents_tell_clips_apart_where_nothing_else_does() -> None:
    """Linux lets both lie side by side."""
    together, apart = "test/\u00e9", "test/e\u0301"

    assert meant(together, together, apart) == together
    assert meant(apart, together, apart) == apart
    assert meant("\u00e9", together, apart) == ""


def test_case_tells_clips_apart_where_nothing_else_does() -> None:
    assert meant("A", "test/A", "test/a") == "test/A"
    assert meant("a.mp4", "test/A", "test/a") == "test/a"


def test_endings_tell_clips_apart_where_nothing_else_does() -> None:
    twins = ("test/01.mp4", "test/01.avi")

    assert meant("01.avi", *twins) == "test/01.avi"
    assert meant("test/01.mp4", *twins) == "test/01.mp4"
    assert meant("01", *twins) == ""
    assert "test/01.avi, test/01.mp4" in index(*twins).why_not("01")


@pytest.mark.parametrize("path", ["1", "001", "0014", "01_1", "Abuse028", "x", "12", ""])
def test_parts_of_a_name_are_not_enough(path: str) -> None:
    clips = ("01_0014", "Abuse028_x264", "fight 1 x", "xx", "fi012")

    assert meant(path, *clips) == ""
    assert index(*clips).why_not(path) == "there is no such clip"


@given(st.lists(st.from_regex(r"[ab]/[ab]/[0-2]{1,2}", fullmatch=True), min_size=1, unique=True))
def test_every_whole_name_means_its_own_clip(names: list[str]) -> None:
    known = index(*names)

    for name in names:
        for path in (name, f"{name}.mp4", name.replace("/", "\\"), f"/data/{name}"):
            found = known.find(path)
            assert found is not None
            assert found.name == name


def test_one_order_by_id_wherever_clips_lie() -> None:
    assert in_order(["b/02", "a/10", "c/1"]) == ["c/1", "b/02", "a/10"]
    assert in_order(["b/01", "a/02", "a/01"]) == ["a/01", "a/02", "b/01"]
    assert in_order(["Test/Test002", "x/01", "x/10"]) == ["x/01", "Test/Test002", "x/10"]


def test_names_may_be_numbers_of_any_length() -> None:
    long = "9" * 5_000

    assert meant(long, "01", "a") == ""
    assert meant(f"x/{long}", long) == long
    assert in_order([long, "1", "2"]) == ["1", "2", long]


def test_endings_are_those_of_videos() -> None:
    assert without_ending("v=1.5__#2") == "v=1.5__#2"
    assert without_ending("01.M2TS") == "01"
    assert without_ending(".mp4") == ".mp4"
    assert all(without_ending(f"x{ending}") == "x" for ending in VIDEO_ENDINGS)
    assert split_path("D:\\cam 1\\01.ts") == ("D:/cam 1", "01")
