import errno
from pathlib import Path

import numpy as np
import pytest

from ml.data.samples.frames import store_frames
from ml.data.video.decode import decode
from ml.records import VideoRecord
from ml.reports import Reporter, to_nobody
from tests import toys
from tests.disks import largest_file


def two_videos(folder: Path) -> list[VideoRecord]:
    paths = [toys.moving_square_video(folder / f"{n}.mp4", n) for n in (6, 11)]
    return [VideoRecord(id=path.stem, path=str(path)) for path in paths]


def test_store_frames_lays_videos_end_to_end(tmp_path: Path) -> None:
    videos = two_videos(tmp_path)

    store = store_frames(
        videos, tmp_path / "frames.npy", size=(24, 32), grey=True, reporter=to_nobody()
    )

    decoded = [frame for video in videos for frame in decode(video, size=(24, 32), grey=True)]
    assert store.counts == (6, 11)
    assert np.array_equal(store.frames, np.stack(decoded))
    assert not store.frames.flags.writeable


def test_store_frames_in_colour_puts_channels_first(tmp_path: Path) -> None:
    videos = two_videos(tmp_path)

    store = store_frames(
        videos, tmp_path / "f.npy", size=(24, 32), grey=False, reporter=to_nobody()
    )

    assert store.frames.shape == (17, 3, 24, 32)
    last = list(decode(videos[1], size=(24, 32)))[-1]
    assert np.array_equal(store.frames[-1].transpose(1, 2, 0), last)


def test_store_frames_reports_its_progress(tmp_path: Path) -> None:
    events: list[dict[str, object]] = []

    store_frames(
        two_videos(tmp_path), tmp_path / "f.npy", size=(8, 8), grey=True,
        reporter=Reporter(events.append),
    )  # fmt: skip

    assert [(event["stage"], event["done"], event["total"]) for event in events] == [
        ("decode", 0, 2),
        ("decode", 1, 2),
    ]


def test_store_frames_full_disk_is_an_error_not_a_crash(tmp_path: Path) -> None:
    videos = two_videos(tmp_path)

    with largest_file(2000), pytest.raises(OSError, match="File too large") as caught:
        store_frames(videos, tmp_path / "f.npy", size=(24, 32), grey=True, reporter=to_nobody())

    assert caught.value.errno == errno.EFBIG
