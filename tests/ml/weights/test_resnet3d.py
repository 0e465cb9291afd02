"""Files of the 3D-ResNets project: recognised, loaded to the last tensor, and refused."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from ml.cli.methods import _start
from ml.methods import restore
from ml.models.backbones.resnet3d import DEPTHS, Depth, ResNet3D, dimension_of
from ml.models.backbones.split_resnet3d import SplitResNet3D
from ml.records import BadInput
from ml.registry import get_method, parse_config
from ml.training import checkpoints
from ml.verbs.import_weights import checkpoint_of
from ml.weights import import_weights
from ml.weights.files import read_weights
from ml.weights.networks import COUNTERS


def published(
    depth: Depth = 18, n_classes: int = 700, *, is_split: bool = False, projects: bool = True
) -> dict[str, Tensor]:
    """A state dict by their names, of the full size, that takes next to no room.

    Every number of a tensor is the same one.
    """
    with torch.device("meta"):
        network = (SplitResNet3D if is_split else ResNet3D)(depth, projects=projects)
    shapes = {name: tuple(each.shape) for name, each in network.state_dict().items()}
    shapes |= {"fc.weight": (n_classes, dimension_of(depth)), "fc.bias": (n_classes,)}
    return {
        name: torch.tensor(0 if name.endswith(COUNTERS) else 0.5 + n / 1000).expand(shape)
        for n, (name, shape) in enumerate(shapes.items())
    }


def saved(tmp_path: Path, weights: dict[str, Tensor], **beside: Any) -> Path:
    """As their code saves it, from several GPUs."""
    path = tmp_path / "r3d18_K_200ep.pth"
    state = {f"module.{name}": each for name, each in weights.items()}
    torch.save({"epoch": 200, "arch": "resnet-18", "state_dict": state, **beside}, path)
    return path


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("is_split", [False, True])
@pytest.mark.parametrize("projects", [False, True])
def test_depth_architecture_and_shortcut_follow_from_names(
    depth: Depth, is_split: bool, projects: bool
) -> None:
    weights = published(depth, is_split=is_split, projects=projects)

    imported = import_weights(weights, name="a.pth")

    assert imported.method == "resnet3d"
    assert imported.config == {
        "architecture": "r2plus1d" if is_split else "r3d",
        "depth": depth,
        "shortcut": "B" if projects else "A",
    }


@pytest.mark.parametrize(
    ("n_classes", "told"),
    [
        (700, "as many as Kinetics-700 have"),
        (339, "Moments in Time"),
        (100, "STAIR Actions"),
        (1039, "Kinetics-700 and Moments in Time"),
        (800, "Kinetics-700 and STAIR Actions"),
        (439, "Moments in Time and STAIR Actions"),
        (1139, "Kinetics-700 and Moments in Time and STAIR Actions"),
        (51, "of a data set that the project does not name"),
    ],
)
def test_what_it_has_learnt_from_follows_from_its_classes(n_classes: int, told: str) -> None:
    [note] = import_weights(published(n_classes=n_classes), name="a.pth").notes

    assert f"tells {n_classes:,} classes apart" in note
    assert told in note


def test_a_file_is_loaded_to_the_last_tensor(tmp_path: Path) -> None:
    weights = published()
    path = saved(tmp_path, weights, optimizer={"state": {}, "param_groups": []})

    checkpoint = checkpoint_of(import_weights(read_weights(path), name=path.name), {})

    kind = get_method("resnet3d")
    method = kind(parse_config(kind, checkpoint.config), torch.device("cpu"))
    restore(method, checkpoint)
    learnt = method.modules["network"].state_dict()
    assert len(learnt) == len(weights) == 122
    for name, each in weights.items():
        ours = name if name.startswith("fc.") else f"backbone.{name}"
        assert torch.equal(learnt[ours], each), name


def test_older_files_without_counters_are_taken() -> None:
    weights = {
        name: each
        for name, each in published(projects=False, n_classes=400).items()
        if not name.endswith(COUNTERS)
    }

    checkpoint = checkpoint_of(import_weights(weights, name="old.pth"), {})

    assert checkpoint.config["shortcut"] == "A"
    assert int(checkpoint.tensors["modules/network/backbone.bn1.num_batches_tracked"]) == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"fc.bias": torch.zeros(339)}, "it misshapes 1 tensor .fc.weight"),
        ({"fc.weight": torch.zeros(700, 2048)}, "it misshapes 1 tensor .fc.weight"),
        ({"conv1.weight": torch.zeros(64, 3, 3, 7, 7)}, "it misshapes 1 tensor .backbone.conv1"),
        ({"bn1.bias": torch.full((64,), torch.nan)}, "not finite, in backbone.bn1.bias"),
        (
            {"fc.bias": torch.zeros(1), "fc.weight": torch.zeros(1, 512)},
            "tells no classes apart: it has a single output",
        ),
    ],
)
def test_tensors_that_do_not_fit_are_named(changes: dict[str, Tensor], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        import_weights(published() | changes, name="a.pth")


def test_other_names_are_told_against_the_nearest_layout() -> None:
    weights = published()
    weights["layer1.0.extra.weight"] = weights.pop("layer1.0.conv1.weight")

    sentence = (
        r"against 3D ResNets of their project, the nearest, it lacks 1 \(layer1.0.conv1.weight\) "
        r"and has the unknown 1 \(layer1.0.extra.weight\)"
    )
    with pytest.raises(BadInput, match=sentence):
        import_weights(weights, name="a.pth", method="resnet3d")


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, published())
    path.write_bytes(path.read_bytes()[:-500])

    with pytest.raises(BadInput, match=r"r3d18_K_200ep\.pth is cut off or no file of weights"):
        read_weights(path)


def test_a_pickled_module_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "whole.pth"
    torch.save(torch.nn.Linear(2, 2), path)

    with pytest.raises(BadInput, match="such as a whole pickled network"):
        read_weights(path)


def test_a_shell_may_begin_with_such_a_file(tmp_path: Path) -> None:
    """As it may with a checkpoint of ours."""
    path, scratch = saved(tmp_path, published()), tmp_path / "scratch"
    scratch.mkdir()
    options = Namespace(start_from=path, method="resnet3d")

    pair = _start(options, scratch)

    assert pair is not None
    checkpoint = checkpoints.load(Path(pair["weights"]), Path(pair["state"]))
    assert (checkpoint.method, checkpoint.config["depth"]) == ("resnet3d", 18)
    assert _start(Namespace(start_from=None), scratch) is None
    state = Path(pair["state"])
    assert _start(Namespace(start_from=state, method="resnet3d"), scratch) == pair
