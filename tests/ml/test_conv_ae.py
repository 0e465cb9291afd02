from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ml.data.samples.frames import FrameStore
from ml.data.video.decode import decode
from ml.methods import conv_ae
from ml.methods._one_class import WindowLearner
from ml.methods.conv_ae import Autoencoder, ConvAE, ConvAEConfig
from ml.records import BadInput, VideoRecord
from ml.registry import parse_config
from ml.training.seeding import seed_everything
from tests import toys


def method(**fields: Any) -> ConvAE:
    seed_everything(1)
    small: dict[str, Any] = {"window": 4, "input_size": 32, "channels": (8, 8, 4)}
    return ConvAE(ConvAEConfig(**small | fields), torch.device("cpu"))


def windows(*, n: int = 3, size: int = 32) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (n, 4, size, size), dtype=np.uint8)


def test_config_has_the_papers_values() -> None:
    config = ConvAEConfig()

    assert (config.window, config.input_size, config.channels) == (10, 227, (512, 256, 128))
    assert (config.optimiser, config.strides, config.patch_size) == ("adagrad", (1, 2, 3), 0)
    assert config.precision == "float32"


@pytest.mark.parametrize(
    "fields", [{"strides": [1, 0]}, {"strides": [-1]}, {"channels": [8, 0, 4]}, {"strides": []}]
)
def test_config_refuses_what_cannot_be_learnt_with(fields: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match=next(iter(fields))):
        parse_config(ConvAE, fields)


def test_autoencoder_layers_are_the_papers() -> None:
    network = Autoencoder(ConvAEConfig())

    shapes = {name: tuple(value.shape) for name, value in network.named_parameters()}
    assert shapes["encode1.weight"] == (512, 10, 11, 11)
    assert shapes["encode2.weight"] == (256, 512, 5, 5)
    assert shapes["encode3.weight"] == (128, 256, 3, 3)
    assert shapes["decode1.weight"] == (512, 10, 11, 11)


@pytest.mark.parametrize("unpooling", ["switches", "nearest"])
@pytest.mark.parametrize("size", [16, 17, 18, 19, 31, 64, 227])
def test_autoencoder_gives_back_the_size_it_got(size: int, unpooling: str) -> None:
    config = ConvAEConfig(
        window=2,
        input_size=size,
        channels=(2, 2, 2),
        unpooling=unpooling,  # type: ignore[arg-type]
    )
    network = Autoencoder(config)

    assert network(torch.rand(1, 2, size, size)).shape == (1, 2, size, size)


def test_autoencoder_takes_frames_that_are_not_square() -> None:
    network = Autoencoder(ConvAEConfig(window=2, channels=(2, 2, 2)))

    assert network(torch.rand(1, 2, 50, 83)).shape == (1, 2, 50, 83)


def test_pixels_are_less_the_mean_frame_of_training() -> None:
    learnt = method()
    learnt.network.mean_frame.fill_(0.5)

    inputs = learnt.pixels(np.full((1, 4, 32, 32), 255, np.uint8))

    assert torch.all(inputs == 0.5)


@pytest.mark.parametrize("pixel_error", ["absolute", "squared"])
def test_score_is_the_mean_error_over_windows_and_pixels(tmp_path: Path, pixel_error: str) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 5)
    learnt = method(pixel_error=pixel_error, batch_size=1)
    video = VideoRecord(id="vid_1", path=str(path), n_frames=5)

    scores = learnt.score(video)

    frames = np.stack(list(decode(video, size=(32, 32), grey=True)))
    inputs = learnt.pixels(np.stack([frames[:4], frames[1:]]))
    errors = (learnt.reconstruct(inputs) - inputs).detach().numpy()
    pixels = np.square(errors) if pixel_error == "squared" else np.abs(errors)
    first, second = pixels.mean(axis=(2, 3))
    expected = [first[0], *(first[1:] + second[:3]) / 2, second[3]]
    assert scores.values == pytest.approx(expected, rel=1e-5)


def test_score_by_patch_is_the_worst_patch() -> None:
    whole, by_patch = method(), method(patch_size=8)
    one_bad_corner = np.zeros((1, 4, 32, 32), np.uint8)
    one_bad_corner[:, :, :8, :8] = 255

    with torch.inference_mode():
        mean, worst = (
            each.frame_scores(each.errors(one_bad_corner, {})) for each in (whole, by_patch)
        )

    assert worst.min() > mean.max()


def test_score_of_a_video_shorter_than_a_window_is_empty(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 3)

    assert len(method().score(VideoRecord(id="vid_1", path=str(path))).values) == 0


def test_learns_from_windows_of_all_strides() -> None:
    frames = np.zeros((9, 32, 32), np.uint8)
    learnt = method(window=3, strides=(1, 2))

    learner = learnt._learner(FrameStore(frames=frames, counts=(5, 4)), None)

    assert isinstance(learner, WindowLearner)
    assert list(zip(learner.starts.tolist(), learner.strides.tolist(), strict=True)) == [
        (0, 1), (1, 1), (2, 1), (5, 1), (6, 1), (0, 2),
    ]  # fmt: skip


def test_mean_frame_is_exact_over_chunks() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (1000, 4, 5), dtype=np.uint8)

    mean = conv_ae.mean_frame(frames, chunk=7)

    assert np.array_equal(mean, (frames.astype(np.float64).mean(axis=0) / 255).astype(np.float32))
