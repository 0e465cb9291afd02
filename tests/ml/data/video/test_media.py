from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from ml.data.video.decode import decode
from ml.data.video.media import proxy_size
from ml.data.video.streams import shown_size
from ml.data.video.thumbnails import CELL, POSTER, evenly, fit, quick_sheet
from ml.records import VideoRecord
from tests import hostile, toys
from tests.ml.data.video.examined import examined
from tests.recorders import deep_video, joined, recording


def proxy_frames(folder: Path) -> list[av.VideoFrame]:
    with av.open(str(folder / "proxy.mp4")) as container:
        return list(container.decode(video=0))


def left_edges(frames: Sequence[av.VideoFrame]) -> list[int]:
    """Where the toy's square begins, in toy pixels."""
    rows = [frame.to_ndarray(format="gray")[frame.height // 2 + 4] for frame in frames]
    return [int(np.argmax(row > 150)) for row in rows]


def test_proxy_frame_k_is_source_frame_k(tmp_path: Path) -> None:
    folder = tmp_path / "out"

    answer = examined(toys.moving_square_video(tmp_path / "a.mp4", 30), folder)

    frames = proxy_frames(folder)
    assert answer["proxy_fps"] == 10
    assert left_edges(frames) == list(range(30))
    assert [Fraction(frame.pts or 0) * (frame.time_base or 0) for frame in frames] == [
        Fraction(k, 10) for k in range(30)
    ]


def test_proxy_of_a_variable_rate_is_constant(tmp_path: Path) -> None:
    times = [0, 40, 80, 500, 540, 2000]
    video = toys.moving_square_video(tmp_path / "a.mp4", 6, pts_milliseconds=times)

    answer = examined(video, tmp_path / "out")

    frames = proxy_frames(tmp_path / "out")
    assert left_edges(frames) == [0, 1, 2, 3, 4, 5]
    assert np.diff([frame.time for frame in frames]) == pytest.approx(1 / answer["proxy_fps"])


def test_proxy_of_an_edit_list_begins_where_players_do(tmp_path: Path) -> None:
    video = hostile.cut_by_edit_list(tmp_path / "a.mp4", n_frames=50, n_hidden=25)

    answer = examined(video, tmp_path / "out")

    assert answer["n_frames"] == 25
    assert left_edges(proxy_frames(tmp_path / "out")) == list(range(25, 50))
    loaded = decode(VideoRecord(id="v", path=str(video), n_frames=25), grey=True)
    assert [int(np.argmax(frame[28] > 150)) for frame in loaded] == list(range(25, 50))


@pytest.mark.parametrize(
    "rate", [Fraction(30_000, 1001), Fraction(24_000, 1001), Fraction(25, 2), Fraction(15, 2), 50]
)
def test_proxy_plays_at_the_exact_rate(tmp_path: Path, rate: Fraction | int) -> None:
    answer = examined(recording(tmp_path / "a.mp4", 30, rate=rate), tmp_path / "out")

    assert answer["proxy_fps"] == pytest.approx(float(rate), rel=1e-6)
    times = [frame.time for frame in proxy_frames(tmp_path / "out")]
    assert times == pytest.approx(np.arange(30) / float(rate), abs=1e-4)


def test_proxy_of_joined_segments_and_of_pauses_plays_at_the_usual_rate(tmp_path: Path) -> None:
    segment = recording(tmp_path / "segment.ts", 50)
    times = [index / 25 + (60 if index >= 25 else 0) for index in range(50)]
    paused = recording(tmp_path / "paused.mp4", 50, times=times, b_frames=0)

    for path in (joined(tmp_path / "a.ts", segment, segment), paused):
        assert examined(path, tmp_path / "out")["proxy_fps"] == pytest.approx(25, rel=1e-4)


@pytest.mark.parametrize(
    ("stored", "aspect", "shown"),
    [
        ((352, 144), Fraction(6, 11), (352, 264)),
        ((720, 576), Fraction(16, 15), (768, 576)),
        ((704, 576), Fraction(16, 11), (1024, 576)),
        ((64, 48), Fraction(1000), (64, 48)),  # no pixel is so long
    ],
)
def test_pixels_that_are_not_square_keep_their_shape(
    tmp_path: Path, stored: tuple[int, int], aspect: Fraction, shown: tuple[int, int]
) -> None:
    path = recording(tmp_path / "a.mp4", 4, size=stored, aspect=aspect)

    answer = examined(path, tmp_path / "out")
    quick_sheet(path, tmp_path / "quick.jpg")

    assert (answer["width"], answer["height"]) == shown
    frame = proxy_frames(tmp_path / "out")[0]
    assert (frame.width, frame.height) == proxy_size(shown)
    width, height = fit(shown, CELL)
    for sheet in (tmp_path / "out" / "contact_sheet.jpg", tmp_path / "quick.jpg"):
        with Image.open(sheet) as cells:
            assert cells.size == (12 * width, height)
    with Image.open(tmp_path / "out" / "poster.jpg") as poster:
        assert poster.size == fit(shown, POSTER)
    loaded = next(decode(VideoRecord(id="v", path=str(path)), grey=True))
    assert loaded.shape == stored[::-1]  # methods see what is stored


def test_shown_size_is_turned_after_pixels_have_their_shape() -> None:
    assert shown_size((352, 144), 90, Fraction(6, 11)) == (264, 352)
    assert shown_size((720, 576), 180, Fraction(16, 15)) == (768, 576)


def test_quick_sheet_of_files_that_have_no_points_of_time(tmp_path: Path) -> None:
    segment = recording(tmp_path / "segment.ts", 60)
    joined(tmp_path / "joined.ts", segment, segment)
    recording(tmp_path / "stream.h264", 60, format="h264")

    for name, n_frames in (("joined.ts", 120), ("stream.h264", 60)):
        quick_sheet(tmp_path / name, tmp_path / "sheet.jpg")
        with Image.open(tmp_path / "sheet.jpg") as sheet:
            shades = [np.asarray(sheet.convert("L"))[32, 96 * k + 48] for k in range(12)]
        shown = [3 * (k % 60) for k in evenly(n_frames)]
        assert shades == pytest.approx(shown, abs=4)


def test_quick_sheet_of_deep_grey_shows_more_than_the_highest_bits(tmp_path: Path) -> None:
    values = np.linspace(51_241, 52_181, 32 * 48).astype(np.uint16).reshape(32, 48)
    quick_sheet(deep_video(tmp_path / "a.mkv", [values] * 12), tmp_path / "sheet.jpg")

    with Image.open(tmp_path / "sheet.jpg") as sheet:
        assert len(np.unique(np.asarray(sheet.convert("L")))) > 200


@pytest.mark.parametrize(("gap", "expected"), [(5000, 1), (7, 60)])
def test_proxy_rate_is_between_1_and_60(tmp_path: Path, gap: int, expected: int) -> None:
    times = [k * gap for k in range(5)]
    video = toys.moving_square_video(tmp_path / "a.mp4", 5, pts_milliseconds=times)

    assert examined(video, tmp_path / "out")["proxy_fps"] == expected
    assert len(proxy_frames(tmp_path / "out")) == 5


def test_proxy_stands_upright_and_has_no_rotation_left(tmp_path: Path) -> None:
    video = toys.moving_square_video(tmp_path / "a.mp4", 3, rotation=90)

    examined(video, tmp_path / "out")

    frame = proxy_frames(tmp_path / "out")[0]
    with av.open(str(video)) as container:
        source = next(container.decode(video=0)).to_ndarray(format="gray")
    shown = frame.to_ndarray(format="gray")
    assert (frame.width, frame.height, frame.rotation) == (48, 64, 0)
    assert np.abs(shown.astype(int) - np.rot90(source)).mean() < 4


def test_proxy_plays_in_browsers_and_seeks_quickly(tmp_path: Path) -> None:
    video = toys.moving_square_video(tmp_path / "a.avi", 30, codec="mpeg4")

    examined(video, tmp_path / "out")

    data = (tmp_path / "out" / "proxy.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(tmp_path / "out" / "proxy.mp4")) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
    key_frames = [index for index, packet in enumerate(packets) if packet.is_keyframe]
    assert np.diff([*key_frames, len(packets)]).max() <= 12


@pytest.mark.parametrize(
    ("size", "expected"),
    [((360, 240), (360, 240)), ((238, 158), (238, 158)), ((1920, 1080), (1280, 720)),
     ((1081, 1921), (404, 720)), ((1, 1), (2, 2)), ((853, 479), (852, 478))],
)  # fmt: skip
def test_proxy_size_is_even_and_at_most_720_lines(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert proxy_size(size) == expected


def test_evenly_takes_the_middles_of_equal_parts() -> None:
    assert evenly(24) == list(range(1, 24, 2))
    assert evenly(100, 2) == [25, 75]
    assert evenly(3, 6) == [0, 0, 1, 1, 2, 2]


def test_fit_keeps_the_shape_and_never_enlarges() -> None:
    assert fit((1280, 720), (160, 120)) == (160, 90)
    assert fit((480, 640), (160, 120)) == (90, 120)
    assert fit((32, 24), (160, 120)) == (32, 24)


@pytest.mark.parametrize("n_frames", [1, 5, 40])
def test_contact_sheet_has_twelve_cells_in_order(tmp_path: Path, n_frames: int) -> None:
    examined(toys.moving_square_video(tmp_path / "a.mp4", n_frames), tmp_path / "out")

    with Image.open(tmp_path / "out" / "contact_sheet.jpg") as sheet:
        assert sheet.size == (12 * 64, 48)
        pixels = np.asarray(sheet.convert("L"))
    edges = [int(np.argmax(cell[28] > 150)) for cell in np.split(pixels, 12, axis=1)]
    assert edges == pytest.approx(evenly(n_frames), abs=1)


def test_poster_is_the_frame_in_the_middle(tmp_path: Path) -> None:
    examined(toys.moving_square_video(tmp_path / "a.mp4", 40), tmp_path / "out")

    with Image.open(tmp_path / "out" / "poster.jpg") as poster:
        pixels = np.asarray(poster.convert("L"))
    assert np.argmax(pixels[28] > 150) == pytest.approx(20, abs=1)


def test_quick_sheet_shows_key_frames_near_the_exact_places(tmp_path: Path) -> None:
    video = tmp_path / "a.mp4"
    examined(toys.moving_square_video(tmp_path / "long.mp4", 54), tmp_path)
    (tmp_path / "proxy.mp4").rename(video)  # a key frame every 12

    quick_sheet(video, tmp_path / "sheet.jpg")

    with Image.open(tmp_path / "sheet.jpg") as sheet:
        cells = np.split(np.asarray(sheet.convert("L")), 12, axis=1)
    edges = [int(np.argmax(cell[28] > 150)) for cell in cells]
    assert edges == pytest.approx([index // 12 * 12 for index in evenly(54)], abs=1)
