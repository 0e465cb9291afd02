#!/usr/bin/env bash
# One 16-bit thermal PNG (hundredths of a kelvin, 20 to 37 degrees Celsius), read as grey by three libraries.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pillow==13.0.0 opencv-python-headless==4.14.0.94 scikit-image==0.26.0 numpy==2.4.6 scipy==1.17.1

venv/bin/python - <<'PYTHON'
import cv2
import numpy as np
import PIL
import skimage
import skimage.io
from PIL import Image

print("Pillow", PIL.__version__, "OpenCV", cv2.__version__, "scikit-image", skimage.__version__)

kelvin = np.tile(np.linspace(29315, 31015, 64).astype(np.uint16), (48, 1))
Image.fromarray(kelvin).save("thermal.png")


def show(name, image):
    facts = str(image.dtype), int(image.min()), int(image.max()), len(np.unique(image))
    print(f"{name:44} {facts[0]:7} {facts[1]:5} to {facts[2]:5}, {facts[3]} values")
    return facts


assert show("what the file holds", kelvin) == ("uint16", 29315, 31015, 64)
assert show('Pillow, open().convert("L")', np.asarray(Image.open("thermal.png").convert("L"))) == ("uint8", 255, 255, 1)
assert show("OpenCV, imread(IMREAD_GRAYSCALE)", cv2.imread("thermal.png", cv2.IMREAD_GRAYSCALE)) == ("uint8", 114, 121, 8)
assert show("scikit-image, imread(as_gray=True)", skimage.io.imread("thermal.png", as_gray=True)) == ("uint16", 29315, 31015, 64)

# A sensor of 12 bits stored in 16: Pillow clips at 255, OpenCV keeps the upper byte.
raw = np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (48, 1))
Image.fromarray(raw).save("sensor.png")
assert show("12 bits, the file", raw) == ("uint16", 0, 4032, 64)
assert show("12 bits, Pillow", np.asarray(Image.open("sensor.png").convert("L"))) == ("uint8", 0, 255, 5)
assert show("12 bits, OpenCV", cv2.imread("sensor.png", cv2.IMREAD_GRAYSCALE)) == ("uint8", 0, 15, 16)
PYTHON
