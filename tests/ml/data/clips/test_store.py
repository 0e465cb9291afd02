"""Clips of many videos, kept for all epochs."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ml.data.clips.modalities import MODALITIES
from ml.data.clips.pictures import Picturing
from ml.data.clips.sampling import Sampling
from ml.data.clips.store import ClipStore, Making, store_clips
from ml.records import Interval, VideoRecord
from ml.reports import Reporter, to_nobody
from tests import toys
from tests.disks import largest_file


def making(*modalities: str, length: int = 4) -> Making:
    kinds = MODALITIES.load()
    return Making(
        sampling=Sampling(length=length, rate=30),
        picturing=Picturing(size=16),
        modalities=tuple(kinds[name](kinds[name].Options()) for name in modalities or ("rgb",)),
        longest=5.0,
    )


def video(folder: Path, n_frames: int, **facts: Any) -> VideoRecord:
    path = toys.moving_square_video(folder / f"{n_frames}.mp4", n_frames)
    return VideoRecord(id=path.stem, path=str(path), n_frames=n_frames, **facts)


def stored(videos: list[VideoRecord], folder: Path, **facts: Any) -> ClipStore:
    return store_clips(
        videos, folder, name="train", **{"making": making(), "reporter": to_nobody(), **facts}
    )


def test_clips_lie_end_to_end_in_each_modality(tmp_path: Path) -> None:
    event = Interval(start_frame=12, end_frame=24, label="fall")
    videos = [video(tmp_path, 40, intervals=(event,)), video(tmp_path, 20, label="fight")]

    store = stored(videos, tmp_path, making=making("rgb", "rgb_difference"))

    assert store.labels == ("normal", "fall", "normal", "fight")
    assert store.counts == (3, 1)
    assert [each.shape for each in store.pictures] == [(4, 4, 16, 16, 3)] * 2
    rgb, difference = store.pictures
    assert not rgb.flags.writeable
    for pictures, changes in zip(rgb.astype(int), difference.astype(int), strict=True):
        assert np.array_equal(changes[1:], np.diff(pictures, axis=0) // 2 + 128)
        assert np.array_equal(changes[0], changes[1])


def test_short_clips_are_told_and_single_frames_left_out(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    videos = [video(tmp_path, 1), video(tmp_path, 3, label="fight"), video(tmp_path, 20)]

    store = stored(videos, tmp_path, making=making(length=16), reporter=Reporter(events.append))

    assert store.counts == (0, 1, 1)
    texts = [event["text"] for event in events if event["event"] == "finding"]
    assert texts == [
        f"1 clip ({videos[0].name}) of a single frame left out: nothing moves there",
        f"1 clip ({videos[1].name}) of fewer frames at 30 per second than the 16 that are taken of "
        "each: some come several times",
    ]


def test_as_they_are_clips_of_few_frames_are_told_without_a_rate(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []
    as_it_is = replace(making(length=16), sampling=Sampling(length=16))

    stored([video(tmp_path, 10)], tmp_path, making=as_it_is, reporter=Reporter(events.append))

    [finding] = [event for event in events if event["event"] == "finding"]
    assert "of fewer frames than the 16" in finding["text"]


def test_progress_is_told_by_videos(tmp_path: Path) -> None:
    events: list[dict[str, Any]] = []

    stored([video(tmp_path, 20), video(tmp_path, 21)], tmp_path, reporter=Reporter(events.append))

    told = [event for event in events if event["event"] == "progress"]
    assert [(event["stage"], event["done"], event["total"]) for event in told] == [
        ("read clips", 0, 2), ("read clips", 1, 2),
    ]  # fmt: skip


def test_a_full_disk_is_an_error_not_a_crash(tmp_path: Path) -> None:
    videos = [video(tmp_path, 20)]

    with largest_file(2000), pytest.raises(OSError, match="File too large") as caught:
        stored(videos, tmp_path)

    assert caught.value.errno == errno.EFBIG
