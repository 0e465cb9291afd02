from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.data.features.bags import even_bounds, means, resample, sampled_or_padded, store_bags
from ml.methods.sultani_mil import matlab_bounds, matlab_means
from ml.records import BadInput, FeatureRecord, VideoRecord
from ml.reports import Reporter

SILENT = Reporter(lambda _event: None)


def rows_of(n_rows: int, *, crops: int = 2, dimension: int = 3) -> NDArray[np.float32]:
    return np.random.default_rng(n_rows).normal(size=(n_rows, crops, dimension)).astype(np.float32)


def by_hand(rows: NDArray[np.float32], n_segments: int) -> NDArray[np.float64]:
    """One segment after another, as the rule is told."""
    bounds = [int(each) for each in np.linspace(0, len(rows), n_segments + 1)]
    return np.stack([
        rows[start:end].astype(float).mean(0) if end > start else rows[start].astype(float)
        for start, end in pairwise(bounds)
    ])  # fmt: skip


@pytest.mark.parametrize("n_rows", [1, 2, 5, 31, 32, 33, 64, 100, 534])
def test_a_segment_is_the_mean_of_its_rows(n_rows: int) -> None:
    rows = rows_of(n_rows)

    assert np.allclose(resample(rows, 32), by_hand(rows, 32), atol=1e-6)


def test_segments_of_half_precision_are_added_up_in_float32() -> None:
    rows = np.full((5000, 1, 1), 1.0, np.float16)

    assert resample(rows, 1).tolist() == [[[1.0]]]


def test_bounds_lie_evenly_and_are_cut_to_whole_numbers() -> None:
    assert even_bounds(10, 4).tolist() == [0, 2, 5, 7, 10]
    assert even_bounds(2, 4).tolist() == [0, 0, 1, 1, 2]


def test_the_bounds_of_sultani_never_reach_the_last_row() -> None:
    """MATLAB's round(linspace(1, 10, 5)) is 1, 3, 6, 8, 10: rows 1 2, 3 4 5, 6 7 and 8 9."""
    assert matlab_bounds(10, 4).tolist() == [0, 2, 5, 7, 9]
    rows = np.arange(10, dtype=np.float32)[:, None, None]
    assert matlab_means(rows, 4).ravel().tolist() == [0.5, 3.0, 5.5, 7.5]


@pytest.mark.parametrize("n_rows", [1, 2, 3, 40])
def test_a_video_of_few_rows_gives_as_many_segments(n_rows: int) -> None:
    assert matlab_means(rows_of(n_rows), 32).shape == (32, 2, 3)


def test_the_last_segment_ends_where_its_bound_is() -> None:
    rows = np.array([1, 3, 100], np.float32)[:, None, None]

    assert means(rows, np.array([0, 2])).ravel().tolist() == [2.0]


def test_long_bags_are_sampled_and_short_ones_padded() -> None:
    rows = np.arange(1, 6, dtype=np.float32)[:, None, None]

    assert sampled_or_padded(rows, 3).ravel().tolist() == [1, 3, 5]
    assert sampled_or_padded(rows, 7).ravel().tolist() == [1, 2, 3, 4, 5, 0, 0]


def video(folder: Path, name: str, rows: NDArray[Any], *, label: str = "normal") -> VideoRecord:
    path = folder / f"{name}.npy"
    np.save(path, rows)
    return VideoRecord(id=name, path=f"{name}.mp4", label=label,
                       features=FeatureRecord(path=str(path)))  # fmt: skip


def test_bags_of_many_videos_lie_in_one_file(tmp_path: Path) -> None:
    rows = [rows_of(n) for n in (7, 40)]
    videos = [video(tmp_path, f"v{n}", each) for n, each in enumerate(rows)]
    videos[1] = replace(videos[1], label="Fighting")

    store = store_bags(videos, tmp_path / "bags.npy", n_segments=8, kept_as="float32",
                       reporter=SILENT)  # fmt: skip

    assert store.bags.shape == (2, 2, 8, 3)
    assert (store.n_crops, store.dimension, store.counts) == (2, 3, (7, 40))
    assert store.is_abnormal.tolist() == [False, True]
    for bag, each in zip(store.bags, rows, strict=True):
        assert np.allclose(bag.transpose(1, 0, 2), by_hand(each, 8), atol=1e-6)
    assert isinstance(np.load(tmp_path / "bags.npy", mmap_mode="r"), np.memmap)


def test_bags_in_half_precision_are_rounded_to_eleven_bits(tmp_path: Path) -> None:
    videos = [video(tmp_path, "a", rows_of(20))]
    exact, rounded = (
        store_bags(videos, tmp_path / f"{kept}.npy", n_segments=4, kept_as=kept, reporter=SILENT)
        for kept in ("float32", "float16")
    )

    assert rounded.bags.dtype == np.float16
    assert np.allclose(rounded.bags, exact.bags, rtol=2**-11, atol=2**-24)


@pytest.mark.parametrize(
    ("second", "sentence"),
    [
        (rows_of(9, crops=1), "of 1 crops × 3 numbers, and those of a.mp4 of 2 × 3"),
        (rows_of(9, dimension=5), "of 2 crops × 5 numbers"),
        (np.full((9, 2, 3), np.nan, np.float32), "b.mp4 hold numbers that are not finite"),
        (np.full((9, 2, 3), 1e5, np.float32), "beyond ± 65504, which float16 cannot"),
    ],
)
def test_features_that_fit_no_bag_are_refused(
    tmp_path: Path, second: NDArray[Any], sentence: str
) -> None:
    videos = [video(tmp_path, "a", rows_of(9)), video(tmp_path, "b", second)]

    with pytest.raises(BadInput, match=sentence):
        store_bags(videos, tmp_path / "x.npy", n_segments=4, kept_as="float16", reporter=SILENT)
