"""Every ending that is taken for a video's, with a real file of it, and what is never opened."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest

from ml.data.video.containers import FORMATS, open_video
from ml.data.video.decode import decode
from ml.data.video.probe import outline, probe
from ml.naming import VIDEO_ENDINGS
from ml.records import VideoRecord
from tests import toys
from tests.recorders import joined, recording

# Muxer, codec and FFmpeg's name of the demuxer that opens it.
MP4, TS, PS, ASF, AVI = (
    ("mp4", "libx264", "mov,mp4,m4a,3gp,3g2,mj2"),
    ("mpegts", "libx264", "mpegts"),
    ("mpeg", "mpeg2video", "mpeg"),
    ("asf", "msmpeg4", "asf"),
    ("avi", "mpeg4", "avi"),
)
H264, HEVC = ("h264", "libx264", "h264"), ("hevc", "libx265", "hevc")
MADE_BY = {
    ".mp4": MP4, ".m4v": MP4, ".mov": ("mov", *MP4[1:]), ".qt": ("mov", *MP4[1:]),
    ".insv": MP4, ".f4v": ("f4v", *MP4[1:]), ".mj2": ("mov", "jpeg2000", MP4[2]),
    ".3gp": ("3gp", *MP4[1:]), ".3gpp": ("3gp", *MP4[1:]), ".3g2": ("3g2", *MP4[1:]),
    ".3gp2": ("3g2", *MP4[1:]), ".mkv": ("matroska", "libx264", "matroska,webm"),
    ".mk3d": ("matroska", "libx264", "matroska,webm"), ".webm": ("webm", "libvpx", "matroska,webm"),
    ".avi": AVI, ".divx": AVI, ".xvid": AVI, ".asf": ASF, ".wmv": ("asf", "wmv2", "asf"),
    ".dvr-ms": ("asf", "mpeg2video", "asf"), ".flv": ("flv", "libx264", "flv"),
    ".ts": TS, ".mts": TS, ".m2ts": TS, ".m2t": TS, ".trp": TS, ".tp": TS, ".tod": TS,
    ".mpg": PS, ".mpeg": PS, ".mpe": PS, ".vro": PS, ".m2p": PS, ".mod": PS,
    ".vob": ("vob", *PS[1:]), ".mpv": ("mpeg2video", "mpeg2video", "mpegvideo"),
    ".m1v": ("mpeg1video", "mpeg1video", "mpegvideo"),
    ".m2v": ("mpeg2video", "mpeg2video", "mpegvideo"), ".mxf": ("mxf", "mpeg2video", "mxf"),
    ".ogv": ("ogg", "libvpx", "ogg"), ".ogm": ("ogg", "libvpx", "ogg"),
    ".wtv": ("wtv", "mpeg2video", "wtv"), ".dv": ("dv", "dvvideo", "dv"),
    ".rm": ("rm", "rv20", "rm"), ".rmvb": ("rm", "rv20", "rm"), ".ivf": ("ivf", "libvpx", "ivf"),
    ".y4m": ("yuv4mpegpipe", "wrapped_avframe", "yuv4mpegpipe"),
    ".h264": H264, ".264": H264, ".avc": H264, ".h265": HEVC, ".265": HEVC, ".hevc": HEVC,
}  # fmt: skip
SIZES = {".dv": (720, 576), ".rm": (176, 144), ".rmvb": (176, 144)}
OF_CAMERAS = {".dav": "dhav", ".mjpeg": "mjpeg", ".mjpg": "mjpeg"}  # FFmpeg writes none of these


def made(path: Path) -> tuple[Path, str]:
    """A file of that ending, and the name of its format."""
    if path.suffix in OF_CAMERAS:
        write = dhav if path.suffix == ".dav" else jpegs
        return write(path), OF_CAMERAS[path.suffix]
    muxer, codec, format = MADE_BY[path.suffix]
    size = SIZES.get(path.suffix, (96, 64))
    return recording(path, 20, format=muxer, codec=codec, size=size), format


def jpegs(path: Path) -> Path:
    images = toys.write_images(path.with_suffix(""), toys.toy_frames(20), suffix=".jpg")
    return joined(path, *[images / f"{index}.jpg" for index in range(1, 21)])


def dhav(path: Path) -> Path:
    """As recorders of one maker write it: a head, extensions and a tail around each picture."""
    jpeg = recording(path.with_suffix(".h264"), 20, format="h264", b_frames=0)
    with av.open(str(jpeg)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    codec_and_rate = bytes([0x81, 0, 0x02, 25])
    size = bytes([0x82, 0, 0, 0]) + (96).to_bytes(2, "little") + (64).to_bytes(2, "little")
    written = b""
    for number, data in enumerate(packets):
        extensions = codec_and_rate + size
        length = 24 + len(extensions) + len(data) + 8
        head = b"DHAV" + bytes([0xFD if number == 0 else 0xFC, 0, 0, 0])
        head += number.to_bytes(4, "little") + length.to_bytes(4, "little")
        second = 1 + number // 25
        head += (21 << 26 | 5 << 22 | 3 << 17 | 12 << 12 | 30 << 6 | second).to_bytes(4, "little")
        head += (number * 40 % 65_536).to_bytes(2, "little") + bytes([len(extensions)])
        head += bytes([sum(head) % 256])
        written += head + extensions + data + b"dhav" + length.to_bytes(4, "little")
    path.write_bytes(written)
    return path


def test_every_ending_has_a_file_here() -> None:
    assert MADE_BY.keys() | OF_CAMERAS.keys() == VIDEO_ENDINGS


@pytest.mark.parametrize("ending", sorted(VIDEO_ENDINGS))
def test_file_of_every_ending_is_probed_and_decoded(tmp_path: Path, ending: str) -> None:
    path, format = made(tmp_path / f"clip{ending}")
    with open_video(path) as container:
        assert container.format.name == format

    facts = probe(path, outline(path), on_frame=lambda frame: None)

    assert len(facts.pts) == 20
    assert facts.fps == pytest.approx(25, rel=1e-3)
    assert facts.pts[0] == pytest.approx(0, abs=1e-6)
    assert len(list(decode(VideoRecord(id="v", path=str(path), n_frames=20), grey=True))) == 20


FORBIDDEN = {"concat", "image2", "hls", "dash", "sdp", "rtsp", "lavfi", "tty", "webm_dash_manifest"}


def test_no_format_is_allowed_that_points_at_other_files() -> None:
    assert not FORBIDDEN & set(FORMATS)


def _concat(folder: Path) -> Path:
    path = folder / "list.ffconcat"
    path.write_text(f"ffconcat version 1.0\nfile {folder / 'secret.mp4'}\n")
    return path


def _images(folder: Path) -> Path:
    return toys.write_images(folder / "images", toys.toy_frames(2)) / "1.png"


@pytest.mark.parametrize("make", [_concat, _images])
def test_what_points_at_other_files_is_not_opened(
    tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    recording(tmp_path / "secret.mp4", 5)

    with pytest.raises(av.FFmpegError):
        open_video(make(tmp_path))
