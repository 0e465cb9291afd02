"""Which videos one-class methods learn from."""

from dataclasses import replace

import pytest

from ml.methods import normal_videos
from ml.records import BadInput, Interval, Manifest, Part, VideoRecord


def videos(*labels: str) -> Manifest:
    return Manifest(
        videos=tuple(
            VideoRecord(id=f"vid_{i}", path=f"/data/train/{i}.mp4", part="train", label=label)
            for i, label in enumerate(labels)
        )
    )


def test_normal_videos_leaves_out_abnormal_ones() -> None:
    normal = normal_videos(videos("normal", "Robbery", "", "Normal"), "train")

    assert [video.id for video in normal] == ["vid_0", "vid_2", "vid_3"]


def test_normal_videos_when_there_are_none() -> None:
    with pytest.raises(BadInput, match=r"None of the 2 train videos is normal: .*train/0\.mp4"):
        normal_videos(videos("Robbery", "Arson"), "train")


def annotated(manifest: Manifest, part: Part = "train") -> Manifest:
    """The same in `part`, the first with abnormal frames that its label does not tell of."""
    first, *rest = (replace(video, part=part) for video in manifest.videos)
    return Manifest(
        videos=(replace(first, intervals=(Interval(start_frame=2, end_frame=5),)), *rest)
    )


def test_normal_videos_have_no_abnormal_frames() -> None:
    normal = normal_videos(annotated(videos("", "normal")), "train")

    assert [video.id for video in normal] == ["vid_1"]


def test_normal_videos_when_all_have_abnormal_frames() -> None:
    with pytest.raises(BadInput, match=r"train/0\.mp4, has abnormal frames\. This method learns"):
        normal_videos(annotated(videos("normal")), "train")


def test_validation_may_have_abnormal_videos_alone() -> None:
    assert normal_videos(annotated(videos("", "Robbery"), "validation"), "validation") == ()


def test_normal_videos_of_an_empty_part() -> None:
    assert normal_videos(videos("normal"), "validation") == ()
