"""Sultani's weights in MATLAB's format, made here by the rule of the code that saves them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import torch
from numpy.typing import NDArray

from ml.methods import restore
from ml.methods.sultani_mil import SultaniMIL
from ml.records import BadInput
from ml.verbs.import_weights import checkpoint_of
from ml.weights import Imported, import_weights
from ml.weights.files import read_weights
from tests.ml.models.by_hand import relu, sigmoid

Array = NDArray[np.float32]
RNG = np.random.default_rng(3)
DIMENSION = 12


def layer(n_in: int, n_out: int) -> list[Array]:
    """As `get_weights` of a Keras layer gives it: (in, out) and (out,)."""
    return [RNG.normal(size=shape).astype(np.float32) for shape in ((n_in, n_out), (n_out,))]


LAYERS = {0: layer(DIMENSION, 512), 2: layer(512, 32), 4: layer(32, 1)}


def save(path: Path, changes: dict[str, Any] | None = None, **options: Any) -> Path:
    """A cell of arrays for each linear layer, an empty one for each dropout."""
    held: dict[str, Any] = {"1": [], "3": []}
    for number, arrays in LAYERS.items():
        held[str(number)] = np.empty(2, object)
        held[str(number)][:] = arrays
    scipy.io.savemat(path, held | (changes or {}), **options)
    return path


def imported(path: Path, method: str = "") -> Imported:
    return import_weights(read_weights(path), name=path.name, method=method)


@pytest.mark.parametrize("is_packed", [True, False])
def test_the_network_scores_as_keras_would(tmp_path: Path, is_packed: bool) -> None:
    path = save(tmp_path / "weights_L1L2.mat", do_compression=is_packed)
    rows = np.abs(RNG.normal(size=(40, 1, DIMENSION))).astype(np.float32)

    made = checkpoint_of(imported(path), {"segments": 5})
    method = SultaniMIL(SultaniMIL.Config(**made.config), torch.device("cpu"))
    restore(method, made)
    method.learnt.eval()
    with torch.inference_mode():
        found = method.segment_scores(rows)

    for first, end in ((0, 8), (8, 16)):  # the bounds of round(linspace(1, 40, 6))
        mean = rows[first:end, 0].mean(0, dtype=np.float64)
        hidden = mean / np.linalg.norm(mean)
        for number, (weights, biases) in LAYERS.items():
            hidden = hidden @ weights + biases
            hidden = relu(hidden) if number == 0 else hidden
        assert np.allclose(found[first:end], sigmoid(hidden)[0], atol=1e-5)


def test_it_is_found_by_its_cells_and_says_what_was_done(tmp_path: Path) -> None:
    found = imported(save(tmp_path / "a.mat"))

    assert (found.method, found.config) == ("sultani_mil", {})
    assert found.notes == ("Weights (in, out) turned to (out, in)",)
    assert {name: tuple(each.shape) for name, each in found.tensors.items()} == {
        "0.weight": (512, DIMENSION), "0.bias": (512,), "3.weight": (32, 512), "3.bias": (32,),
        "5.weight": (1, 32), "5.bias": (1,),
    }  # fmt: skip


def cell(*arrays: Array) -> Any:
    held = np.empty(len(arrays), object)
    held[:] = arrays
    return held


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"0": cell(LAYERS[0][0].T, LAYERS[0][1])},
            "Layer 0 holds an array of 512 × 12 where 512 × 512",
        ),
        ({"2": cell(*layer(512, 64))}, "Layer 2 holds an array of 512 × 64 where 512 × 32"),
        ({"4": cell(*layer(64, 1))}, "Layer 4 holds an array of 64 × 1 where 32 × 1"),
        ({"4": cell(LAYERS[4][0], LAYERS[0][1])}, "Layer 4 holds an array of 1 × 512 where 1 × 1"),
        ({"4": []}, r"it lacks 2 \(4\.0, 4\.1\)"),
        ({"6": cell(*layer(1, 1))}, r"it has the unknown 2 \(6\.0, 6\.1\)"),
        ({"0": cell(LAYERS[0][0])}, r"it lacks 1 \(0\.1\)"),
        ({"0": "a text"}, "holds more than numbers: '0' is none"),
    ],
)
def test_another_network_is_refused(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        imported(save(tmp_path / "a.mat", changes), "sultani_mil")


@pytest.mark.parametrize("kept", [0, 1, 127, 128, 4000])
def test_a_cut_off_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = save(tmp_path / "a.mat")
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(BadInput):
        imported(path, "sultani_mil")


def test_a_file_that_is_not_there_or_of_another_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a\.mat cannot be read: No such file"):
        read_weights(tmp_path / "a.mat")
    (tmp_path / "a.mat").write_bytes(
        b"MATLAB 7.3 MAT-file" + bytes(105) + b"\x00\x02IM" + bytes(99)
    )
    with pytest.raises(BadInput, match=r"is of MATLAB 7\.3"):
        read_weights(tmp_path / "a.mat")
