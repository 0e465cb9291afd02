#!/usr/bin/env bash
# PyAV's AudioResampler: one stereo sound as mono, by the format of the samples, and what is left below 8 kHz.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check av==18.1.0 numpy==2.4.6

venv/bin/python - <<'PYTHON'
from importlib.metadata import version

import av
import numpy as np

print("PyAV", version("av"))


def resampled(samples, rate, *, to, sample_format):
    """(channels, N) of 16 bits as mono in `sample_format`, in -1…1."""
    layout = {1: "mono", 2: "stereo"}[len(samples)]
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T.reshape(1, -1)), "s16", layout)
    frame.sample_rate = rate
    resampler = av.AudioResampler(format=sample_format, layout="mono", rate=to)
    blocks = [each.to_ndarray().ravel() for each in resampler.resample(frame) + resampler.resample(None)]
    values = np.concatenate(blocks)
    return values / 2**15 if sample_format == "s16" else values


def tone(hertz, rate, level):
    return np.round(level * 2**15 * np.sin(2 * np.pi * hertz * np.arange(rate) / rate)).astype(np.int16)


def peak(values):
    """Of a tone, away from the ends."""
    return np.sqrt(2) * values[1000:-1000].std()


for level in (0.5, 0.75):
    both = np.stack([tone(440, 48_000, level)] * 2)
    whole = peak(resampled(both, 48_000, to=48_000, sample_format="s16"))
    floats = peak(resampled(both, 48_000, to=48_000, sample_format="flt"))
    print(f"{level} on both channels: mono as s16 {whole:.3f}, as flt {floats:.3f}; logarithms differ by {np.log(floats / whole):.3f}")
    assert abs(whole - level) < 0.001 and abs(floats - np.sqrt(2) * level) < 0.001

one = np.stack([tone(440, 48_000, 0.5)])
alone = [peak(resampled(one, 48_000, to=48_000, sample_format=each)) for each in ("s16", "flt")]
print("0.5 on a mono track: as s16 {:.3f}, as flt {:.3f}".format(*alone))
assert max(abs(each - 0.5) for each in alone) < 0.001

for hertz, low, high in ((3_000, 0.99, 1.01), (7_000, 0.94, 0.97), (7_500, 0.70, 0.73), (8_100, 0.2, 0.26)):
    kept = peak(resampled(np.stack([tone(hertz, 44_100, 0.5)]), 44_100, to=16_000, sample_format="flt")) / 0.5
    print(f"44,100 to 16,000 a second, {hertz:,} Hz: {kept:.3f} is kept" + (" (as an alias below 8,000 Hz)" if hertz > 8_000 else ""))
    assert low < kept < high
PYTHON
