"""Sound of real files on the clock of their picture, against the samples that were put in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.data.sound.resampling import resampled
from ml.data.sound.track import NoSound, Track
from ml.data.video.outline import outline
from ml.records import BadInput
from tests import recorders, toys
from tests.sounding import video_with_sound

RATE = 16_000
Sound = NDArray[np.float64]


def noise(n_samples: int, n_channels: int = 1) -> Sound:
    """In steps of 16 bits, so that no rounding is between what is put in and what comes out."""
    values = np.random.default_rng(n_samples).uniform(-0.5, 0.5, (n_channels, n_samples))
    return np.round(values * 2**15) / 2**15


def heard(
    path: Path, n_samples: int, *, start: float = 0.0, rate: int = RATE
) -> tuple[NDArray[np.float32], list[str]]:
    track = Track(path, outline(path))
    blocks = list(track.samples(rate, start, n_samples))
    return np.concatenate(blocks), list(track.heard.remarks())


@pytest.mark.parametrize("n_channels", [1, 2, 6])
def test_sound_is_the_mean_of_its_channels(tmp_path: Path, n_channels: int) -> None:
    sound = noise(2 * RATE, n_channels)
    path = video_with_sound(tmp_path / "a.mov", sound)

    found, remarks = heard(path, 2 * RATE)

    assert np.allclose(found, sound.mean(0), atol=1e-7)
    assert remarks == []


@pytest.mark.parametrize(
    ("codec", "sample_format", "tolerance"),
    [("pcm_u8", "u8", 1 / 256), ("pcm_s32le", "s32", 1e-7), ("pcm_f32le", "flt", 1e-7),
     ("flac", "s16", 1e-7)],
)  # fmt: skip
def test_samples_of_every_kind_are_between_minus_one_and_one(
    tmp_path: Path, codec: str, sample_format: str, tolerance: float
) -> None:
    sound = noise(8000, 2)
    path = video_with_sound(tmp_path / "a.mkv", sound, codec=codec, sample_format=sample_format)

    found, _remarks = heard(path, 8000)

    assert np.allclose(found, sound.mean(0), atol=tolerance)


def test_another_part_of_the_sound_is_the_same_sound(tmp_path: Path) -> None:
    sound = noise(2 * RATE)
    path = video_with_sound(tmp_path / "a.mov", sound)

    found, _remarks = heard(path, 5000, start=0.75)
    before, _remarks = heard(path, 5000, start=-0.125)

    assert np.allclose(found, sound[0, 12000:17000], atol=1e-7)
    assert not before[:2000].any()
    assert np.allclose(before[2000:], sound[0, :3000], atol=1e-7)


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000])
def test_a_tone_is_the_same_tone_at_another_rate(tmp_path: Path, rate: int) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate) / rate)
    path = video_with_sound(tmp_path / "a.mov", tone[None], rate=rate)

    found, _remarks = heard(path, 2 * RATE)

    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * RATE) / RATE)
    inside = slice(800, -800)
    assert np.abs(found[inside] - expected[inside]).max() < 1e-4


@pytest.mark.parametrize(("hertz", "kept"), [(7_500, 1.0), (8_500, 0.0), (12_000, 0.0)])
def test_what_the_lower_rate_can_hold_is_kept_and_nothing_else(hertz: int, kept: float) -> None:
    tone = np.sin(2 * np.pi * hertz * np.arange(44_100) / 44_100).astype(np.float32)

    found = np.concatenate(list(resampled([tone], 44_100, RATE)))[800:-800]

    assert np.sqrt(2) * found.std() == pytest.approx(kept, abs=1e-3)


def test_resampled_sound_is_the_same_however_it_comes() -> None:
    sound = noise(30_000)[0].astype(np.float32)

    at_once = np.concatenate(list(resampled([sound], 44_100, RATE)))
    in_blocks = np.concatenate(list(resampled(np.array_split(sound, 37), 44_100, RATE)))

    assert len(at_once) == pytest.approx(30_000 * RATE / 44_100, abs=1)
    assert np.array_equal(at_once, in_blocks)


@pytest.mark.parametrize(
    ("start", "sound_start"), [(0.0, 0.5), (0.5, 0.0), (0.25, 0.25), (1.0, 1.5), (1.5, 0.25)]
)
@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_sound_lies_where_the_picture_is_shown(
    tmp_path: Path, start: float, sound_start: float, suffix: str
) -> None:
    """Begins later, earlier or with it, in files of which neither begins at zero."""
    sound = noise(3 * RATE)
    path = video_with_sound(tmp_path / f"a{suffix}", sound, start=start, sound_start=sound_start)

    found, _remarks = heard(path, RATE)

    later = round((sound_start - start) * RATE)
    expected = np.concatenate([np.zeros(max(0, later)), sound[0, max(0, -later) :]])[:RATE]
    assert np.allclose(found, expected, atol=1e-7)


def test_sound_that_ends_early_is_followed_by_silence(tmp_path: Path) -> None:
    sound = noise(400)  # 25 ms
    path = video_with_sound(tmp_path / "a.mov", sound)

    found, remarks = heard(path, 2 * RATE)

    assert np.allclose(found[:400], sound[0], atol=1e-7)
    assert not found[400:].any()
    assert remarks == ["it has sound for 0.03 of 2.00 s, the rest was taken as silence"]


def test_lost_packets_are_silence_and_move_nothing(tmp_path: Path) -> None:
    sound = noise(2 * RATE)
    path = video_with_sound(tmp_path / "a.mkv", sound, lost=range(4, 8))

    found, _remarks = heard(path, 2 * RATE)

    assert np.allclose(found[:4096], sound[0, :4096], atol=1e-7)
    assert not found[4096 + 9 : 8192 - 9].any()
    # Matroska rounds times to milliseconds: what comes after the gap may be 8 samples off.
    shifted = [found[9000 + by :][:5000] - sound[0, 9000:14000] for by in range(-8, 9)]
    assert min(np.abs(each).max() for each in shifted) < 1e-7


def test_silent_sound_is_told(tmp_path: Path) -> None:
    path = video_with_sound(tmp_path / "a.mov", np.zeros((2, 2 * RATE)))

    found, remarks = heard(path, 2 * RATE)

    assert not found.any()
    assert remarks == ["its sound track is silent throughout"]


def test_a_video_without_sound_is_told(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 5)

    with pytest.raises(NoSound, match="it has no sound track"):
        heard(path, RATE)


def test_an_empty_track_is_no_sound(tmp_path: Path) -> None:
    path = video_with_sound(tmp_path / "a.mov", np.zeros((1, 0)))

    with pytest.raises(NoSound, match=r"no sound track|its sound track is empty"):
        heard(path, RATE)


def test_sound_that_is_no_numbers_is_refused(tmp_path: Path) -> None:
    sound = noise(RATE)
    sound[0, 700] = np.nan
    path = video_with_sound(tmp_path / "a.mkv", sound, codec="pcm_f32le", sample_format="flt")

    with pytest.raises(BadInput, match="samples that are no finite numbers"):
        heard(path, RATE)


def spoil(path: Path, packets: Any) -> None:
    """Overwrite the bytes of some packets of the sound."""
    import av

    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        found = [each for each in container.demux(audio=0) if each.size]
    for number in packets if packets is not None else range(len(found)):
        at = data.find(bytes(found[number])[:64])
        data[at : at + found[number].size] = b"\x55" * found[number].size
    path.write_bytes(data)


def test_packets_that_cannot_be_decoded_are_silence_and_are_told(tmp_path: Path) -> None:
    sound = noise(2 * RATE)
    path = video_with_sound(tmp_path / "a.mkv", sound, codec="flac")
    spoil(path, [2])

    found, remarks = heard(path, 2 * RATE)

    assert remarks == ["1 packet of its sound cannot be decoded and were taken as silence"]
    assert np.allclose(found[: 2 * 1152], sound[0, : 2 * 1152], atol=1e-7)
    assert len(found) == 2 * RATE


def test_a_track_of_which_nothing_can_be_decoded_is_refused(tmp_path: Path) -> None:
    path = video_with_sound(tmp_path / "a.mkv", noise(2 * RATE), codec="flac")
    spoil(path, None)

    with pytest.raises(BadInput, match="nothing of its sound track can be decoded"):
        heard(path, RATE)


def test_sound_of_joined_segments_goes_on(tmp_path: Path) -> None:
    """As recorders join them, byte by byte: stamps start anew in the middle."""
    parts = []
    for number, hertz in enumerate((500, 2000)):
        tone = 0.5 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
        parts.append(video_with_sound(tmp_path / f"{number}.ts", tone[None], codec="mp2"))
    path = recorders.joined(tmp_path / "a.ts", *parts)

    found, _remarks = heard(path, 4 * RATE)

    for first, hertz in ((0.5, 500), (2.5, 2000)):
        second = found[round(first * RATE) :][:RATE]
        assert int(np.argmax(np.abs(np.fft.rfft(second)))) == hertz
