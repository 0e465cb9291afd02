"""Sound as VGGish hears it: logarithms of 64 mel bands, in patches of 0.96 s.

Constants and order of steps are those of the network's authors (Hershey et al., CNN Architectures
for Large-Scale Audio Classification, ICASSP 2017; vggish_params.py and mel_features.py in
tensorflow/models, research/audioset/vggish): magnitudes, not powers; triangles that are straight
over mel, not over hertz; nothing is put before the first window. Letters: N samples, W windows,
M bands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]  # (N,) mono, in -1…1
Patch = NDArray[np.float32]  # (PATCH, N_BANDS)

RATE = 16_000  # samples per second
WINDOW, HOP = 400, 160  # samples: 25 ms, 10 ms
FFT = 512
N_BANDS = 64
LOWEST, HIGHEST = 125.0, 7500.0  # hertz
OFFSET = 0.01  # so that silence has a logarithm
PATCH = 96  # windows
PATCH_STEP = PATCH * HOP  # samples from one patch to the next: 0.96 s
PATCH_SAMPLES = (PATCH - 1) * HOP + WINDOW  # which a patch is made of: 0.975 s
PATCH_SECONDS = PATCH_STEP / RATE


def mel(hertz: Floats | float) -> Floats:
    """HTK's scale."""
    return np.asarray(1127.0 * np.log1p(np.asarray(hertz, np.float64) / 700.0))


@cache
def bands() -> Floats:
    """(FFT / 2 + 1, M): how much each frequency of the transform weighs in each band."""
    edges = np.linspace(mel(LOWEST), mel(HIGHEST), N_BANDS + 2)
    lower, centre, upper = edges[:-2], edges[1:-1], edges[2:]
    at = mel(np.linspace(0, RATE / 2, FFT // 2 + 1))[:, None]
    rising, falling = (at - lower) / (centre - lower), (upper - at) / (upper - centre)
    return np.maximum(0, np.minimum(rising, falling))


@cache
def _window() -> Floats:
    """Hann's, periodic: it would be 0 again after its last sample."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)


def log_mel(samples: Samples) -> NDArray[np.float32]:
    """(W, M) of N ≥ WINDOW samples: W = ⌊(N - WINDOW) / HOP⌋ + 1."""
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    magnitudes = np.abs(np.fft.rfft(windows * _window(), FFT))
    return np.log(magnitudes @ bands() + OFFSET).astype(np.float32)


def patches(blocks: Iterable[Samples], starts: Sequence[int]) -> Iterator[Patch]:
    """One for each of the rising `starts`, in samples from the first block's first on.

    The blocks follow each other without a gap, and are all taken; no more than a patch and a block
    are held. Raise ValueError where they end before the last patch does.
    """
    coming = iter(blocks)
    held, first = np.zeros(0, np.float32), 0  # `first` is the place of what is held
    for start in starts:
        while first + len(held) < start + PATCH_SAMPLES:
            rest = max(0, min(len(held), start - first))
            block = next(coming, None)
            if block is None:
                raise ValueError(f"a patch at {start} needs more than {first + len(held)} samples")
            held, first = np.concatenate([held[rest:], block]), first + rest
        place = start - first
        yield log_mel(held[place : place + PATCH_SAMPLES])
    for _block in coming:
        pass
