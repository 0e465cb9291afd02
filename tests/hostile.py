"""Files that people really give: broken, misnamed, or made to do harm. All made on the spot."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.stream import Disposition

from tests import toys


def empty(path: Path) -> Path:
    path.touch()
    return path


def text(path: Path) -> Path:
    path.write_text("The recorder was off that day. 違和感\n" * 40)
    return path


def lfs_pointer(path: Path) -> Path:
    path.write_text(
        "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22e"
        "adbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n"
    )
    return path


def playlist(path: Path, *, target: Path) -> Path:
    """Of HTTP live streaming: FFmpeg would open `target` in its stead."""
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n")
    return path


def cut_off(path: Path, *, n_frames: int = 60, keep: float = 0.5) -> Path:
    """Its index stands at the start and speaks of all frames, but the end is missing."""
    whole = toys.moving_square_video(path.with_name(f"whole-{path.name}"), n_frames)
    _remux(whole, path, options={"movflags": "+faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    whole.unlink()
    return path


def without_index(path: Path) -> Path:
    """As an interrupted recording leaves it: the index would have come last."""
    data = toys.moving_square_video(path, 60).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def damaged(path: Path) -> Path:
    """A stretch in the middle is overwritten with noise."""
    noise = np.random.default_rng(0).integers(0, 256, (60, 48, 64, 3), np.uint8)
    data = bytearray(toys.write_video(path, list(noise)).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = np.random.default_rng(1).bytes(4000)
    path.write_bytes(data)
    return path


def only_sound(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        stream.layout = "mono"
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        container.mux(stream.encode(silence))
        container.mux(stream.encode())
    return path


def sound_with_a_cover(path: Path) -> Path:
    """As music players store it: the cover is a video stream of one picture."""
    picture = toys.write_images(path.with_suffix(""), toys.toy_frames(1), suffix=".jpg") / "1.jpg"
    sound = only_sound(path.with_name(f"sound-{path.name}"))
    with (
        av.open(str(picture)) as cover,
        av.open(str(sound)) as music,
        av.open(str(path), "w") as written,
    ):
        streams: list[Any] = [cover.streams.video[0], music.streams.audio[0]]
        copies = {stream: written.add_stream_from_template(stream) for stream in streams}
        copies[streams[0]].disposition = Disposition.attached_pic
        for packet in [*cover.demux(streams[0]), *music.demux(streams[1])]:
            if packet.dts is not None:
                packet.stream = copies[packet.stream]
                written.mux(packet)
    return path


def gigantic(path: Path) -> Path:
    """One frame of 16000×16000 in some hundred kB; decoding it takes gigabytes."""
    frame = av.VideoFrame(16000, 16000, "gray")
    frame.planes[0].update(bytes(frame.planes[0].buffer_size))
    frame.pts = 0
    quick = {"preset": "ultrafast", "tune": "zerolatency"}
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=10, options=quick)
        stream.width = stream.height = 16000
        stream.pix_fmt = "gray"
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def cut_by_edit_list(path: Path, *, n_frames: int, n_hidden: int) -> Path:
    """All `n_frames` are stored; an edit list hides the first `n_hidden` from every player."""
    whole = toys.moving_square_video(path.with_name(f"whole-{path.name}"), n_frames)
    _remux(whole, path, earlier_by=Fraction(n_hidden, 10))
    whole.unlink()
    return path


def _remux(
    source: Path, path: Path, *, earlier_by: Fraction = Fraction(0), options: Any = None
) -> None:
    """Copy packets without coding them anew; negative times make an edit list."""
    with av.open(str(source)) as read, av.open(str(path), "w", options=options or {}) as written:
        copy = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(video=0):
            if packet.dts is None or packet.pts is None:
                continue
            packet.pts -= int(earlier_by / packet.time_base)
            packet.dts -= int(earlier_by / packet.time_base)
            packet.stream = copy
            written.mux(packet)


def titled(path: Path, title: bytes) -> Path:
    """With a title in the encoding of the recorder that wrote it."""
    stands_for = "x" * len(title)
    with av.open(str(path), "w") as container:
        container.metadata["title"] = stands_for
        stream: Any = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for frame in toys.toy_frames(10):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    path.write_bytes(path.read_bytes().replace(stands_for.encode(), title))
    return path


def unknown_codec(path: Path) -> Path:
    """Its container says H.264 by another name."""
    data = toys.moving_square_video(path, 10).read_bytes()
    path.write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/AVX"))
    return path
