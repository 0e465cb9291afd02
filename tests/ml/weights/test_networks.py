"""Files of weights for whole networks: which are taken, and what is said of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ml.records import BadInput
from ml.weights.networks import load_into

State = dict[str, Any]


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv3d(3, 4, 1, bias=False), nn.BatchNorm3d(4))


def state() -> dict[str, Tensor]:
    torch.manual_seed(1)
    return {name: torch.rand(each.shape) for name, each in network().state_dict().items()}


def saved(path: Path, value: State) -> Path:
    torch.save(value, path)
    return path


def taken(path: Path, **told: Any) -> dict[str, Tensor]:
    filled = network()
    load_into(filled, path, **told)
    return filled.state_dict()


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda tensors: tensors,
        lambda tensors: {"epoch": 3, "arch": "x", "state_dict": tensors},
        lambda tensors: {f"module.{name}": each for name, each in tensors.items()},
    ],
    ids=["plain", "beside other things", "of several devices"],
)
def test_weights_are_found_in_what_wraps_them(tmp_path: Path, wrapped: Any) -> None:
    found = taken(saved(tmp_path / "w.pth", wrapped(state())))

    for name, each in state().items():
        assert name.endswith("num_batches_tracked") or torch.equal(found[name], each)


def test_safetensors_give_the_same(tmp_path: Path) -> None:
    save_file(state(), tmp_path / "w.safetensors")

    assert torch.equal(taken(tmp_path / "w.safetensors")["0.weight"], state()["0.weight"])


def test_a_classifier_may_be_there_and_counters_may_not(tmp_path: Path) -> None:
    tensors: State = {name: each for name, each in state().items() if "num_batches" not in name}
    path = saved(
        tmp_path / "w.pth", tensors | {"fc.weight": torch.ones(2), "fc.bias": torch.ones(1)}
    )

    assert torch.equal(taken(path, unread=("fc.",))["1.bias"], tensors["1.bias"])
    with pytest.raises(BadInput, match=r"it has the unknown 2 tensors \(fc\.bias, fc\.weight\)$"):
        taken(path)


def test_names_are_brought_to_ours(tmp_path: Path) -> None:
    path = saved(tmp_path / "w.pth", {f"net_{name}": each for name, each in state().items()})

    found = taken(path, renamed=lambda name: name.removeprefix("net_"))

    assert torch.equal(found["0.weight"], state()["0.weight"])


def test_all_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    tensors: State = state() | {"more": torch.ones(1), "1.weight": torch.ones(5)}
    del tensors["0.weight"], tensors["1.bias"]

    with pytest.raises(BadInput) as caught:
        taken(saved(tmp_path / "w.pth", tensors))

    assert str(caught.value) == (
        "w.pth is of another network: it lacks 2 tensors (0.weight, 1.bias) and has the unknown 1 "
        "tensor (more) and misshapes 1 tensor (1.weight)"
    )


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    tensors: State = state()
    tensors["1.weight"][2] = torch.nan

    with pytest.raises(BadInput, match=r"w\.pth holds numbers that are not finite, in 1\.weight"):
        taken(saved(tmp_path / "w.pth", tensors))


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_cut_off_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"w{suffix}"
    if suffix == ".pth":
        saved(path, state())
    else:
        save_file(state(), path)
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(BadInput, match=r"is cut off|is not a whole safetensors file"):
        taken(path)


def test_a_pickled_network_is_not_opened(tmp_path: Path) -> None:
    torch.save(network(), tmp_path / "w.pt")

    with pytest.raises(BadInput, match="could run any code"):
        taken(tmp_path / "w.pt")
