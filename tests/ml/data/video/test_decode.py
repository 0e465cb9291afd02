from pathlib import Path

import numpy as np
import pytest

from ml import threads
from ml.data.video.decode import decode, decode_timed
from ml.records import BadInput, VideoRecord
from tests import toys


def record(path: Path, **fields: object) -> VideoRecord:
    return VideoRecord.from_json({"id": "vid_1", "path": str(path)} | fields)


def left_edge(frame: np.ndarray) -> int:
    """Where the toy's square begins."""
    return int(np.argmax(frame[frame.shape[0] // 2 + 4] > 150))


def test_decode_gives_every_frame_in_order(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 30)

    frames = list(decode(record(path, n_frames=30), grey=True))

    assert {frame.shape for frame in frames} == {(48, 64)}
    assert [left_edge(frame) for frame in frames] == list(range(30))


def test_decode_variable_rate_drops_and_repeats_no_frame(tmp_path: Path) -> None:
    times = [0, 10, 500, 510, 520, 3000]
    path = toys.moving_square_video(tmp_path / "a.mp4", 6, pts_milliseconds=times)

    frames = list(decode(record(path), grey=True))

    assert [left_edge(frame) for frame in frames] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("count", [1, 3])
def test_decode_takes_the_threads_that_its_process_may_use(tmp_path: Path, count: int) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 30)
    tasks = Path("/proc/self/task")

    before = len(list(tasks.iterdir()))
    threads.allow(count)
    try:
        frames = decode(record(path))
        next(frames)
        of_the_decoder = len(list(tasks.iterdir())) - before
        frames.close()
    finally:
        threads.allow(None)

    assert of_the_decoder == (0 if count == 1 else count)


def test_decode_rgb_keeps_the_order_of_channels(tmp_path: Path) -> None:
    red = np.zeros((48, 64, 3), np.uint8)
    red[..., 0] = 255
    path = toys.write_video(tmp_path / "a.mp4", [red] * 3)
    folder = toys.write_images(tmp_path / "a", [red])

    from_file = next(decode(record(path)))
    from_image = next(decode(record(folder, kind="frames")))

    assert from_file[24, 32, 0] > 240
    assert from_file[24, 32, 2] < 15
    assert from_image[24, 32].tolist() == [255, 0, 0]


def test_decode_grey_is_the_luma_of_the_picture(tmp_path: Path) -> None:
    levels = [np.full((48, 64, 3), level, np.uint8) for level in (0, 128, 255)]
    path = toys.write_video(tmp_path / "a.mp4", levels)

    greys = [float(frame.mean()) for frame in decode(record(path), grey=True)]

    assert greys == pytest.approx([0, 128, 255], abs=2)


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (270, 3), (-90, 3)])
def test_decode_turns_frames_upright(tmp_path: Path, rotation: int, turns: int) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 2)
    flat = next(decode(record(path), grey=True))

    turned = next(decode(record(path, rotation=rotation), grey=True))
    resized = next(decode(record(path, rotation=rotation), grey=True, size=(20, 10)))

    assert np.array_equal(turned, np.rot90(flat, turns))
    assert resized.shape == (20, 10)


def test_decode_resizes_by_area(tmp_path: Path) -> None:
    board = np.zeros((48, 64, 3), np.uint8)
    board[::2, ::2] = board[1::2, 1::2] = 255
    folder = toys.write_images(tmp_path / "a", [board])

    frame = next(decode(record(folder, kind="frames"), size=(24, 32), grey=True))

    assert set(np.unique(frame)) <= {127, 128}


def test_decode_images_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = toys.write_images(tmp_path / "clip", toys.toy_frames(12))

    frames = list(decode(record(folder, kind="frames", n_frames=12), grey=True))

    assert [left_edge(frame) for frame in frames] == list(range(12))


@pytest.mark.parametrize(
    ("expected", "sentence"),
    [(31, "has 30 frames where 31 are expected"), (29, "more than the 29 frames expected")],
)
def test_decode_wrong_number_of_frames_says_both(
    tmp_path: Path, expected: int, sentence: str
) -> None:
    path = toys.moving_square_video(tmp_path / "training" / "a.mp4", 30)

    with pytest.raises(BadInput, match=f"training/a.mp4 has .*{sentence.removeprefix('has ')}"):
        list(decode(record(path, n_frames=expected)))


def test_decode_damaged_file_names_the_video(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 60, codec="mpeg4")
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])  # the index at the end is gone

    with pytest.raises(BadInput, match=r"a\.mp4 cannot be decoded: Invalid data"):
        list(decode(record(path)))


def test_decode_playlist_under_a_videos_name_is_refused(tmp_path: Path) -> None:
    secret = toys.moving_square_video(tmp_path / "secret.ts", 10, codec="mpeg4")
    playlist = tmp_path / "clip.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\n{secret}\n#EXT-X-ENDLIST\n")

    for path in (playlist, playlist.rename(tmp_path / "clip.m3u8")):
        with pytest.raises(BadInput, match="cannot be decoded"):
            list(decode(record(path)))


def test_decode_missing_file_and_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        list(decode(record(tmp_path / "a.mp4")))
    with pytest.raises(BadInput, match="No such file"):
        list(decode_timed(record(tmp_path / "a.mp4")))
    with pytest.raises(BadInput, match="No such file"):
        list(decode(record(tmp_path / "a", kind="frames")))


def test_decode_folder_without_images(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="has no frames"):
        list(decode(record(tmp_path, kind="frames")))


def test_decode_image_that_is_none(tmp_path: Path) -> None:
    folder = toys.write_images(tmp_path / "clip", toys.toy_frames(2))
    (folder / "2.png").write_text("not an image")

    with pytest.raises(BadInput, match=r"clip/2\.png cannot be decoded as an image"):
        list(decode(record(folder, kind="frames")))
