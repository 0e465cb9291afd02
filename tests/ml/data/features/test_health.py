"""What is told of features by their numbers alone, and against those of known extractors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ml.data.features import read_array
from ml.data.features.health import Health
from ml.data.features.references import reference_for

FOLDER = Path("weak/one-video-many-extractors")
TEN_CROPS = Path("weak/i3d-r50-10crop/01_002.npy")


def health_of(*files: NDArray[Any]) -> Health:
    health = Health()
    for number, rows in enumerate(files):
        health.add(rows, f"{number}.npy")
    return health


def told(health: Health, extractor: str = "") -> dict[str, str]:
    return {finding.subject: finding.text for finding in health.findings(extractor)}


def of_norm(norm: float, *, dimension: int = 2048, n_rows: int = 40) -> NDArray[Any]:
    """Rows without negative numbers, of about that norm."""
    rows = np.random.default_rng(0).random((n_rows, 1, dimension))
    sizes = norm * np.random.default_rng(1).uniform(0.8, 1.2, (n_rows, 1, 1))
    return rows / np.linalg.norm(rows, axis=2, keepdims=True) * sizes


REAL = [
    ("i3d_rgb_stack64_step64", "I3D RGB", 9.5),
    ("i3d_rgb_stack24_step24_at25fps", "I3D RGB", 13.1),
    ("i3d_flow_raft_stack64_step64", "I3D, RAFT flow", 7.5),
    ("r2plus1d18_16f", "R(2+1)D-18", 21.6),
    ("r2plus1d34_32f", "r2plus1d", 21.1),
    ("r2plus1d34_8f", "r21d", 20.4),
    ("resnet101_1fps", "ResNet-101", 34.9),
    ("clip_vitb32_5fps", "CLIP ViT-B/32", 10.3),
    ("vggish", "VGGish", 3.6),
]


@pytest.mark.parametrize(("name", "extractor", "norm"), REAL)
def test_real_features_are_as_their_extractors_are(
    shared_data: Path, name: str, extractor: str, norm: float
) -> None:
    rows = read_array(shared_data / FOLDER / f"{name}.npy")
    health = health_of(rows)

    assert reference_for(extractor, rows.shape[2]) is not None
    assert health.to_json()["mean_norm"] == pytest.approx(norm, abs=0.06)
    assert set(told(health, extractor)) <= {"dead dimensions"}  # 37 of VGGish's 128


def test_the_dead_numbers_of_a_real_file_are_counted(shared_data: Path) -> None:
    health = health_of(read_array(shared_data / FOLDER / "vggish.npy"))

    assert health.to_json()["n_dead_dimensions"] == 37


def test_a_real_file_normalised_over_each_batch_is_called_too_small(shared_data: Path) -> None:
    rows = read_array(shared_data / TEN_CROPS)

    found = told(health_of(rows), "I3D-ResNet50")

    assert found["norms"] == (
        "The rows are too small: their mean norm is 0.256, and I3D-ResNet50 gives about 13 to 35 "
        "(no file measured: between I3D and ResNet-101). Likely cause: they were normalised over "
        "each batch of rows."
    )
    assert "normalised over each batch" in found["normalisation"]


def test_batches_that_are_normalised_are_known_by_their_squares() -> None:
    rows = of_norm(20, n_rows=30)
    batches = [rows[:15], rows[15:]]
    normalised = np.concatenate([batch / np.linalg.norm(batch) for batch in batches])

    assert "normalisation" in told(health_of(normalised.astype(np.float32)))
    assert "normalisation" not in told(health_of(normalised.astype(np.float32), rows))


@pytest.mark.parametrize("norm", [0.5, 1.0])
def test_rows_that_are_normalised_one_by_one_are_no_batches(norm: float) -> None:
    rows = of_norm(1)
    rows *= norm / np.linalg.norm(rows, axis=2, keepdims=True)

    found = told(health_of(rows), "I3D-R50")

    assert "normalisation" not in found
    assert found["norms"].endswith("Likely cause: each row was normalised.")


def test_a_row_of_one_among_zeros_is_no_batch() -> None:
    rows = np.zeros((3, 1, 4))
    rows[1, 0, 2] = 1

    assert "normalisation" not in told(health_of(rows))


def test_rows_that_are_too_large() -> None:
    text = told(health_of(of_norm(200)), "i3d resnet-50")["norms"]

    assert text.startswith("The rows are too large: their mean norm is ")


def test_c3d_rows_have_a_norm_of_one() -> None:
    rows = of_norm(1, dimension=4096)

    assert "norms" not in told(health_of(rows / np.linalg.norm(rows, axis=2, keepdims=True)), "C3D")
    assert "gives 1 for each" in told(health_of(rows * 60), "C3D")["norms"]


def test_numbers_after_a_relu_are_not_negative() -> None:
    text = told(health_of(of_norm(20) - 0.1), "I3D-ResNet50")["signs"]

    assert "of the numbers are negative, and I3D-ResNet50 gives none" in text


def test_numbers_of_clip_have_both_signs() -> None:
    rows = of_norm(10, dimension=512)

    assert "Not one number is negative" in told(health_of(rows), "clip")["signs"]


@pytest.mark.parametrize(
    ("extractor", "dimension", "title"),
    [
        ("I3D-ResNet50, Kinetics-400", 2048, "I3D-ResNet50"),
        ("I3D R50", 2048, "I3D-ResNet50"),
        ("ResNet50-I3D", 2048, "I3D-ResNet50"),
        ("I3D (rgb_imagenet)", 1024, "I3D on RGB"),
        ("I3D flow", 1024, "I3D on flow"),
        ("R(2+1)D-34", 512, "R(2+1)D"),
        ("CLIP ViT-B/32", 512, "CLIP ViT-B/32"),
        ("ResNet-101", 2048, "ResNet-101"),
        ("I3D, resized to 256", 1024, "I3D on RGB"),
    ],
)
def test_extractors_are_known_by_what_people_call_them(
    extractor: str, dimension: int, title: str
) -> None:
    found = reference_for(extractor, dimension)

    assert found is not None
    assert found.title == title


@pytest.mark.parametrize(("extractor", "dimension"), [
    ("I3D", 4096), ("my own", 2048), ("", 128), ("X3D, clips of 16 frames", 512),
    ("I3D, resized, RGB and flow", 2048),
])  # fmt: skip
def test_of_others_nothing_is_expected(extractor: str, dimension: int) -> None:
    assert reference_for(extractor, dimension) is None


def test_what_was_gathered_apart_is_the_same_together() -> None:
    """Made of parts that went through JSON, as shards send them."""
    generator = np.random.default_rng(3)
    parts = [generator.normal(size=(n, 2, 9)).astype(np.float32) for n in (3, 300, 7)]
    parts[0][:, :, 4] = parts[1][:, :, 4] = parts[2][:, :, 4] = 0
    whole, states = Health(), []
    for number, rows in enumerate(parts):
        whole.add(rows, str(number))
        part = Health()
        part.add(rows, str(number))
        states.append(json.loads(json.dumps(part.to_state())))

    merged = Health.merged(states)

    assert merged.to_json() == whole.to_json()
    norms = np.concatenate([np.linalg.norm(rows, axis=2).ravel() for rows in parts])
    assert merged.to_json()["mean_norm"] == pytest.approx(norms.mean(), rel=1e-6)
    assert merged.to_json()["n_dead_dimensions"] == 1
    assert list(merged.is_alive).index(False) == 4
    assert Health.merged([]).to_json() == Health().to_json()
