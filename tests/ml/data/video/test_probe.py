from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from ml.data.video.containers import open_video
from ml.data.video.decode import decode
from ml.data.video.probe import Facts, outline, probe
from ml.records import BadInput, VideoRecord
from tests import hostile, toys


def probed(path: Path) -> Facts:
    return probe(path, outline(path), on_frame=lambda frame: None)


def test_probe_counts_and_times_every_frame(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 30, width=66, height=48)

    facts = probed(path)

    assert facts.pts == pytest.approx(np.arange(30) / 10)
    assert (facts.fps, facts.duration_seconds) == (pytest.approx(10), pytest.approx(3))
    assert (facts.width, facts.height, facts.rotation) == (66, 48, 0)
    assert (facts.codec, facts.has_audio, facts.is_variable_rate) == ("h264", False, False)
    assert facts.n_bytes == path.stat().st_size
    assert len(facts.sha256) == 64


def test_probe_hands_on_each_frame_once(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 12)
    times: list[float] = []

    facts = probe(path, outline(path), on_frame=lambda frame: times.append(frame.time))

    assert times == facts.pts.tolist()


def test_probe_variable_rate_keeps_each_time(tmp_path: Path) -> None:
    milliseconds = [0, 40, 80, 500, 540, 2000]
    path = toys.moving_square_video(tmp_path / "a.mp4", 6, pts_milliseconds=milliseconds)

    facts = probed(path)

    assert facts.pts == pytest.approx(np.array(milliseconds) / 1000)
    assert facts.is_variable_rate
    assert facts.fps == pytest.approx(5 / 2)


def test_probe_rate_rounded_to_milliseconds_is_constant(tmp_path: Path) -> None:
    milliseconds = [round(k * 1000 / 30) for k in range(30)]
    path = toys.moving_square_video(tmp_path / "a.mkv", 30, pts_milliseconds=milliseconds)

    facts = probed(path)

    assert not facts.is_variable_rate
    assert facts.fps == pytest.approx(30, rel=1e-3)


@pytest.mark.parametrize(("rotation", "shown"), [(90, (48, 64)), (180, (64, 48)), (270, (48, 64))])
def test_probe_size_is_the_one_shown(tmp_path: Path, rotation: int, shown: tuple[int, int]) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 3, rotation=rotation)

    facts = probed(path)

    assert (facts.width, facts.height) == shown
    assert facts.rotation == rotation


def test_probe_slanted_picture_is_refused(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 3, rotation=45)

    with pytest.raises(BadInput, match="turned by 45°"):
        probed(path)


def test_probe_edit_list_counts_what_players_show(tmp_path: Path) -> None:
    path = hostile.cut_by_edit_list(tmp_path / "a.mp4", n_frames=60, n_hidden=25)
    with open_video(path) as container:
        in_header = container.streams.video[0].frames

    facts = probed(path)

    assert (in_header, len(facts.pts)) == (60, 35)
    assert len(list(decode(VideoRecord(id="v", path=str(path), n_frames=35)))) == 35


def test_probe_single_frame_has_a_rate(tmp_path: Path) -> None:
    facts = probed(toys.moving_square_video(tmp_path / "a.mp4", 1))

    assert len(facts.pts) == 1
    assert facts.fps > 0
    assert not facts.is_variable_rate


def test_probe_times_out_of_order_give_way_to_a_constant_rate(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.avi", 30)  # AVI cannot hold B-frames' times

    facts = probed(path)

    assert np.diff(facts.pts) == pytest.approx(np.full(29, 0.1))
    assert "frames were placed at 10 per second" in facts.warnings[0]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (hostile.cut_off, r"cut off: it ends after \d+ readable frames, \d\.\d s early"),
        (hostile.without_index, "damaged or cut off: its container cannot be read"),
        (hostile.damaged, r"damaged: \d+ of its 60 packets .*, \d+ frames are readable"),
        (hostile.only_sound, "no video in it, only sound"),
    ],
)
def test_probe_unfit_file_says_what_is_wrong(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    path = make(tmp_path / "a.mp4")

    with pytest.raises(BadInput, match=sentence):
        probed(path)


def test_probe_file_that_lacks_its_last_bytes(tmp_path: Path) -> None:
    path = hostile.cut_off(tmp_path / "a.mp4", keep=0.995)

    with pytest.raises(BadInput, match="cut off"):
        probed(path)


@pytest.mark.parametrize("keep", [0.3, 0.7])
def test_probe_cut_matroska(tmp_path: Path, keep: float) -> None:
    path = toys.moving_square_video(tmp_path / "a.mkv", 60)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])

    with pytest.raises(BadInput, match="cut off"):
        probed(path)


def test_outline_gigantic_frames_are_refused_before_one_is_decoded(gigantic: Path) -> None:
    with pytest.raises(BadInput, match="16000×16000 are larger than the 33 million pixels"):
        outline(gigantic)
    with open_video(gigantic) as container, pytest.raises(av.FFmpegError):
        next(container.decode(video=0))


def test_outline_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = hostile.sound_with_a_cover(tmp_path / "a.mp4")

    with pytest.raises(BadInput, match="only sound"):
        outline(path)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "n_frames", "fps", "has_audio"),
    [("v_GGSY1Qvo990.mp4", 355, 19.62, True), ("vtest.avi", 795, 10, True)],
)
def test_probe_real_videos(
    shared_data: Path, name: str, n_frames: int, fps: float, has_audio: bool
) -> None:
    facts = probed(shared_data / "videos" / name)

    assert (len(facts.pts), facts.has_audio) == (n_frames, has_audio)
    assert facts.fps == pytest.approx(fps, rel=1e-3)
    assert not facts.is_variable_rate


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.flv"])
def test_probe_title_in_another_encoding(tmp_path: Path, name: str) -> None:
    path = hostile.titled(tmp_path / name, "防犯カメラ1".encode("shift_jis"))

    assert len(probed(path).pts) == 10


def test_probe_codec_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="codec of its video is not known"):
        probed(hostile.unknown_codec(tmp_path / "a.mkv"))
