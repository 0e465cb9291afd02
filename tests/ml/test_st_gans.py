"""What is special about the two ST-GANs; what all methods must do is tested for them, too."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml.data.frames import FrameStore
from ml.failures import Diverged
from ml.methods._st_gan import PATIENCE, STGan, STGanLearner
from ml.methods.st_gan_prediction import STGanPrediction
from ml.methods.st_gan_reconstruction import STGanReconstruction
from ml.records import VideoRecord
from ml.training import Moment
from tests import toys

METHODS: list[type[STGan]] = [STGanPrediction, STGanReconstruction]
N_FRAMES = 24


def build(kind: type[STGan], **changes: Any) -> STGan:
    torch.manual_seed(1)
    return kind(replace(kind.tiny, **changes), torch.device("cpu"))


def learner_of(method: STGan) -> STGanLearner:
    frames = np.random.default_rng(0).integers(0, 256, (N_FRAMES, 32, 32), np.uint8)
    return method._learner(FrameStore(frames=frames, counts=(N_FRAMES,)), None)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> VideoRecord:
    path: Path = toys.moving_square_video(tmp_path_factory.mktemp("video") / "a.mp4", N_FRAMES)
    return VideoRecord(id="a", path=str(path), n_frames=N_FRAMES)


@pytest.mark.parametrize(("kind", "first"), [(STGanPrediction, 3), (STGanReconstruction, 2)])
def test_which_frames_have_no_score(kind: type[STGan], first: int, video: VideoRecord) -> None:
    scores = build(kind).score(video)

    assert (scores.first_frame, len(scores.values)) == (first, N_FRAMES - first)


@pytest.mark.parametrize("kind", METHODS)
def test_scores_do_not_depend_on_the_batch_size(kind: type[STGan], video: VideoRecord) -> None:
    one, other = build(kind, batch_size=2).score(video), build(kind, batch_size=64).score(video)

    np.testing.assert_allclose(one.values, other.values, rtol=1e-4, atol=1e-6)


def test_without_the_map_a_score_is_the_mean_error(video: VideoRecord) -> None:
    with_map, without = build(STGanPrediction), build(STGanPrediction, map=False)
    frames = np.random.default_rng(0).integers(0, 256, (5, 32, 32), np.uint8)
    samples = np.stack([frames[:4], frames[1:]])  # consecutive windows

    weighted, plain = with_map.errors(samples, {}), without.errors(samples, {})

    pixels = without.pixels(samples)
    predicted = without.slow.decoder(without.slow.codes(pixels[:, :-1])[-1])
    torch.testing.assert_close(plain, (pixels[:, -1:] - predicted).abs())
    assert not torch.allclose(weighted, plain)
    assert (weighted >= 0).all()


@pytest.mark.parametrize("kind", METHODS)
@pytest.mark.parametrize("resting", ["generator", "discriminator"])
def test_each_opponent_is_changed_by_its_own_optimiser_only(
    kind: type[STGan], resting: str
) -> None:
    method = build(kind)
    learner = learner_of(method)
    learner.optimisers[resting].param_groups[0]["lr"] = 0.0
    before = {name: copy.deepcopy(list(module.parameters()))
              for name, module in method.modules.items()}  # fmt: skip

    learner.step(np.arange(8), Moment(0, 9.0))

    for name in ("generator", "discriminator"):
        pairs = zip(before[name], method.modules[name].parameters(), strict=True)
        assert all(torch.equal(one, other) for one, other in pairs) == (name == resting)


@pytest.mark.parametrize("kind", METHODS)
def test_a_step_logs_the_balance_of_the_losses(kind: type[STGan]) -> None:
    logged = learner_of(build(kind)).step(np.arange(8), Moment(0, 9.0))

    assert {"loss", "reconstruction", "adversarial", "discriminator", "accuracy"} <= set(logged)
    assert 0 <= float(logged["accuracy"]) <= 1


@pytest.mark.parametrize("kind", METHODS)
def test_without_an_adversary_the_discriminator_stays(kind: type[STGan]) -> None:
    method = build(kind, adversarial_weight=0.0)
    before = [parameter.clone() for parameter in method.discriminator.parameters()]

    logged = learner_of(method).step(np.arange(8), Moment(0, 9.0))

    assert "discriminator" not in logged
    after = method.discriminator.parameters()
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


def test_each_stabiliser_is_a_switch() -> None:
    plain = build(STGanPrediction, attention=False, spectral_norm=False, ttur=False)
    names = " ".join(dict(plain.discriminator.named_parameters()))
    rates = [each.param_groups[0]["lr"] for each in learner_of(plain).optimisers.values()]
    fast = [
        each.param_groups[0]["lr"]
        for each in learner_of(build(STGanPrediction)).optimisers.values()
    ]

    assert "parametrizations" not in names
    assert "attention" not in names
    assert rates[0] == rates[1]
    assert fast[1] == 4 * fast[0]


def test_cutmix_comes_in_with_the_epochs() -> None:
    learner = learner_of(build(STGanPrediction, warm_up=2.0))

    at_first = learner.step(np.arange(8), Moment(0, 0.0))
    later = learner.step(np.arange(8), Moment(1, 1.0))

    assert "consistency" not in at_first
    assert "consistency" in later


def test_a_discriminator_that_always_wins_ends_the_training() -> None:
    learner = learner_of(build(STGanPrediction))
    learner.restore({"accuracy": 1.0, "n_always_right": 0})

    for step in range(PATIENCE):
        learner._watch(torch.tensor(1.0), step)
    with pytest.raises(Diverged, match="the discriminator told every generated frame apart"):
        learner._watch(torch.tensor(1.0), PATIENCE)


def test_one_fooled_batch_begins_the_count_anew() -> None:
    learner = learner_of(build(STGanPrediction))
    learner.restore({"accuracy": 1.0, "n_always_right": PATIENCE})

    learner._watch(torch.tensor(0.5), step=0)

    assert learner.state() == {"accuracy": pytest.approx(0.99), "n_always_right": 0}
