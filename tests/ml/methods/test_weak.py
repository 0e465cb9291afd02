"""Methods that learn from labels of whole videos: their losses and scores, in NumPy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.methods import WeakMethod
from ml.methods.bilstm_mil import BiLSTMMIL, BiLSTMMILConfig
from ml.methods.hl_net import HLNetConfig, HLNetMethod
from ml.methods.rtfm import RTFM, RTFMConfig
from ml.methods.sultani_mil import SultaniMIL, SultaniMILConfig
from ml.methods.ur_dmu import URDMU, URDMUConfig, _Parts
from ml.methods.video_classifier import VideoClassifier, VideoClassifierConfig
from ml.records import BadInput, FeaturePart, FeatureRecord, VideoRecord
from tests.ml.models.by_hand import sigmoid

CPU = torch.device("cpu")
Array = NDArray[np.float64]


def built(method: WeakMethod, dimension: int = 6) -> WeakMethod:
    torch.manual_seed(0)
    method.set_dimension(dimension)
    method.learnt.eval()
    return method


def scored(method: WeakMethod, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        return method.segment_scores(rows)


def rows_of(n_rows: int, *, crops: int = 2, dimension: int = 6) -> NDArray[np.float32]:
    return np.random.default_rng(n_rows).normal(size=(n_rows, crops, dimension)).astype(np.float32)


def bags(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(len(shape)))


def cross_entropy(scores: Array, labels: Array) -> float:
    return float(-np.mean(labels * np.log(scores) + (1 - labels) * np.log(1 - scores)))


def as_array(values: torch.Tensor) -> Array:
    return values.detach().double().numpy()


def video(folder: Path, rows: NDArray[Any], *, n_frames: int = 0) -> VideoRecord:
    np.save(folder / "a.npy", rows)
    return VideoRecord(id="a", path="a.mp4", n_frames=n_frames,
                       features=FeatureRecord(path=str(folder / "a.npy")))  # fmt: skip


def classifier(split_size: int, **changes: Any) -> VideoClassifier:
    config = VideoClassifierConfig(attention_width=4, split_size=split_size, **changes)
    method = built(VideoClassifier(config, CPU))
    assert isinstance(method, VideoClassifier)
    return method


@pytest.mark.parametrize("layers", ["attention", "lstm", "lstm_attention"])
@pytest.mark.parametrize("split_size", [1, 3, 4, 10, 11, 500])
def test_all_rows_of_a_bag_have_the_mean_of_its_crops(split_size: int, layers: Any) -> None:
    method, rows = classifier(split_size, layers=layers), rows_of(10)

    scores = scored(method, rows)

    for first in range(0, 10, split_size):
        bag = torch.from_numpy(rows[first : first + split_size]).transpose(0, 1)
        expected = as_array(torch.sigmoid(method.learnt(bag))).mean()
        assert np.allclose(scores[first : first + split_size], expected, atol=1e-6)


def test_many_bags_are_scored_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    method, rows = classifier(4), rows_of(37)
    at_once = scored(method, rows)
    monkeypatch.setattr("ml.methods._weak.ROWS_AT_ONCE", 1)

    assert np.allclose(scored(method, rows), at_once, atol=1e-6)


@pytest.mark.parametrize(
    ("n_frames", "n_scores"), [(0, 10), (160, 10), (161, 11), (175, 11), (176, 10), (150, 10)]
)
def test_frames_after_the_last_row_share_its_score(
    tmp_path: Path, n_frames: int, n_scores: int
) -> None:
    scores = classifier(4).score(video(tmp_path, rows_of(10), n_frames=n_frames))

    assert (len(scores.values), scores.frames_per_value) == (n_scores, 16)
    assert scores.values[-1] == scores.values[9]


@pytest.mark.parametrize(("row_length", "n_scored"), [(10.0, 100), (9.7, 100), (8.0, 80)])
def test_rows_that_are_not_whole_frames_give_each_frame_its_own(
    tmp_path: Path, row_length: float, n_scored: int
) -> None:
    """The last three frames are too few for a row of 9.7 and share a score; 20 are not of 8."""
    given = video(tmp_path, rows_of(10), n_frames=100)
    whole = classifier(4).score(given)
    features = FeatureRecord(path=str(tmp_path / "a.npy"), row_length=row_length)

    scores = classifier(4).score(replace(given, features=features))

    assert (len(scores.values), scores.frames_per_value) == (n_scored, 1)
    assert scores.values[0] == whole.values[0]
    assert scores.values[-1] == whole.values[9]


def test_crops_in_files_are_scored_as_one_file_is(tmp_path: Path) -> None:
    rows = rows_of(10)
    given = video(tmp_path, rows, n_frames=160)
    paths = [str(tmp_path / f"a__{crop}.npy") for crop in range(rows.shape[1])]
    for path, crop in zip(paths, rows.transpose(1, 0, 2), strict=True):
        np.save(path, crop)
    record = FeatureRecord(path=paths[0], parts=(FeaturePart(paths=tuple(paths)),))

    scores = classifier(4).score(replace(given, features=record))

    assert np.array_equal(scores.values, classifier(4).score(given).values)


def test_features_of_another_width_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="features of 9 numbers, where the network takes 6"):
        classifier(4).score(video(tmp_path, rows_of(5, dimension=9)))


def test_the_classifier_learns_by_cross_entropy_of_bags() -> None:
    method, normal, abnormal = classifier(4), bags(3, 5, 6), bags(3, 5, 6) + 1

    loss = method.losses(normal, abnormal)["loss"].detach()

    scores = as_array(torch.sigmoid(method.learnt(torch.cat([normal, abnormal]))))
    assert float(loss) == pytest.approx(cross_entropy(scores, np.repeat([0.0, 1.0], 3)), rel=1e-5)


def test_bilstm_mil_learns_by_the_papers_second_equation() -> None:
    config = BiLSTMMILConfig(width=5, smoothness=0.3, sparsity=0.2, weight_penalty=0.1)
    method, normal, abnormal = built(BiLSTMMIL(config, CPU)), bags(3, 5, 6), bags(3, 5, 6) + 1

    loss = float(method.losses(normal, abnormal)["loss"].detach())

    low, high = (as_array(method.learnt(each)) for each in (normal, abnormal))
    weights = [as_array(getattr(method.learnt, name).weight) for name in ("fc1", "fc2", "fc3")]
    expected = np.mean([
        max(0, 1 - a.max() + n.max()) + 0.3 * (np.diff(a) ** 2).sum() + 0.2 * a.sum()
        for n, a in zip(low, high, strict=True)
    ]) + 0.1 * np.sqrt(sum((each**2).sum() for each in weights))  # fmt: skip
    assert loss == pytest.approx(expected, rel=1e-5)


def test_bilstm_mil_scores_rows_with_their_bag_in_view() -> None:
    method, rows = built(BiLSTMMIL(BiLSTMMILConfig(width=5, split_size=4), CPU)), rows_of(10)

    scores = scored(method, rows)

    for first in range(0, 10, 4):
        bag = torch.from_numpy(rows[first : first + 4]).transpose(0, 1)
        assert np.allclose(
            scores[first : first + 4], as_array(method.learnt(bag)).mean(0), atol=1e-6
        )


def test_sultani_learns_by_all_pairs_of_unit_features() -> None:
    config = SultaniMILConfig(sparsity=0.3, smoothness=0.2, weight_penalty=0.01)
    method, normal, abnormal = built(SultaniMIL(config, CPU)), bags(3, 5, 6), bags(3, 5, 6) + 1

    loss = float(method.losses(normal, abnormal)["loss"].detach())

    low, high = (
        as_array(method.learnt(each / each.norm(dim=2, keepdim=True)).squeeze(-1))
        for each in (normal, abnormal)
    )
    expected = sum(np.mean([max(0, 1 - a.max() + n.max()) for n in low]) for a in high)
    expected += 0.3 * high.sum() + 0.2 * (np.diff(high, axis=1) ** 2).sum()
    for number in (0, 3, 5):
        expected += 0.01 * (as_array(method.learnt.get_submodule(str(number)).weight) ** 2).sum()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_sultani_gives_rows_the_score_of_their_segment() -> None:
    method, rows = built(SultaniMIL(SultaniMILConfig(segments=4), CPU)), rows_of(10)

    scores = scored(method, rows)

    for first, end in ((0, 2), (2, 5), (5, 7), (7, 9)):
        mean = torch.from_numpy(rows[first:end].mean(0))
        expected = as_array(method.learnt(mean / mean.norm(dim=1, keepdim=True))).mean()
        assert np.allclose(scores[first:end], expected, atol=1e-6)
    assert scores[9] == scores[8]


def rtfm(**changes: Any) -> RTFM:
    config = RTFMConfig(top_segments=2, dropout=0.0, **changes)
    method = built(RTFM(config, CPU), 8)
    assert isinstance(method, RTFM)
    return method


def test_rtfm_learns_by_the_segments_of_the_largest_features() -> None:
    method, normal, abnormal = rtfm(magnitude_weight=0.01), bags(2, 3, 5, 8), bags(2, 3, 5, 8) + 1

    found = {name: each.detach() for name, each in method.losses(normal, abnormal).items()}

    features, scores = (
        as_array(each) for each in method.learnt(torch.cat([normal, abnormal]).flatten(0, 1))
    )
    features, scores = features.reshape(4, 3, 5, 8), scores.reshape(4, 3, 5).mean(1)
    magnitudes = np.linalg.norm(features, axis=3).mean(1)
    chosen = np.argsort(-magnitudes, axis=1)[:, :2]
    told = [scores[video, chosen[video]].mean() for video in range(4)]
    lengths = np.array([
        [np.linalg.norm(features[video, crop, chosen[video]].mean(0)) for crop in range(3)]
        for video in range(4)
    ])  # fmt: skip
    magnitude = np.mean((np.abs(100 - lengths[2:]) + lengths[:2]) ** 2)
    bce = cross_entropy(np.array(told), np.array([0.0, 0, 1, 1]))
    of_abnormal = scores[2:].ravel()
    expected = (
        bce + 0.01 * magnitude + 8e-3 * np.linalg.norm(of_abnormal)
        + 8e-4 * (np.diff(of_abnormal) ** 2).sum()
    )  # fmt: skip
    assert float(found["magnitude"]) == pytest.approx(magnitude, rel=1e-4)
    assert float(found["loss"]) == pytest.approx(expected, rel=1e-4)


def test_rtfm_scores_a_video_whole_and_takes_the_mean_over_crops() -> None:
    method, rows = rtfm(), rows_of(10, crops=3, dimension=8)

    expected = as_array(method.learnt(torch.from_numpy(rows).transpose(0, 1))[1]).mean(0)

    assert np.allclose(scored(method, rows), expected, atol=1e-6)


def test_rtfm_takes_videos_of_fewer_rows_than_it_learns_from() -> None:
    method = rtfm()

    assert scored(method, rows_of(1, dimension=8)).shape == (1,)
    assert method.video_scores(bags(2, 3, 1, 8)).shape == (2,)


def hl_net() -> HLNetMethod:
    method = built(HLNetMethod(HLNetConfig(dropout=0.0), CPU))
    assert isinstance(method, HLNetMethod)
    return method


def test_hl_net_learns_both_branches_and_one_from_the_other() -> None:
    """Bags of 40, 17 and 1 rows: 3, 2 and 1 of the highest logits count."""
    method, lengths = hl_net(), (40, 17, 1, 40)
    both = bags(4, 40, 6).abs()
    for bag, length in zip(both, lengths, strict=True):
        bag[length:] = 0

    loss = float(method.losses(both[:2], both[2:])["loss"].detach())

    is_row = torch.arange(40)[None] < torch.tensor(lengths)[:, None]
    branches = [as_array(each) for each in method.learnt(both, is_row)]
    expected = 0.0
    for logits in branches:
        tops = [
            sigmoid(np.sort(each[:length])[-(length // 16 + 1) :].mean())
            for each, length in zip(logits, lengths, strict=True)
        ]
        expected += cross_entropy(np.array(tops), np.array([0.0, 0, 1, 1]))
    crossed = [
        -np.mean(sigmoid(whole[:length]) * np.log(sigmoid(online[:length])))
        for whole, online, length in zip(*branches, lengths, strict=True)
    ]
    assert loss == pytest.approx(expected + 5 * np.mean(crossed), rel=1e-4)


@pytest.mark.parametrize(("branch", "number"), [("holistic", 0), ("online", 1)])
def test_hl_net_scores_by_either_branch(branch: Any, number: int) -> None:
    method, rows = hl_net(), np.abs(rows_of(10))
    method.config = HLNetConfig(dropout=0.0, branch=branch)

    found = scored(method, rows)

    each = method.learnt(torch.from_numpy(rows).transpose(0, 1))[number]
    assert np.allclose(found, as_array(torch.sigmoid(each)).mean(0), atol=1e-6)


def test_the_online_branch_of_hl_net_sees_no_future() -> None:
    method, rows = hl_net(), np.abs(rows_of(12))
    method.config = HLNetConfig(dropout=0.0, branch="online")

    assert np.allclose(scored(method, rows)[:7], scored(method, rows[:7]), atol=1e-6)


def test_hl_net_learns_its_online_branch_half_as_fast() -> None:
    method = hl_net()

    groups = method.optimiser(method.learnt).param_groups

    assert [group["lr"] for group in groups] == [1e-4, 5e-5]
    assert sum(len(group["params"]) for group in groups) == len(list(method.learnt.parameters()))
    assert [method.schedule().factor(step, 7700) for step in (0, 1539, 1540, 7699)] == [
        1.0, 1.0, 0.1, 0.1,
    ]  # fmt: skip


def test_ur_dmu_learns_by_seven_terms(monkeypatch: pytest.MonkeyPatch) -> None:
    method = built(URDMU(URDMUConfig(entries=6, dropout=0.0), CPU))
    assert isinstance(method, URDMU)
    monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
    normal, abnormal = bags(2, 20, 6), bags(2, 20, 6) + 1
    parts = _Parts.of(method.dual, normal, abnormal)

    loss = float(method.losses(normal, abnormal)["loss"].detach())

    def best(segments: Array, fit: Array) -> Array:
        return np.stack([
            each[np.argsort(-fits)[:2]].mean(0) for each, fits in zip(segments, fit, strict=True)
        ])  # fmt: skip

    def unit(values: Array) -> Array:
        return np.asarray(values / np.linalg.norm(values, axis=1, keepdims=True))

    fits = {
        name: as_array(getattr(parts, name).fit)
        for name in ("normal_in_normal", "normal_in_abnormal", "abnormal_in_normal",
                     "abnormal_in_abnormal")
    }  # fmt: skip
    scores = as_array(parts.scores)
    expected = cross_entropy(np.sort(scores, axis=1)[:, -2:].mean(1), np.array([0.0, 0, 1, 1]))
    own = np.sort(fits["abnormal_in_abnormal"], axis=1)[:, -2:].mean(1)
    strange = np.sort(1 - fits["abnormal_in_normal"], axis=1)[:, -2:].mean(1)
    expected += 0.1 * (
        cross_entropy(own, np.ones(2))
        + cross_entropy(strange, np.ones(2))
        - np.log(fits["normal_in_normal"]).mean()
        - np.log(1 - fits["normal_in_abnormal"]).mean()
    )
    segments = as_array(parts.normal), as_array(parts.abnormal)
    anchor = unit(best(segments[0], fits["normal_in_normal"]))
    positive = unit(best(segments[1], fits["abnormal_in_normal"]))
    negative = unit(best(segments[1], fits["abnormal_in_abnormal"]))
    gaps = [np.linalg.norm(anchor - each, axis=1) for each in (positive, negative)]
    expected += 0.1 * np.maximum(0, gaps[0] - gaps[1] + 1).mean()
    mean, log_variance = as_array(parts.mean), as_array(parts.log_variance)
    expected += 0.001 * np.mean(-0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(1))
    lengths = (
        np.linalg.norm(best(mean, fits["normal_in_normal"]), axis=1),
        np.linalg.norm(best(as_array(parts.abnormal_mean), fits["abnormal_in_abnormal"]), axis=1),
    )
    expected += 0.0001 * np.maximum(0, 100 - lengths[1] + lengths[0]).mean()
    assert loss == pytest.approx(expected, rel=1e-4)


def test_ur_dmu_scores_crops_of_a_whole_video() -> None:
    method, rows = built(URDMU(URDMUConfig(entries=6), CPU)), rows_of(10)

    expected = as_array(method.learnt(torch.from_numpy(rows).transpose(0, 1))).mean(0)

    assert np.allclose(scored(method, rows), expected, atol=1e-5)
