"""What is special about the two ST-GANs; what all methods must do is tested for them, too."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from ml.data.samples.frames import FrameStore
from ml.failures import Diverged
from ml.methods._st_gan import PATIENCE, STGan, STGanLearner
from ml.methods.st_gan_prediction import STGanPrediction
from ml.methods.st_gan_reconstruction import STGanReconstruction
from ml.models.layers import SelfAttention
from ml.records import VideoRecord
from ml.training.learner import Moment
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
    with_map.prepare_to_score()  # or each look would sharpen the spectral norm
    frames = np.random.default_rng(0).integers(0, 256, (5, 32, 32), np.uint8)
    samples = np.stack([frames[:4], frames[1:]])  # consecutive windows

    weighted, plain = with_map.errors(samples, {}), without.errors(samples, {})

    pixels = without.pixels(samples)
    predicted = without.slow.decoder(without.slow.codes(pixels[:, :-1])[-1])
    torch.testing.assert_close(plain, (pixels[:, -1:] - predicted).abs())
    torch.testing.assert_close(weighted, plain * with_map._map(pixels[:, -1:], predicted))


def test_the_map_is_doubt_times_how_far_the_features_are_off() -> None:
    method = build(STGanPrediction)
    method.prepare_to_score()  # or each look would sharpen the spectral norm
    truth, predicted = torch.rand(2, 3, 1, 32, 32) * 2 - 1

    found = method._map(truth, predicted)

    judged, other = method.discriminator(truth), method.discriminator(predicted)
    off = (judged.second - other.second).abs().mean(dim=1, keepdim=True)
    upsampled = F.interpolate(off, size=(32, 32), mode="bilinear")
    real = 1 / (1 + torch.exp(-judged.pixels))
    torch.testing.assert_close(found, (1 - real) * upsampled)


def test_a_discriminator_that_never_learnt_weighs_nothing() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1, 4, 32, 32), np.uint8)

    alone, plain = (
        build(STGanPrediction, adversarial_weight=0.0, map=map_).errors(frames, {})
        for map_ in (True, False)
    )

    assert torch.equal(alone, plain)


def test_reconstructing_scores_the_last_frame_of_a_window() -> None:
    method = build(STGanReconstruction)
    frames = np.random.default_rng(0).integers(0, 256, (1, 3, 32, 32), np.uint8)

    errors = method.errors(frames, {})

    pixels = method.pixels(frames)
    last = method.slow.decoder(method.slow.codes(pixels)[-1])
    torch.testing.assert_close(errors, (pixels[:, -1:] - last).abs())


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


@pytest.mark.soak
@pytest.mark.parametrize("kind", METHODS)
def test_a_discriminator_learns_to_tell_what_a_resting_generator_makes(kind: type[STGan]) -> None:
    learner = learner_of(build(kind))
    learner.optimisers["generator"].param_groups[0]["lr"] = 0.0

    logged = [learner.step(np.arange(8), Moment(step, 9.0)) for step in range(20)]

    assert logged[-1]["accuracy"].item() == 1
    assert logged[-1]["discriminator"].item() < logged[0]["discriminator"].item() / 2


@pytest.mark.soak
@pytest.mark.parametrize("kind", METHODS)
def test_a_generator_learns_to_look_real_to_a_resting_discriminator(kind: type[STGan]) -> None:
    method = build(kind, reconstruction_weight=0.0)
    learner = learner_of(method)
    learner.optimisers["discriminator"].param_groups[0]["lr"] = 0.0
    windows = learner.windows(learner.train, learner.starts[:8])

    def looks_real() -> float:
        return method.discriminator(learner.make(windows).frames).image.mean().item()

    before = looks_real()
    for step in range(10):
        learner.step(np.arange(8), Moment(step, 9.0))

    assert looks_real() > before


WEIGHTS = {"reconstruction_weight": 7.0, "adversarial_weight": 3.0}


@pytest.mark.parametrize(
    ("kind", "weights"),
    [
        (STGanPrediction, WEIGHTS),
        (STGanReconstruction, WEIGHTS | {"feature_weight": 2.0, "latent_weight": 5.0}),
    ],
)
def test_the_generator_s_loss_is_the_weighted_sum(
    kind: type[STGan], weights: dict[str, float]
) -> None:
    logged = learner_of(build(kind, **weights)).step(np.arange(8), Moment(0, 9.0))

    parts = {"feature_weight": "features"}
    expected = sum(
        weight * logged[parts.get(name, name.removesuffix("_weight"))].item()
        for name, weight in weights.items()
    )
    assert logged["loss"].item() == pytest.approx(expected, rel=1e-5)


def test_without_averaging_the_last_weights_score() -> None:
    method = build(STGanPrediction, ema_decay=0.0)

    learner_of(method).step(np.arange(8), Moment(0, 9.0))

    pairs = zip(method.slow.parameters(), method.generator.parameters(), strict=True)
    assert all(torch.equal(slow, fast) for slow, fast in pairs)


@pytest.mark.parametrize("kind", METHODS)
def test_no_gradient_is_longer_than_it_may_be(kind: type[STGan]) -> None:
    method = build(kind, clip_norm=0.001)

    learner_of(method).step(np.arange(8), Moment(0, 9.0))

    for module in (method.generator, method.discriminator):
        gradients = [each.grad for each in module.parameters() if each.grad is not None]
        assert float(torch.nn.utils.get_total_norm(gradients)) <= 0.00101


def test_windows_may_begin_further_apart() -> None:
    every, third = (
        learner_of(build(STGanPrediction, window_step=step, batch_size=2)) for step in (1, 3)
    )

    assert third.starts.tolist() == every.starts.tolist()[::3]


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


@pytest.mark.parametrize("is_on", [True, False])
@pytest.mark.parametrize("kind", METHODS)
def test_each_stabiliser_is_a_switch(kind: type[STGan], is_on: bool) -> None:
    method = build(kind, attention=is_on, spectral_norm=is_on, ttur=is_on)
    rates = [each.param_groups[0]["lr"] for each in learner_of(method).optimisers.values()]
    layers = list(method.discriminator.modules())

    assert rates[1] == (4 if is_on else 1) * rates[0]
    assert any(isinstance(layer, SelfAttention) for layer in layers) == is_on
    assert any(isinstance(layer, SelfAttention) for layer in method.slow.modules()) == is_on
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert all(is_parametrized(layer, "weight") == is_on for layer in convolutions)


def test_cutmix_comes_in_with_the_epochs() -> None:
    learner = learner_of(build(STGanPrediction, warm_up=2.0))

    at_first = learner.step(np.arange(8), Moment(0, 0.0))
    later = learner.step(np.arange(8), Moment(1, 1.0))

    assert "consistency" not in at_first
    assert "consistency" in later


@pytest.mark.soak
def test_cutmix_augmentation_trains_on_half_of_the_mixes() -> None:
    learner = learner_of(build(
        STGanPrediction, cutmix_augmentation=True, consistency_weight=0.0, warm_up=0.0
    ))  # fmt: skip
    truth = learner.windows(learner.train, learner.starts[:8])[:, -1:]
    judge = learner.method.discriminator
    real, fake = judge(truth), judge(-truth)

    losses = [
        learner._cutmix(truth, -truth, real, fake, Moment(0, 0.0))[0].item()  # type: ignore[attr-defined]
        for _ in range(60)
    ]

    assert 15 < sum(loss > 0 for loss in losses) < 45
    assert min(losses) == 0


def test_a_discriminator_that_always_wins_ends_the_training() -> None:
    learner = learner_of(build(STGanPrediction))

    for step in range(PATIENCE):
        learner._watch(torch.tensor(1.0), step)
    with pytest.raises(Diverged, match="the discriminator told every generated frame apart"):
        learner._watch(torch.tensor(1.0), PATIENCE)


def test_one_image_judged_wrongly_begins_the_count_anew() -> None:
    learner = learner_of(build(STGanPrediction))
    learner.restore({"n_always_right": PATIENCE})

    learner._watch(torch.tensor(31 / 32), step=0)

    assert learner.state() == {"n_always_right": 0}


@pytest.mark.parametrize("kind", METHODS)
def test_the_averaged_generator_is_not_put_into_training_mode(kind: type[STGan]) -> None:
    method = build(kind)

    learner_of(method).set_training()

    assert method.generator.training
    assert method.discriminator.training
    assert not any(part.training for part in method.slow.modules())
