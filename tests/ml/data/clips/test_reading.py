"""Pictures of clips, from real files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml.clock import Clock
from ml.data.clips import reading
from ml.data.clips.pictures import Picturing
from ml.data.clips.reading import Wanted, read_clips
from ml.data.clips.sampling import Sampling, moments
from ml.data.video.clocks import read_clock
from ml.data.video.decode import Frame, decode
from ml.records import BadInput, Box, VideoRecord
from tests import toys

AS_IT_IS = Sampling(length=4)
SMALL = Picturing(size=24)


@pytest.fixture
def video(tmp_path: Path) -> VideoRecord:
    path = toys.moving_square_video(tmp_path / "a.mp4", 30)
    return VideoRecord(id="a", path=str(path), n_frames=30)


def wanted(clock: Clock, start: int, end: int, box: Box | None = None) -> Wanted:
    return Wanted(moments=moments(clock, start, end, AS_IT_IS), box=box)


def test_clips_are_squeezed_frames_in_their_order(video: VideoRecord) -> None:
    clock = read_clock(video)

    found = list(read_clips(video, [wanted(clock, 0, 20), wanted(clock, 4, 12)], SMALL))

    frames = list(decode(video, size=None))
    for clip, picks in zip(found, ([0, 5, 10, 15], [4, 6, 8, 10]), strict=True):
        expected = [cv2.resize(frames[n], (24, 24)) for n in picks]
        # Neighbours are averaged in pairs before what is left is interpolated.
        assert np.abs(clip.astype(int) - np.stack(expected)).mean() < 6
        assert np.array_equal(clip, np.stack([SMALL.of(frames[n], None) for n in picks]))


def test_a_moment_between_frames_is_mixed_of_both(video: VideoRecord) -> None:
    clock = read_clock(video)
    sampled = moments(clock, 0, 30, Sampling(length=90, rate=30))

    [clip] = read_clips(video, [Wanted(moments=sampled)], Picturing(size=48))

    before, after = clip[3].astype(float), clip[6].astype(float)
    assert np.abs(clip[4] - (before * 2 + after) / 3).max() <= 0.51
    assert np.array_equal(clip[3], Picturing(size=48).of(list(decode(video))[1], None))


def test_every_frame_is_decoded_once_and_few_are_held(
    video: VideoRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = read_clock(video)
    decoded = 0
    given: list[reading._Held] = []

    def counting(video: VideoRecord) -> Iterator[Frame]:
        nonlocal decoded
        for frame in decode(video):
            decoded += 1
            yield frame

    class Watched(reading._Held):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            given.append(self)

    monkeypatch.setattr(reading, "decode", counting)
    monkeypatch.setattr(reading, "_Held", Watched)
    most = 0
    for _clip in read_clips(video, [wanted(clock, n, n + 8) for n in range(0, 16, 2)], SMALL):
        most = max(most, len(given[0]._pictures))

    assert decoded == 21  # no frame after the last that is needed
    assert most <= 4
    assert not given[0]._pictures


def test_a_box_is_cut_out_before_the_picture_is_squeezed(video: VideoRecord) -> None:
    clock = read_clock(video)
    box = Box(left=10, top=4, width=24, height=24)

    whole, part = read_clips(video, [wanted(clock, 0, 4), wanted(clock, 0, 4, box)], SMALL)

    first = next(decode(video))
    assert np.array_equal(part[0], first[4:28, 10:34])
    assert not np.array_equal(whole[0], part[0])


def test_a_box_outside_of_the_picture_is_refused_with_the_frame(video: VideoRecord) -> None:
    clock = read_clock(video)
    box = Box(left=50, top=0, width=20, height=10)

    with pytest.raises(BadInput, match=r"frame 6: a box up to \(70, 10\) of a picture of 64 × 48"):
        list(read_clips(video, [wanted(clock, 6, 20, box)], SMALL))


def test_a_video_that_ends_too_soon_is_named(video: VideoRecord) -> None:
    clock = Clock.constant(40, 10.0)
    uncounted = VideoRecord(id="a", path=video.path)

    with pytest.raises(BadInput, match=r"a\.mp4 ends before its frame 37"):
        list(read_clips(uncounted, [wanted(clock, 30, 40)], SMALL))


def test_contrast_is_evened_in_luminance_alone() -> None:
    """Noise that is hardly to be seen."""
    noise = np.random.default_rng(0).integers(-2, 3, (64, 64))
    dim = (60 + noise).astype(np.uint8)
    grey = np.repeat(dim[..., None], 3, axis=2)

    evened = Picturing(size=64, contrast="clahe").of(grey, None)

    assert evened.std() > 1.5 * grey.std()
    assert np.abs(np.diff(evened.astype(int), axis=2)).max() <= 1  # grey stays grey


def test_images_go_by_their_rate_or_the_times_in_their_names(tmp_path: Path) -> None:
    frames = toys.toy_frames(4)
    plain = toys.write_images(tmp_path / "plain", frames)
    timed = tmp_path / "timed"
    timed.mkdir()
    for number, frame in enumerate(frames):
        cv2.imwrite(str(timed / f"16200000{number:02d}.000.png"), frame)

    def clock(folder: Path, fps: float = 0.0) -> Clock:
        record = VideoRecord(id="a", path=str(folder), kind="frames", n_frames=4, fps=fps)
        return read_clock(record)

    assert clock(plain).times.tolist() == [0, 0.04, 0.08, 0.12]
    assert clock(plain, 5).times.tolist() == [0, 0.2, 0.4, 0.6]
    assert clock(timed).times.tolist() == [0, 1, 2, 3]
