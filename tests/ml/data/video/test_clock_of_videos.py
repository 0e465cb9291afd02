"""Times of frames as a player shows them, for every container and fault of stamps."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from ml.clock import Clock
from ml.data.video.decode import decode, decode_timed
from ml.data.video.probe import Facts, outline, probe
from ml.records import BadInput, VideoRecord
from tests import hostile, toys
from tests.recorders import WRAP, avi_with_drops, joined, recording


def probed(path: Path) -> Facts:
    return probe(path, outline(path), on_frame=lambda frame: None)


def frames_between(facts: Facts, start: float, end: float) -> tuple[int, int]:
    first, last = Clock.of_times(facts.pts, facts.nominal_fps).frame_at([start, end])
    return int(first), int(last)


def check_even(facts: Facts, n_frames: int, fps: float = 25.0, start: float = 0.0) -> None:
    assert facts.pts == pytest.approx(start + np.arange(n_frames) / fps, abs=1e-9)
    assert facts.fps == pytest.approx(fps, abs=1e-6)
    assert facts.duration_seconds == pytest.approx(n_frames / fps, abs=1e-6)
    assert not facts.is_variable_rate


@pytest.mark.parametrize("format", ["mp4", "matroska", "mpegts", "flv", "avi", "asf"])
def test_first_frame_is_at_zero_in_every_container(tmp_path: Path, format: str) -> None:
    codec = "msmpeg4" if format == "asf" else "libx264"

    facts = probed(recording(tmp_path / "a.bin", 50, format=format, codec=codec))

    check_even(facts, 50)


@pytest.mark.parametrize("rate", [Fraction(30_000, 1001), Fraction(25, 2), 5, 50, Fraction(1, 2)])
def test_odd_rates_are_shown_and_timed_as_they_are(tmp_path: Path, rate: Fraction | int) -> None:
    facts = probed(recording(tmp_path / "a.mp4", 20, rate=rate))

    check_even(facts, 20, fps=float(rate))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_picture_that_starts_after_the_sound_starts_late(tmp_path: Path, name: str) -> None:
    facts = probed(recording(tmp_path / name, 50, start=0.5, sound_seconds=2.5))

    check_even(facts, 50, start=0.5)
    assert frames_between(facts, 1.5, 2.1) == (25, 40)


def test_picture_that_is_alone_starts_where_the_container_does(tmp_path: Path) -> None:
    check_even(probed(recording(tmp_path / "a.mp4", 50, start=0.5)), 50)


def test_edit_list_hides_frames_and_the_clock_begins_after_them(tmp_path: Path) -> None:
    facts = probed(hostile.cut_by_edit_list(tmp_path / "a.mp4", n_frames=60, n_hidden=25))

    check_even(facts, 35, fps=10)


def test_event_in_a_recording_with_pauses_lies_where_a_player_shows_it(tmp_path: Path) -> None:
    times = [index / 25 + (60 if index >= 100 else 0) for index in range(200)]

    facts = probed(recording(tmp_path / "a.mp4", 200, times=times, b_frames=0))

    assert facts.pts == pytest.approx(np.array(times), abs=1e-4)
    assert frames_between(facts, 65, 67) == (125, 175)
    assert (facts.fps, facts.is_variable_rate) == (pytest.approx(25, abs=1e-3), True)
    assert outline(tmp_path / "a.mp4").fps == pytest.approx(25, abs=1e-3)  # of the proxy
    assert facts.notes == (
        "1 pause without a picture, as where a recorder waits for motion: the longest is 60.0 s, "
        "after 3.96 s; times keep them",
    )


RECORDERS: dict[str, Callable[[Path], Path]] = {
    "late": lambda folder: recording(folder / "a.mp4", start=0.5, sound_seconds=2.5),
    "edit list": lambda folder: hostile.cut_by_edit_list(
        folder / "a.mp4", n_frames=60, n_hidden=25
    ),
    "primed": lambda folder: recording(folder / "a.mkv", sound_seconds=2.0, sound_start=-0.05),
    "avi": lambda folder: recording(folder / "a.avi", b_frames=3),
    "bare": lambda folder: recording(folder / "a.h264", format="h264"),
    "joined": lambda folder: joined(
        folder / "a.ts", *[recording(folder / "one.ts", format="mpegts")] * 2
    ),
}


@pytest.mark.parametrize("recorder", RECORDERS.values(), ids=RECORDERS)
def test_times_while_frames_are_decoded_are_those_of_the_import(
    tmp_path: Path, recorder: Callable[[Path], Path]
) -> None:
    path = recorder(tmp_path)

    seconds = [second for second, _frame in decode_timed(VideoRecord(id="v", path=str(path)))]

    assert seconds == pytest.approx(probed(path).pts.tolist(), abs=1e-9)


# --- Joined segments


@pytest.mark.parametrize(
    ("format", "codec"), [("mpegts", "libx264"), ("vob", "mpeg2video"), ("mpeg", "mpeg2video")]
)
@pytest.mark.parametrize("n_segments", [2, 5])
def test_joined_segments_are_put_end_to_end(
    tmp_path: Path, format: str, codec: str, n_segments: int
) -> None:
    segment = recording(tmp_path / "segment", 200, format=format, codec=codec)

    facts = probed(joined(tmp_path / "a.ts", *[segment] * n_segments))

    check_even(facts, 200 * n_segments)
    assert frames_between(facts, 10, 12) == (250, 300)
    assert facts.warnings == (
        f"time stamps start anew {n_segments - 1} time{'s' * (n_segments > 2)}, as where segments "
        "were joined; they were put end to end, the first seam is at 8 s",
    )


def test_joined_segment_of_another_size_and_rate(tmp_path: Path) -> None:
    first = recording(tmp_path / "first", 100, format="mpegts")
    second = recording(tmp_path / "second", 50, format="mpegts", rate=10, size=(128, 96))

    facts = probed(joined(tmp_path / "a.ts", first, second))

    expected = np.concatenate([np.arange(100) / 25, 4 + np.arange(50) / 10])
    assert facts.pts == pytest.approx(expected, abs=1e-6)
    assert facts.fps == pytest.approx(149 / 8.9)
    assert facts.duration_seconds == pytest.approx(8.94)
    assert (facts.width, facts.height) == (96, 64)
    assert facts.warnings[-1].startswith("frames change their size, from 96×64 to 128×96 from")


def test_joined_segment_whose_stamps_begin_earlier(tmp_path: Path) -> None:
    """FFmpeg takes it for a wrap and moves it by 26 hours."""
    late = recording(tmp_path / "late", 100, format="mpegts", start=100)
    early = recording(tmp_path / "early", 100, format="mpegts")

    check_even(probed(joined(tmp_path / "a.ts", late, early)), 200)


def test_joined_segment_whose_stamps_begin_later_keeps_the_pause(tmp_path: Path) -> None:
    early = recording(tmp_path / "early", 100, format="mpegts")
    late = recording(tmp_path / "late", 100, format="mpegts", start=64)

    facts = probed(joined(tmp_path / "a.ts", early, late))

    assert facts.pts[100] - facts.pts[99] == pytest.approx(60, abs=0.2)
    assert facts.fps == pytest.approx(25, abs=1e-6)
    assert facts.notes


def test_stamps_that_wrap_go_on(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.ts", 100, format="mpegts", start=WRAP - 2)

    facts = probed(path)

    check_even(facts, 100)
    assert facts.warnings == ()


def test_joined_segments_of_which_each_wraps(tmp_path: Path) -> None:
    segment = recording(tmp_path / "segment", 100, format="mpegts", start=WRAP - 2)

    check_even(probed(joined(tmp_path / "a.ts", segment, segment)), 200)


JOINED = {"mp4": "libx264", "flv": "libx264", "asf": "msmpeg4", "wtv": "mpeg2video"}


@pytest.mark.parametrize("format", JOINED)
def test_joined_files_of_which_players_show_the_first_say_so(tmp_path: Path, format: str) -> None:
    one = recording(tmp_path / "one", 50, format=format, codec=JOINED[format], size=(176, 144))

    alone, both = probed(one), probed(joined(tmp_path / "both", one, one))

    check_even(both, 50)
    assert alone.warnings == ()
    assert both.warnings == (
        f"another video begins at byte {one.stat().st_size:,} of the file, which is not read: join "
        "files with a program for videos, not byte by byte",
    )


@pytest.mark.parametrize(
    ("format", "codec"), [("matroska", "libx264"), ("avi", "mpeg4"), ("h264", "libx264")]
)
def test_joined_files_that_are_read_to_their_end(tmp_path: Path, format: str, codec: str) -> None:
    one = recording(tmp_path / "one", 50, format=format, codec=codec)

    check_even(probed(joined(tmp_path / "both", one, one)), 100)


def test_joined_files_that_break_off_are_refused(tmp_path: Path) -> None:
    one = recording(tmp_path / "one", 50, format="rm", codec="rv20", size=(176, 144))

    with pytest.raises(BadInput, match="damaged: nothing is readable after 50 frames"):
        probed(joined(tmp_path / "both", one, one))


def test_joined_segments_are_decoded_whole(tmp_path: Path) -> None:
    segment = recording(tmp_path / "segment", 30, format="mpegts")
    path = joined(tmp_path / "a.ts", segment, segment)

    frames = list(decode(VideoRecord(id="v", path=str(path), n_frames=60), grey=True))

    assert len(frames) == 60


# --- Places that hold no picture


def test_avi_whose_last_pictures_were_dropped_is_whole(tmp_path: Path) -> None:
    facts = probed(avi_with_drops(tmp_path / "a.avi", range(60, 100)))

    check_even(facts, 60)
    assert facts.warnings == (
        "40 of its 100 places hold no picture, as recorders mark dropped ones: 60 to 99; the "
        "frames around them keep their times",
    )


def test_avi_whose_pictures_were_dropped_in_the_middle_keeps_its_clock(tmp_path: Path) -> None:
    facts = probed(avi_with_drops(tmp_path / "a.avi", [*range(30, 40), 70]))

    places = np.delete(np.arange(100), [*range(30, 40), 70])
    assert facts.pts == pytest.approx(places / 25)
    assert frames_between(facts, 2.0, 2.4) == (40, 50)
    assert (facts.fps, facts.duration_seconds) == (25.0, pytest.approx(4.0))
    assert facts.warnings[0].startswith("11 of its 100 places hold no picture")
    assert ": 30 to 39, 70; " in facts.warnings[0]


def test_avi_whose_first_pictures_were_dropped_starts_late(tmp_path: Path) -> None:
    facts = probed(avi_with_drops(tmp_path / "a.avi", range(25)))

    assert facts.pts == pytest.approx(np.arange(25, 100) / 25)


def test_avi_of_which_every_third_picture_was_dropped(tmp_path: Path) -> None:
    facts = probed(avi_with_drops(tmp_path / "a.avi", range(2, 99, 3)))

    assert facts.pts[:4] == pytest.approx([0, 0.04, 0.12, 0.16])
    assert outline(tmp_path / "a.avi").fps == 25


@pytest.mark.parametrize("dropped", [range(0), range(60, 100), range(30, 40)])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_avi_that_is_cut_off_is_refused(tmp_path: Path, dropped: range, keep: float) -> None:
    path = avi_with_drops(tmp_path / "a.avi", dropped)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])

    with pytest.raises(BadInput, match="cut off"):
        probed(path)


def test_avi_whose_header_promises_more_than_was_ever_written(tmp_path: Path) -> None:
    facts = probed(avi_with_drops(tmp_path / "a.avi", (), promised=150))

    check_even(facts, 100)
    assert facts.warnings == ("the header promises 2.0 s more than the file holds, which is whole",)


# --- Missing stamps


def test_avi_without_times_of_presentation_goes_by_its_places(tmp_path: Path) -> None:
    facts = probed(recording(tmp_path / "a.avi", 60, b_frames=3))

    check_even(facts, 60)
    assert "frames were placed at 25 per second" in facts.warnings[0]


@pytest.mark.parametrize(
    ("name", "format", "codec"),
    [
        ("a.h264", "h264", "libx264"),
        ("a.m2v", "mpeg2video", "mpeg2video"),
        ("a.m4v", "m4v", "mpeg4"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("rate", [25, 50])
def test_stream_without_a_container_goes_by_the_rate_of_its_header(
    tmp_path: Path, name: str, format: str, codec: str, rate: int
) -> None:
    facts = probed(recording(tmp_path / name, 50, format=format, codec=codec, rate=rate))

    check_even(facts, 50, fps=rate)
    assert facts.warnings == (
        f"a stream without a container has no time stamps: {rate} frames per second its header "
        "says",
    )


def test_stream_of_jpegs_is_taken_for_25_per_second(tmp_path: Path) -> None:
    images = toys.write_images(tmp_path / "images", toys.toy_frames(12), suffix=".jpg")
    path = joined(tmp_path / "a.mjpeg", *[images / f"{index}.jpg" for index in range(1, 13)])

    facts = probed(path)

    check_even(facts, 12)
    assert facts.warnings[0].endswith("25 frames per second is assumed")


def test_matroska_and_mp4_that_are_cut_off_are_refused(tmp_path: Path) -> None:
    for name in ("a.mkv", "a.mp4"):
        path = hostile.cut_off(tmp_path / name) if name == "a.mp4" else recording(tmp_path / name)
        data = path.read_bytes()
        path.write_bytes(data[: len(data) * 3 // 4])
        with pytest.raises(BadInput, match="cut off"):
            probed(path)


def test_mp4_whose_header_is_wrong_is_whole(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", 50)
    data = bytearray(path.read_bytes())
    at = data.index(b"mvhd") + 4 + 16  # version 0: flags, two dates, time scale
    scale = int.from_bytes(data[at - 4 : at], "big")
    data[at : at + 4] = (9 * scale).to_bytes(4, "big")
    path.write_bytes(data)

    check_even(probed(path), 50)


HARMS: dict[str, Callable[[list[float]], list[float]]] = {
    "tie": lambda times: [*times[:20], times[19] + 1e-4, *times[21:]],
    "jump": lambda times: [*times[:20], times[20] + 0.03, *times[21:]],
}


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
def test_uneven_stamps_are_kept(tmp_path: Path, harm: Callable[[list[float]], list[float]]) -> None:
    times = harm([index / 25 for index in range(40)])

    facts = probed(recording(tmp_path / "a.mp4", 40, times=times, b_frames=0))

    assert facts.pts == pytest.approx(np.array(times), abs=2e-5)
    assert facts.is_variable_rate
