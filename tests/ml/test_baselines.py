"""What is special about frame prediction and the 3-D autoencoder, whose papers give formulas."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ml.data.samples.frames import FrameStore
from ml.methods._one_class import OneClassMethod, WindowLearner
from ml.methods.conv3d_ae import Conv3dAE
from ml.methods.frame_prediction import FramePrediction
from ml.training.learner import Moment

FRAMES = np.random.default_rng(0).integers(0, 256, (24, 32, 32), np.uint8)


def build(kind: type[OneClassMethod], **changes: Any) -> OneClassMethod:
    torch.manual_seed(1)
    return kind(replace(kind.tiny, **changes), torch.device("cpu"))


def learner_of(method: OneClassMethod) -> WindowLearner:
    learner = method._learner(FrameStore(frames=FRAMES, counts=(len(FRAMES),)), None)
    assert isinstance(learner, WindowLearner)
    return learner


def test_a_predicted_frame_scores_its_negative_psnr() -> None:
    method = build(FramePrediction)
    errors = torch.tensor([0.04, 4.0, 0.0]).view(3, 1, 1, 1).expand(3, 1, 32, 32)

    found = method.frame_scores(errors)

    # Of pixels that lie in -1...1, so that the largest difference is 2: 20 dB, 0 dB, a perfect one.
    assert found.flatten().tolist() == pytest.approx([-20, 0, -106.0206], abs=1e-4)


def test_frame_prediction_judges_the_frame_after_the_window() -> None:
    method = build(FramePrediction)
    assert isinstance(method, FramePrediction)
    method.prepare_to_score()
    samples = FRAMES[None, :4]

    errors = method.errors(samples, {})

    pixels = method.pixels(samples)
    expected = (method.network(pixels[:, :3]) - pixels[:, 3:]).square()
    torch.testing.assert_close(errors, expected)


def test_the_adversary_of_frame_prediction_learns_by_least_squares() -> None:
    method = build(FramePrediction)
    assert isinstance(method, FramePrediction)
    learner = learner_of(method)
    learner.optimisers["network"].param_groups[0]["lr"] = 0.0
    learner.optimisers["discriminator"].param_groups[0]["lr"] = 1e-3

    for step in range(20):
        learner.step(np.arange(8), Moment(step, 0.0))

    windows = learner.windows(learner.train, learner.starts[:8])
    real = method.discriminator(windows[:, -1:]).mean().item()
    fake = method.discriminator(method.predict(windows)).mean().item()
    assert real > fake + 0.2


def test_the_loss_of_frame_prediction_is_the_weighted_sum() -> None:
    learner = learner_of(build(FramePrediction, gradient_weight=2.0, adversarial_weight=3.0))

    logged = {name: each.item() for name, each in learner.step(np.arange(8), Moment(0, 0)).items()}

    expected = logged["intensity"] + 2 * logged["gradient"] + 3 * logged["adversarial"]
    assert logged["loss"] == pytest.approx(expected, rel=1e-5)


def test_the_3d_autoencoder_judges_every_pixel_of_a_clip_by_its_squared_error() -> None:
    method = build(Conv3dAE)
    assert isinstance(method, Conv3dAE)
    method.prepare_to_score()
    clips = FRAMES[None, : method.frames_per_sample]

    errors = method.errors(clips, {})

    pixels = method.pixels(clips)
    torch.testing.assert_close(errors, (method.reconstruct(pixels) - pixels).square())
