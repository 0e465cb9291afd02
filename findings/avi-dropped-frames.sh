#!/usr/bin/env bash
# A Motion-JPEG AVI in which a camera dropped 30 frames (the index has empty chunks there), read with OpenCV.
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

print("OpenCV", cv2.__version__, "file written with PyAV", av.__version__)


def picture(number):
    """A picture whose eight broad bars spell its number in bits."""
    return np.kron([[255 * (number >> bit & 1) for bit in range(8)]], np.ones((32, 16))).astype(np.uint8)


def number(image):
    image = image if image.ndim == 2 else image[..., 1]
    return sum(int(image[16, 16 * bit + 8] > 127) << bit for bit in range(8))


kept = [*range(20), *range(50, 80)]
with av.open("drops.avi", "w") as out:
    stream = out.add_stream("mjpeg", rate=25)
    stream.width, stream.height, stream.pix_fmt = 128, 32, "yuvj420p"
    for i in kept:
        frame = av.VideoFrame.from_ndarray(picture(i), format="gray").reformat(format="yuvj420p")
        frame.pts, frame.time_base = i, Fraction(1, 25)
        out.mux(stream.encode(frame))
    out.mux(stream.encode())

data = open("drops.avi", "rb").read()
index = data.index(b"idx1")
entries = int.from_bytes(data[index + 4 : index + 8], "little") // 16
sizes = [int.from_bytes(data[index + 20 + 16 * i :][:4], "little") for i in range(entries)]
print(f"80 ticks at 25 a second; chunks {entries}, of them empty {sizes.count(0)}: pictures 0 to 19 and 50 to 79")
assert entries == 80 and [i for i, size in enumerate(sizes) if size] == kept

capture = cv2.VideoCapture("drops.avi")
count, rows = int(capture.get(cv2.CAP_PROP_FRAME_COUNT)), []
while True:
    ok, image = capture.read()
    if not ok:
        break
    rows.append((number(image), round(capture.get(cv2.CAP_PROP_POS_MSEC)), int(capture.get(cv2.CAP_PROP_POS_FRAMES))))
print(f"CAP_PROP_FRAME_COUNT {count}, {len(rows)} read; (picture, POS_MSEC, POS_FRAMES after reading) at the hole: {rows[19:21]}")
assert count == 80 and [picture for picture, _, _ in rows] == kept
assert rows[19:21] == [(19, 760, 20), (50, 2000, 21)]

for wanted in (10, 20, 49, 50, 79):
    capture = cv2.VideoCapture("drops.avi")
    capture.set(cv2.CAP_PROP_POS_FRAMES, wanted)
    ok, image = capture.read()
    got = number(image) if ok else None
    print(f"POS_FRAMES set to {wanted}: picture {got}")
    assert got == {10: 10, 20: 50, 49: 79, 50: None, 79: 79}[wanted]
PYTHON
