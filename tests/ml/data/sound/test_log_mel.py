"""The front end of VGGish against its definition, window by window, and against known facts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.data.sound import log_mel as front_end
from ml.data.sound.log_mel import PATCH_SAMPLES, bands, log_mel, mel, patches

Floats = NDArray[np.float64]


def noise(n: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).uniform(-1, 1, n).astype(np.float32)


def mel_by_hand(hertz: float) -> float:
    return float(2595 * np.log10(1 + hertz / 700))


def weight_by_hand(hertz: float, band: int) -> float:
    """A triangle over mel: 1 in the middle of the band, 0 where its neighbours have theirs."""
    step = (mel_by_hand(7500) - mel_by_hand(125)) / 65
    middle = mel_by_hand(125) + (band + 1) * step
    return max(0.0, 1 - abs(mel_by_hand(hertz) - middle) / step)


def log_mel_by_hand(samples: Floats) -> Floats:
    """By the sums of the definition, without a fast transform."""
    k, n = np.arange(257)[:, None], np.arange(400)
    waves = np.exp(-2j * np.pi * k * n / 512) * np.sin(np.pi * n / 400) ** 2
    weights = [[weight_by_hand(each * 16000 / 512, band) for each in range(257)]
               for band in range(64)]  # fmt: skip
    firsts = range(0, len(samples) - 400 + 1, 160)
    magnitudes = [np.abs(waves @ samples[first : first + 400]) for first in firsts]
    return np.array([np.log(np.array(weights) @ each + 0.01) for each in magnitudes])


def test_mel_is_htks_scale() -> None:
    hertz = np.array([0.0, 125.0, 700.0, 1000.0, 7500.0])

    # 1127 is HTK's rounding of 2595 / ln 10.
    assert np.allclose(mel(hertz), [mel_by_hand(each) for each in hertz], rtol=2e-5)
    assert mel(1000.0) == pytest.approx(1000, abs=0.02)


def test_bands_are_triangles_over_mel() -> None:
    expected = [[weight_by_hand(k * 31.25, band) for band in range(64)] for k in range(257)]

    assert bands().shape == (257, 64)
    assert np.allclose(bands(), expected, atol=1e-9)
    assert not bands()[:4].any()  # up to 125 Hz: 0, 31.25, 62.5, 93.75
    assert not bands()[240:].any()  # from 7,500 Hz on


def test_log_mel_is_that_of_the_definition() -> None:
    samples = noise(400 + 2 * 160 + 100)

    found = log_mel(samples)

    assert found.shape == (3, 64)
    assert np.allclose(found, log_mel_by_hand(samples.astype(np.float64)), atol=1e-5)


def test_silence_is_the_logarithm_of_the_offset_and_a_tone_stands_in_its_band() -> None:
    assert np.allclose(log_mel(np.zeros(1000, np.float32)), np.log(0.01))

    tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 16000).astype(np.float32)
    loudest = log_mel(tone).argmax(axis=1)

    step = (mel_by_hand(7500) - mel_by_hand(125)) / 65
    expected = round((mel_by_hand(1000) - mel_by_hand(125)) / step) - 1
    assert set(loudest) == {expected}


def test_a_patch_is_96_windows_of_10_ms() -> None:
    assert (PATCH_SAMPLES, front_end.PATCH_STEP, front_end.PATCH_SECONDS) == (15600, 15360, 0.96)
    assert log_mel(noise(PATCH_SAMPLES)).shape == (96, 64)


@pytest.mark.parametrize("size", [100, 7_000, 15_360, 50_000])
@pytest.mark.parametrize("starts", [[0, 15360, 30720], [0, 5, 20000, 20000, 33400], [20000]])
def test_patches_are_the_same_however_sound_comes(size: int, starts: list[int]) -> None:
    samples = noise(49_000)
    blocks = (samples[first : first + size] for first in range(0, len(samples), size))

    found = list(patches(blocks, starts))

    expected = [log_mel(samples[start : start + PATCH_SAMPLES]) for start in starts]
    assert len(found) == len(expected)
    assert all(np.array_equal(one, other) for one, other in zip(found, expected, strict=True))


def test_patches_hold_no_more_sound_than_they_need() -> None:
    taken: list[int] = []

    def blocks() -> Iterator[NDArray[np.float32]]:
        for number in range(100):
            taken.append(number)
            yield np.zeros(4000, np.float32)

    found = patches(blocks(), [0, 15360])
    next(found)

    assert len(taken) == 4
    assert len(list(found)) == 1
    assert len(taken) == 100  # what comes after the last patch is taken and dropped
    with pytest.raises(ValueError, match="a patch at 399900 needs more than 400000 samples"):
        list(patches(blocks(), [399_900]))
