#!/usr/bin/env bash
# OpenCV: Farneback flow of a picture that truly moves by 3 pixels, fed as 8 bit, as floats and in the dark.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opencv-python-headless==4.14.0.94 numpy==2.4.6

venv/bin/python - <<'PYTHON'
import cv2
import numpy as np

print("OpenCV", cv2.__version__)

texture = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (120, 160)).astype(np.uint8), (0, 0), 3)
texture = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
before, after = texture[:, :150].copy(), texture[:, 3:153].copy()


def flow(a, b):
    return cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0)


def moved(a, b):
    return float(np.median(flow(a, b)[20:-20, 20:-20, 0]))


for name, x, low, high in (
    ("8 bit, 0 to 255", moved(before, after), -3.05, -2.95),
    ("float32, 0 to 255", moved(before.astype(np.float32), after.astype(np.float32)), -3.05, -2.95),
    ("float32, 0 to 1", moved(before.astype(np.float32) / 255, after.astype(np.float32) / 255), -1e-4, 1e-4),
    ("8 bit, 0 to 63", moved(before // 4, after // 4), -2.9, -2.6),
    ("8 bit, 0 to 31", moved(before // 8, after // 8), -1.5, -1.1),
    ("8 bit, 0 to 15", moved(before // 16, after // 16), -0.2, -0.03),
):
    print(f"true shift -3.00 px, {name:18}: {x:9.6f} px")
    assert low < x < high

dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST).calc(before // 16, after // 16, None)
x = float(np.median(dis[20:-20, 20:-20, 0]))
print(f"true shift -3.00 px, DIS, 8 bit, 0 to 15: {x:.2f} px")
assert -3.1 < x < -2.8

still = np.abs(flow(texture, texture))
print(f"twice the same picture: median {np.median(still):.7f} px, largest {still.max():.3f} px")
assert np.median(still) < 1e-5 and 0.1 < still.max() < 0.5
PYTHON
