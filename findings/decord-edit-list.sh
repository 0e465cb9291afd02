#!/usr/bin/env bash
# decord: an MP4 whose edit list leaves out the first 10 of 100 frames (a cut without encoding again).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check decord==0.6.0 av==18.1.0 opencv-python-headless==4.14.0.94 numpy==2.4.6

venv/bin/python - <<'PYTHON'
import struct
from fractions import Fraction
from importlib.metadata import version

import av
import cv2
import decord
import numpy as np

print("decord", version("decord"))


def picture(number):
    """A picture whose eight broad bars spell its number in bits."""
    return np.kron([[255 * (number >> bit & 1) for bit in range(8)]], np.ones((32, 16))).astype(np.uint8)


def number(image):
    image = image if image.ndim == 2 else image[..., 1]
    return sum(int(image[16, 16 * bit + 8] > 127) << bit for bit in range(8))


with av.open("whole.mp4", "w") as out:
    stream = out.add_stream("libx264", rate=25, options={"sc_threshold": "0"})
    stream.width, stream.height, stream.pix_fmt = 128, 32, "yuv420p"
    stream.gop_size, stream.max_b_frames = 25, 0
    for i in range(100):
        frame = av.VideoFrame.from_ndarray(picture(i), format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = i, Fraction(1, 25)
        out.mux(stream.encode(frame))
    out.mux(stream.encode())

# The edit list: one entry, from picture 10 on, 90 pictures long.
data = bytearray(open("whole.mp4", "rb").read())
ticks = {box: struct.unpack_from(">I", data, data.index(box) + 16)[0] for box in (b"mvhd", b"mdhd")}
entries = data.index(b"elst") + 8
assert struct.unpack_from(">I", data, entries)[0] == 1
struct.pack_into(">IiI", data, entries + 4, 90 * ticks[b"mvhd"] // 25, 10 * ticks[b"mdhd"] // 25, 0x10000)
open("cut.mp4", "wb").write(data)

with av.open("cut.mp4") as source:
    declared = source.streams.video[0].frames
    shown = [number(frame.to_ndarray(format="gray")) for frame in source.decode(video=0)]
print(f"PyAV:   header {declared}, decoded {len(shown)}, pictures {shown[0]} to {shown[-1]}")
assert declared == 100 and shown == list(range(10, 100))

capture, seen = cv2.VideoCapture("cut.mp4"), 0
count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
while capture.read()[0]:
    seen += 1
print(f"OpenCV: CAP_PROP_FRAME_COUNT {count}, read {seen}")
assert (count, seen) == (100, 90)

reader = decord.VideoReader("cut.mp4")
ordered = [number(reader[i].asnumpy()) for i in range(len(reader))]
print(f"decord: len {len(ordered)}; in order, index 0 is picture {ordered[0]}, 50 is {ordered[50]}, 89 to 99 are {ordered[89:]}")
assert len(ordered) == 100 and ordered == list(range(10, 100)) + [99] * 10

for i, expected in ((20, 30), (50, 50), (80, 80)):
    straight = number(decord.VideoReader("cut.mp4")[i].asnumpy())
    print(f"decord: a new reader, index {i} first: picture {straight}; in order it was {ordered[i]}")
    assert (straight, ordered[i]) == (expected, i + 10)

reader = decord.VideoReader("cut.mp4")
far, back = number(reader[80].asnumpy()), number(reader[20].asnumpy())
print(f"decord: a new reader, index 80, then 20: pictures {far} and {back}")
assert (far, back) == (80, 20)
PYTHON
