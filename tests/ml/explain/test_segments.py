"""Which rows are explained, by which rows, against what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from ml.explain import segments
from ml.explain.segments import Baseline, SegmentAttributions, explain_segments
from ml.methods import WeakMethod
from ml.records import BadInput, FeatureRecord, VideoRecord
from ml.registry import load_methods

CPU = torch.device("cpu")
WEAK = sorted(name for name, kind in load_methods().items() if issubclass(kind, WeakMethod))
D = 8


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Linear:
    """A score of a row is the sum of its bag's numbers, later rows counting more."""

    def __init__(self, length: int) -> None:
        self.length = length

    def bag_of(self, row: int, n_rows: int) -> range:
        first = row - row % self.length
        return range(first, min(first + self.length, n_rows))

    def bag_scores(self, bags: Tensor) -> Tensor:
        weights_T = 1 + torch.arange(bags.shape[1])
        return (bags.sum(2) * weights_T).sum(1, keepdim=True).expand(-1, bags.shape[1])


def video(
    folder: Path, n_rows: int, *, name: str = "a", crops: int = 2, **more: Any
) -> VideoRecord:
    rows = np.random.default_rng(n_rows).normal(size=(n_rows, crops, D)).astype(np.float32)
    np.save(folder / f"{name}.npy", rows)
    record = FeatureRecord(path=str(folder / f"{name}.npy"), frames_per_row=4, **more)
    return VideoRecord(id=name, path=f"{name}.mp4", features=record)


def explained(
    of: VideoRecord, *, length: int = 4, baseline: Baseline | None = None, **more: Any
) -> SegmentAttributions:
    return explain_segments(Linear(length), of, baseline=baseline, device=CPU, **more)


def rows_of(found: SegmentAttributions) -> list[int]:
    return [target.row for target in found.targets]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        *((name, {}) for name in WEAK),
        *(
            ("pel4vad", {"smoothing": each, "smoothed_rows": 4})
            for each in ("none", "slide", "fixed")
        ),
    ],
)
def test_what_is_explained_is_the_score_that_a_method_gives(
    name: str, changes: dict[str, Any]
) -> None:
    kind = load_methods()[name]
    torch.manual_seed(0)
    method = kind(replace(kind.tiny, **changes), CPU)
    assert isinstance(method, WeakMethod)
    method.set_dimension(D)
    method.learnt.eval()
    rows = np.random.default_rng(0).normal(size=(21, 2, D)).astype(np.float32)

    with torch.inference_mode():
        expected = method.segment_scores(rows)
        bags = [method.bag_of(row, len(rows)) for row in range(len(rows))]
        found = [
            method.bag_scores(torch.from_numpy(rows[bag.start : bag.stop]).transpose(0, 1))
            .mean(0)[row - bag.start]
            .item()
            for row, bag in enumerate(bags)
        ]

    assert np.allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("frames", "rows"),
    [
        (None, range(11)),
        ((0, 1), [0]),
        ((7, 9), [1, 2]),
        ((8, 16), [2, 3]),
        ((40, 47), [10]),  # frames after the last row share its score
    ],
)
def test_rows_of_frames(tmp_path: Path, frames: tuple[int, int] | None, rows: Any) -> None:
    assert rows_of(explained(video(tmp_path, 11), frames=frames)) == list(rows)


def test_rows_that_are_no_whole_frames_and_begin_later(tmp_path: Path) -> None:
    parts = video(tmp_path, 8, row_length=2.5)
    later = video(tmp_path, 8, name="b", first_frame=10)

    assert rows_of(explained(parts, frames=(5, 6))) == [2]
    assert explained(parts, frames=(5, 6)).row_length == 2.5
    assert rows_of(explained(later, frames=(12, 16))) == [0, 1]


