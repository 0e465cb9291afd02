from collections.abc import Sequence

import pytest

from ml.data.video.numbering import Numbering, read_numbering

PLAIN = [f"{index:04}.jpg" for index in range(100)]


def numbered(names: Sequence[str]) -> Numbering:
    """A JPEG has 600 bytes here, anything else 100."""
    return read_numbering(names, lambda name: 600 if name.endswith("jpg") else 100)


@pytest.mark.parametrize(
    "names",
    [
        PLAIN,
        [f"{index}.png" for index in range(200)],
        [f"{index:03}.tif" for index in range(1, 181)],
        [f"cam1_{index:04}_l.jpg" for index in range(20)],
        [f"frame ({index}).jpg" for index in range(1, 20)],
        [f"clip-{index}.jpg" for index in range(1, 20)],
        ["1.JPG", "2.jpg", "3.Jpg"],
        [f"{index:04}_{index * 7}.png" for index in range(12)],
        ["7.png"],
    ],
)
def test_names_that_count_are_taken_as_they_count(names: list[str]) -> None:
    found = numbered(names[::-1])

    assert found == Numbering(names=tuple(names))


def test_numbers_that_begin_later_are_told() -> None:
    names = [f"{index}.png" for index in range(100, 300)]

    found = numbered(names[::-1])

    assert (found.names, found.fault) == (tuple(names), "")
    assert found.warnings == (
        "its first picture is 100.png, and that is frame 0 here: labels that count by the numbers "
        "in the names have to be lessened by 100",
    )


def test_pictures_that_go_on_with_the_count_by_another_name_are_told() -> None:
    names = [f"img_{index}.png" for index in range(10)] + ["image_10.png", "mean_11.png"]

    found = numbered(names[::-1])

    assert (found.names, found.fault) == (tuple(names), "")
    [told] = found.warnings
    assert told.startswith("named otherwise than img_")
    assert told.endswith("the others end: image_10.png, mean_11.png")


def test_missing_numbers_are_named_with_the_frame_that_they_move() -> None:
    found = numbered([name for index, name in enumerate(PLAIN) if index not in (30, 31, 32, 50)])

    assert len(found.names) == 96
    assert found.fault == (
        "4 numbers are missing (30 to 32, 50), so that frame 30 is the picture 0033.jpg"
    )


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (
            [f"{index * 5:04}.png" for index in range(20)],
            "only every 5th number is there, so that frame 1 is the picture 0005.png",
        ),
        (
            ["DSC_9998.jpg", "DSC_9999.jpg", "DSC_0001.jpg"],
            "9,996 numbers are missing (2 to 9997), so that frame 1 is the picture DSC_9998.jpg",
        ),
        (
            ["1.png", "01.png", "2.png"],
            "1 number more than once, such as 1 in 1.png, 01.png",
        ),
        (
            [f"cam{camera}_{index}.jpg" for camera in (1, 2) for index in range(5)],
            "the names count in several numbers at once, and none tells all of them apart: "
            "cam1_0.jpg, cam2_4.jpg",
        ),
        (
            [*PLAIN, "cover1.jpg"],
            "1 picture named otherwise than 0000.jpg, so that nobody can tell whether they are "
            "frames: cover1.jpg",
        ),
        (
            ["a.jpg", "b.jpg", "1.jpg"],
            "1 of 3 pictures have a number in their names, the others have none",
        ),
    ],
)
def test_numbers_that_tell_no_frames_apart_are_a_fault(names: list[str], fault: str) -> None:
    found = numbered(names)

    assert found.fault == fault
    assert len(found.names) == len(names)


def test_decided_is_no_fault_any_more() -> None:
    found = numbered(["1.png", "3.png", "4.png"])

    assert found.decided("order").fault == ""
    assert found.decided("order").notes[0].endswith("count as they lie, as was said")
    assert "`frame_numbers` is `order`" in found.decided("").fault


def test_pictures_without_a_number_are_left_out_and_named() -> None:
    found = numbered([*PLAIN[:50], "background.jpg", "cover.png"])

    assert found.names == tuple(PLAIN[:50])
    assert found.fault == ""
    assert found.warnings == (
        "left out, for the other pictures have numbers in their names and these have none: "
        "background.jpg, cover.png",
    )


def test_same_number_with_two_endings_is_taken_once() -> None:
    found = numbered(PLAIN[:50] + [name.replace("jpg", "png") for name in PLAIN[:50]])

    assert found.names == tuple(PLAIN[:50])  # the larger ones: masks and previews are small
    assert found.warnings == (
        "there with two endings: 50 pictures; taken once, as .jpg, and left out: 0000.png, "
        "0001.png, 0002.png and 47 more",
    )


