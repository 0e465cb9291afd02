#!/usr/bin/env bash
# What max pooling of clips costs torch on a CPU, by how the same numbers lie in memory.
# PyPI's torch carries CUDA; PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu finds a smaller one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6

venv/bin/python - <<'PYTHON'
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(0)
print("torch", torch.__version__.split("+")[0], "on one thread")


def milliseconds(work):
    """Processor time, the least of five."""
    times = []
    for _ in range(6):
        begun = time.process_time()
        made = work()
        times.append(1000 * (time.process_time() - begun))
    return min(times[1:]), made


ratios = []
with torch.inference_mode():
    # The pools of an inflated ResNet-50 over 16 frames of 224 x 224.
    for channels, frames, side, kernel in ((64, 8, 112, (2, 3, 3)), (256, 4, 56, (2, 1, 1))):
        clips = torch.randn(1, channels, frames, side, side)
        stride = (2, 2, 2) if kernel[1] > 1 else kernel
        last = clips.contiguous(memory_format=torch.channels_last_3d)
        usual, made = milliseconds(lambda: F.max_pool3d(clips, kernel, stride))
        other, same = milliseconds(lambda: F.max_pool3d(last, kernel, stride))
        filters = torch.randn(channels, channels, 1, 3, 3)
        convolution, _ = milliseconds(lambda: F.conv3d(clips, filters, padding=(0, 1, 1)))
        ratios.append(usual / other)
        print(
            f"kernel {kernel}: {usual:.0f} ms as clips lie by default, {other:.1f} ms channels last, "
            f"{usual / other:.0f} times; the same numbers: {torch.equal(made, same)}; "
            f"a convolution of 1 x 3 x 3 over the same clips {convolution:.0f} ms"
        )
        assert torch.equal(made, same)
assert min(ratios) > 4
PYTHON
