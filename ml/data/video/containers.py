"""What FFmpeg may open: ordinary video containers, from this disk, and nothing they point at.

A playlist or a manifest under a video's name would otherwise make the reader open other
people's files or call out to the network (FFmpeg CVE-2016-1897, CVE-2026-107697).
"""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer

from ml.records import BadInput

# FFmpeg's names of demuxers, not suffixes. Each reads one file from beginning to end.
# STREAMS have no container: nothing in them says when a picture is shown.
STREAMS = ("h264", "hevc", "m4v", "mpegvideo", "mjpeg")
FORMATS = (
    "mov", "mp4", "matroska", "webm", "avi", "mpegts", "mpeg", "asf", "flv", "mxf", "ogg", "wtv",
    "dhav", "dv", "rm", "ivf", "yuv4mpegpipe", *STREAMS,
)  # fmt: skip
SAFE_OPTIONS = {"format_whitelist": ",".join(FORMATS), "protocol_whitelist": "file"}
MAX_PIXELS = 7680 * 4320  # of one frame; a few hundred kB can hold frames that take gigabytes


def check_size(width: int, height: int) -> None:
    """Of a frame. Raise BadInput where it is too large."""
    if width * height > MAX_PIXELS:
        raise BadInput(
            f"frames of {width}×{height} are larger than the {MAX_PIXELS / 1e6:.0f} million "
            "pixels allowed"
        )


def open_video(path: Path) -> InputContainer:
    """Raise av.FFmpegError when `path` is none of the FORMATS."""
    # Opening decodes a little to learn what is inside; the limit holds for that, too.
    limit = {"max_pixels": str(MAX_PIXELS)}
    # The prefix keeps a file called "http:…" from being taken for an address.
    container = av.open(
        f"file:{path}",
        options=limit,
        container_options=SAFE_OPTIONS,
        metadata_errors="replace",  # titles are in whatever encoding a recorder has
    )
    for stream in container.streams.video:
        if stream.codec_context is not None:  # as of a codec that nobody knows
            stream.codec_context.options = limit
    return container
