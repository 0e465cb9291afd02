#!/usr/bin/env bash
# Two MPEG-TS segments of a recorder, joined byte by byte, as PyAV and OpenCV see them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check av==18.1.0 opencv-python-headless==4.14.0.94 numpy==2.4.6

venv/bin/python - <<'PYTHON'
from fractions import Fraction

import av
import cv2
import numpy as np

print("PyAV", av.__version__, "OpenCV", cv2.__version__)


def picture(number):
    """A picture whose eight broad bars spell its number in bits."""
    return np.kron([[255 * (number >> bit & 1) for bit in range(8)]], np.ones((32, 16))).astype(np.uint8)


def number(image):
    image = image if image.ndim == 2 else image[..., 1]
    return sum(int(image[16, 16 * bit + 8] > 127) << bit for bit in range(8))


def segment(path, first):
    with av.open(path, "w", format="mpegts") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 32, "yuv420p"
        stream.max_b_frames = 0
        for i in range(50):
            frame = av.VideoFrame.from_ndarray(picture(first + i), format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = i, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return open(path, "rb").read()


open("joined.ts", "wb").write(segment("1.ts", 0) + segment("2.ts", 50))
print("two segments of 50 pictures, 25 a second: 100 pictures, 4 s")

with av.open("joined.ts") as source:
    seconds = source.duration / av.time_base
    rows = [(number(frame.to_ndarray(format="gray")), round(frame.time, 2)) for frame in source.decode(video=0)]
print(f"PyAV:   duration {seconds} s, {len(rows)} pictures decoded; picture and time around the seam: {rows[48:52]}; last {rows[-1]}")
assert seconds == 2.0 and [picture for picture, _ in rows] == list(range(100))
assert rows[49:51] == [(49, 1.96), (50, 0.0)] and rows[-1] == (99, 1.96)

capture = cv2.VideoCapture("joined.ts")
count, rows = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), []
while True:
    ok, image = capture.read()
    if not ok:
        break
    rows.append((number(image), round(capture.get(cv2.CAP_PROP_POS_MSEC))))
print(f"OpenCV: CAP_PROP_FRAME_COUNT {count}, {len(rows)} read; picture and POS_MSEC around the seam: {rows[48:52]}")
assert count == 50 and len(rows) == 100 and rows[49:51] == [(49, 1960), (50, 0)]
PYTHON
