import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.data.samples import windows


@pytest.mark.parametrize(
    ("length", "stride", "n_frames", "count"),
    [(10, 1, 10, 1), (10, 1, 9, 0), (10, 2, 19, 1), (10, 2, 18, 0), (1, 5, 3, 3), (4, 3, 12, 3)],
)
def test_n_windows_counts_those_that_fit(
    length: int, stride: int, n_frames: int, count: int
) -> None:
    assert windows.n_windows(n_frames, length=length, stride=stride) == count


@given(
    counts=st.lists(st.integers(0, 30), max_size=5),
    length=st.integers(1, 6),
    stride=st.integers(1, 4),
)
def test_window_starts_stay_inside_one_video(counts: list[int], length: int, stride: int) -> None:
    video_of_frame = np.repeat(np.arange(len(counts)), counts)

    starts = windows.window_starts(counts, length=length, stride=stride)

    expected = sum(windows.n_windows(count, length=length, stride=stride) for count in counts)
    assert len(set(starts.tolist())) == len(starts) == expected
    ends = starts + windows.span(length, stride) - 1
    assert np.array_equal(video_of_frame[starts], video_of_frame[ends])


def test_window_starts_every_step() -> None:
    starts = windows.window_starts([7, 2, 5], length=3, step=2)

    assert starts.tolist() == [0, 2, 4, 9, 11]


def test_gather_takes_every_stride_th_frame() -> None:
    frames = np.arange(20, dtype=np.uint8).reshape(20, 1, 1)

    same = windows.gather(frames, np.array([0, 9]), length=4, strides=3)
    mixed = windows.gather(frames, np.array([0, 9]), length=4, strides=np.array([1, 2]))

    assert same[:, :, 0, 0].tolist() == [[0, 3, 6, 9], [9, 12, 15, 18]]
    assert mixed[:, :, 0, 0].tolist() == [[0, 1, 2, 3], [9, 11, 13, 15]]


@given(n_frames=st.integers(0, 40), length=st.integers(1, 8), batch_size=st.integers(1, 9))
def test_stream_windows_equals_gather(n_frames: int, length: int, batch_size: int) -> None:
    frames = np.arange(n_frames * 4, dtype=np.uint8).reshape(n_frames, 2, 2)
    starts = windows.window_starts([n_frames], length=length)

    batches = windows.stream_windows(iter(frames), length=length, batch_size=batch_size)
    streamed = [window.copy() for batch in batches for window in batch]

    expected = windows.gather(frames, starts, length=length)
    assert len(streamed) == len(expected)
    assert all(np.array_equal(a, b) for a, b in zip(streamed, expected, strict=True))


def test_stream_windows_holds_one_buffer() -> None:
    frames = (np.zeros((8, 8), np.uint8) for _ in range(1000))

    batches = windows.stream_windows(frames, length=5, batch_size=16)
    addresses = {batch.__array_interface__["data"][0] for batch in batches}

    assert len(addresses) == 1


def test_mean_over_windows_by_hand() -> None:
    batches = [np.array([[1, 2, 3]], np.float32), np.array([[4, 5, 6]], np.float32)]

    means = windows.mean_over_windows(batches, length=3)

    assert means.tolist() == [1, 3, 4, 6]
    assert means.dtype == np.float32


def test_mean_over_windows_of_a_constant_is_that_constant() -> None:
    means = windows.mean_over_windows([np.full((50, 10), 0.25, np.float32)], length=10)

    assert means.shape == (59,)
    assert np.all(means == 0.25)


def test_mean_over_windows_without_a_window() -> None:
    assert windows.mean_over_windows([], length=10).shape == (0,)
