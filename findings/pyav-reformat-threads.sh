#!/usr/bin/env bash
# What converting decoded frames to RGB costs in PyAV, with its default number of threads and with one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6

venv/bin/python - <<'PYTHON'
import os
import time

import av
import numpy as np
from av.video.reformatter import VideoReformatter

cores = len(os.sched_getaffinity(0))
print("PyAV", av.__version__, "on", cores, "cores")
assert cores > 1, "with one core both are the same"


def n_threads():
    return len(os.listdir("/proc/self/task"))


def clip(path, height, width):
    """30 pictures of coloured blocks that move by a pixel each."""
    blocks = np.random.default_rng(0).integers(0, 255, (height // 8, width // 8, 3), np.uint8)
    picture = np.kron(blocks, np.ones((8, 8, 1), np.uint8))
    with av.open(path, "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for shift in range(30):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(picture, shift, 1), format="rgb24")))
        out.mux(stream.encode())


def microseconds(frames, **options):
    """Processor time of one frame, and the frames."""
    reformatter, repeats = VideoReformatter(), 40
    begun = time.process_time()
    for _ in range(repeats):
        made = [reformatter.reformat(frame, format="rgb24", **options).to_ndarray() for frame in frames]
    return 1e6 * (time.process_time() - begun) / repeats / len(frames), made


clip("clip.mp4", 64, 64)
with av.open("clip.mp4") as source:
    stream = source.streams.video[0]
    stream.codec_context.thread_count = 1
    before = n_threads()
    frames = list(source.decode(stream))
    by_decoder = n_threads() - before
    single = VideoReformatter()
    single.reformat(frames[0], format="rgb24", threads=1)
    by_one = n_threads() - before - by_decoder
    usual = VideoReformatter()
    usual.reformat(frames[0], format="rgb24")
    by_default = n_threads() - before - by_decoder - by_one
    (default, pictures), (one, same) = microseconds(frames), microseconds(frames, threads=1)
print(f"threads started by a decoder of one thread: {by_decoder}, by reformat with threads=1: {by_one}, by reformat: {by_default}")
print(f"processor time per frame of 64 x 64: {one:.0f} us with threads=1, {default:.0f} us without, {default / one:.1f} times")
print("the same pixels:", np.array_equal(pictures, same))
assert by_decoder == by_one == 0 and by_default >= 2
assert np.array_equal(pictures, same) and default / one > 1.5
PYTHON