def test_each_row_is_explained_by_its_own_bag(tmp_path: Path) -> None:
    of = video(tmp_path, 6)
    rows = np.load(tmp_path / "a.npy").astype(np.float64)
    mean = rows.mean(0)

    found = explained(of, frames=(12, 20), baseline="video")

    assert [(each.row, each.first_row) for each in found.targets] == [(3, 0), (4, 4)]
    for each in found.targets:
        bag = rows[each.first_row : each.first_row + 4]
        weights = 1 + np.arange(len(bag))
        expected = ((bag - mean).sum(2) * weights[:, None]).mean(1)
        assert np.allclose(each.attribution.values, expected, atol=1e-5)
        assert each.attribution.score == pytest.approx(
            (bag.sum(2) * weights[:, None]).sum(0).mean()
        )


def test_the_normal_baseline_is_the_mean_of_the_means_of_videos(tmp_path: Path) -> None:
    normal = [video(tmp_path, 3, name="x"), video(tmp_path, 9, name="y")]
    of = video(tmp_path, 4)
    means = [np.load(tmp_path / f"{name}.npy").astype(np.float64).mean(0) for name in "xy"]

    found = explained(of, normal=normal)

    expected = (np.mean(means, axis=0).sum(1) * 10).mean()
    assert found.baseline == "normal"
    assert found.targets[0].attribution.baseline_score == pytest.approx(expected, abs=1e-4)
    assert "the mean row of normal training videos" in found.rule


def test_without_normal_videos_it_is_the_mean_row_of_the_video(tmp_path: Path) -> None:
    of = video(tmp_path, 4)

    assert explained(of).baseline == "video"
    assert explained(of, baseline="zero").targets[0].attribution.baseline_score == 0
    with pytest.raises(BadInput, match="no normal training videos"):
        explained(of, baseline="normal")


def test_normal_videos_of_another_shape_are_refused(tmp_path: Path) -> None:
    normal = [video(tmp_path, 3, name="x", crops=1)]

    with pytest.raises(BadInput, match=r"1 crops × 8 numbers, and those of a\.mp4 of 2 × 8"):
        explained(video(tmp_path, 4), normal=normal)


def test_of_a_long_stretch_every_so_many_rows_are_explained(tmp_path: Path) -> None:
    found = explained(video(tmp_path, 130, crops=1))

    assert found.stride == 3
    assert rows_of(found) == list(range(0, 130, 3))


def test_fewer_where_each_is_more_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MOST_PASSES", 16 * 2 * 30 * 5)

    assert rows_of(explained(video(tmp_path, 30), length=30)) == [0, 6, 12, 18, 24]


@pytest.mark.parametrize(
    ("frames", "sentence"),
    [((9, 9), "has to be larger"), ((-1, 4), "has to be larger"), ((60, 70), "no features")],
)
def test_frames_that_are_none(tmp_path: Path, frames: tuple[int, int], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        explained(video(tmp_path, 11), frames=frames)


def test_a_bag_too_long_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "MOST_ROWS", 10)

    with pytest.raises(BadInput, match="made of 11 rows of features; those of at most 10 can"):
        explained(video(tmp_path, 11), length=11)


def test_the_file_and_the_facts(tmp_path: Path) -> None:
    found = explained(video(tmp_path, 6), frames=(12, 24))

    found.save(tmp_path / "a.json", why_no_map="none")
    told, facts = json.loads((tmp_path / "a.json").read_text()), found.facts("12-24")

    assert [each["row"] for each in told["targets"]] == [3, 4, 5]
    for each, target in zip(told["targets"], found.targets, strict=True):
        assert np.allclose(each["values"], target.attribution.values, rtol=1e-5)
        assert sum(each["values"]) == pytest.approx(
            each["score"] - each["baseline_score"], abs=0.02
        )
    assert told["why_no_map"] == "none"
    assert (told["n_rows"], told["row_length"], told["stride"]) == (6, 4.0, 1)
    assert (facts["kind"], facts["target"], facts["first_frame"]) == ("segments", "12-24", 12)
    assert (facts["n_maps"], facts["width"], facts["frames_per_map"]) == (3, 4, 4)
    highest = max(abs(value) for each in told["targets"] for value in each["values"])
    assert facts["highest"] == pytest.approx(highest, rel=1e-5)
