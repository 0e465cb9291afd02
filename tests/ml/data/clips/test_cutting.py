"""Which stretches of a video are clips."""

from __future__ import annotations

from typing import Any

import pytest

from ml.clock import Clock
from ml.data.clips.cutting import Clip, labelled_clips, windows
from ml.records import Box, Interval, VideoRecord, VideoRegion

TEN = Clock.constant(100, 10.0)  # ten seconds
BOX = Box(left=1, top=2, width=3, height=4)


def video(**facts: Any) -> VideoRecord:
    return VideoRecord(id="v", path="v.mp4", n_frames=100, **facts)


def spans(clips: list[Clip]) -> list[tuple[int, int, str]]:
    return [(clip.start_frame, clip.end_frame, clip.label) for clip in clips]


@pytest.mark.parametrize("label", ["normal", "fight", ""])
def test_a_trimmed_video_is_one_clip_with_its_label(label: str) -> None:
    found = labelled_clips(video(label=label), TEN, 10)

    assert spans(found) == [(0, 100, label or "normal")]


def test_what_is_longer_is_cut_into_even_parts() -> None:
    found = labelled_clips(video(label="fight"), TEN, 4)

    assert spans(found) == [(0, 33, "fight"), (33, 66, "fight"), (66, 100, "fight")]


def test_half_a_frame_too_long_is_not_cut() -> None:
    assert len(labelled_clips(video(), Clock.constant(100, 29.97), 100 / 30)) == 1


def test_intervals_are_abnormal_clips_and_what_is_left_are_normal_ones() -> None:
    """The half second between the events is too short for one."""
    intervals = (
        Interval(start_frame=20, end_frame=40, label="fall"),
        Interval(start_frame=45, end_frame=60),
    )

    found = labelled_clips(video(label="riot", intervals=intervals), TEN, 5)

    assert spans(found) == [
        (0, 20, "normal"), (20, 40, "fall"), (45, 60, "riot"), (60, 100, "normal"),
    ]  # fmt: skip


def test_overlapping_intervals_are_clips_each() -> None:
    intervals = (
        Interval(start_frame=10, end_frame=60, label="a"),
        Interval(start_frame=20, end_frame=40, label="b"),
    )

    found = labelled_clips(video(intervals=intervals), TEN, 5)

    assert spans(found) == [(0, 10, "normal"), (10, 60, "a"), (20, 40, "b"), (60, 100, "normal")]


def test_where_there_are_regions_they_alone_are_clips() -> None:
    """Without a label of their own they have that of the event that they mostly show."""
    regions = (
        VideoRegion(start_frame=0, end_frame=20, box=BOX, label="Normal"),
        VideoRegion(start_frame=30, end_frame=50, box=BOX),
        VideoRegion(start_frame=55, end_frame=75),
        VideoRegion(start_frame=60, end_frame=80, label="punch"),
    )
    given = video(
        intervals=(Interval(start_frame=40, end_frame=60, label="fight"),), regions=regions
    )

    found = labelled_clips(given, TEN, 5)

    assert spans(found) == [
        (0, 20, "normal"), (30, 50, "fight"), (55, 75, "normal"), (60, 80, "punch"),
    ]  # fmt: skip
    assert [clip.box for clip in found] == [BOX, BOX, None, None]


def test_a_trimmed_video_is_scored_at_once_and_a_longer_one_in_windows() -> None:
    assert spans(windows(TEN, 0, 100, 10, 1)) == [(0, 100, "")]

    found = windows(TEN, 0, 100, 4, 2.5)

    assert [(clip.start_frame, clip.end_frame) for clip in found] == [
        (0, 40), (25, 65), (50, 90), (60, 100),
    ]  # fmt: skip


@pytest.mark.parametrize("stride", [0.7, 1.5, 4.0])
def test_windows_cover_every_frame_whatever_the_rate(stride: float) -> None:
    """And however far they are to move on."""
    times = [0.0]
    for number in range(299):
        times.append(times[-1] + (0.02 if number % 3 else 0.11))

    found = windows(Clock.of_times(times), 10, 290, 1.5, stride)

    covered = {frame for clip in found for frame in range(clip.start_frame, clip.end_frame)}
    assert covered == set(range(10, 290))
    assert all(clip.n_frames > 0 for clip in found)