def test_same_number_with_two_endings_is_taken_from_the_whole_sequence() -> None:
    whole = [name.replace("jpg", "png") for name in PLAIN]

    assert numbered([*PLAIN[:99], *whole]).names == tuple(whole)
    assert numbered([*PLAIN[:60], *whole[50:]]).fault == ""
    assert numbered([*PLAIN[:60], *whole[50:]]).names == (*PLAIN[:60], *whole[60:])


def test_names_without_numbers_go_by_the_alphabet_and_say_so() -> None:
    found = numbered(["b.png", "a.png"])

    assert (found.names, found.fault) == (("a.png", "b.png"), "")
    assert found.warnings[0].endswith("the alphabet gives their order: a.png, b.png")
    assert numbered(["only.png"]) == Numbering(names=("only.png",))
    assert numbered([]) == Numbering(names=())


@pytest.mark.parametrize(
    ("names", "seconds"),
    [
        (["1620000000.5.png", "1620000000.123.png", "1620000001.png"], (0, 0.377, 0.877)),
        (["1620000000040.png", "1620000000000.png"], (0, 0.04)),
        (["1620000000000000000.png", "1620000000500000000.png"], (0, 0.5)),
        (["00_01_02.500.png", "00_00_59.000.png"], (0, 3.5)),
        (["2021-05-03_12-30-08.jpg", "2021-05-03_12-30-05.jpg"], (0, 3)),
        (["IMG_20210503_235959.jpg", "IMG_20210504_000001.jpg"], (0, 2)),
        (["20210503123005.jpg", "20210503123005250.jpg"], (0, 0.25)),
        ([f"{index * 0.04:.2f}.png" for index in range(3)], (0, 0.04, 0.08)),
        (["12-30-58.jpg", "12-31-03.jpg", "12-31-02.jpg"], (0, 4, 5)),
        (["0001_1620000000000.png", "0002_1620000000040.png"], (0, 0.04)),
    ],
)
def test_names_that_are_times_give_order_and_clock(
    names: list[str], seconds: tuple[float, ...]
) -> None:
    found = numbered(names)

    assert found.seconds == pytest.approx(seconds)
    assert (found.fault, found.warnings) == ("", ())


def test_names_that_may_be_times_or_counts_say_so() -> None:
    names = [f"12-30-{second:02}.jpg" for second in range(5, 20)]

    found = numbered(names)

    assert (found.names, found.seconds, found.fault) == (tuple(names), (), "")
    assert found.warnings == (
        "the names may be times (12-30-05) or counts: they give the order, and frames are taken "
        "to be evenly spaced",
    )
    assert numbered([name for name in names if "07" not in name]).fault.startswith("1 number")


def test_scene_and_frame_are_no_seconds() -> None:
    names = [f"1.{index:02}.png" for index in range(1, 20)]

    found = numbered(names)

    assert (found.names, found.seconds) == (tuple(names), ())
    assert "may be times" in found.warnings[0]


@pytest.mark.parametrize(
    "name",
    [
        "2024-05-01_12-00-00_{:03}.png",
        "20240501_120000-{:06}.png",
        "20240501120000{:03}.png",
        "1714560000_{:04}.png",
        "1714560000_{}.png",
    ],
)
def test_counter_behind_a_stamp_is_no_fraction_of_a_second(name: str) -> None:
    names = [name.format(index) for index in range(1, 20)]

    found = numbered(names[::-1])

    assert (found.names, found.seconds, found.fault) == (tuple(names), (), "")
    assert "may be times" in found.warnings[0]
    assert f"so that frame 7 is the picture {names[8]}" in numbered(names[:7] + names[8:]).fault


def test_thousandths_behind_a_stamp_are_a_clock() -> None:
    names = [f"2024-05-01_12-00-0{index // 25}_{index % 25 * 40:03}.png" for index in range(30)]

    assert numbered(names).seconds == pytest.approx([index / 25 for index in range(30)])


@pytest.mark.parametrize("stamp", ["2024-05-01_12-00-00", "1714560000000", "12-30-05"])
def test_counter_behind_one_stamp_goes_by_its_count(stamp: str) -> None:
    names = [f"{stamp}_{index:05}.png" for index in range(1, 20)]

    assert numbered(names[::-1]) == Numbering(names=tuple(names))
    assert numbered(names[:7] + names[8:]).fault.startswith("1 number is missing (8)")


def test_pictures_of_the_same_second_keep_the_fault_of_their_count() -> None:
    names = [f"{index}_20210503_1230{index // 2:02}.jpg" for index in (1, 2, 3, 5, 6)]

    found = numbered(names)

    assert found.names == tuple(names)
    assert found.fault.startswith("1 number is missing (4), so that frame 3 is the picture 5_")
    assert "several pictures share one" in found.warnings[0]


def test_pictures_of_the_same_second_are_no_clock() -> None:
    names = [f"{index}_20210503_1230{index // 2:02}.jpg" for index in range(1, 9)]

    found = numbered(names)

    assert (found.names, found.seconds) == (tuple(names), ())
    assert "several pictures share one" in found.warnings[0]
