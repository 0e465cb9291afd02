"""What methods over clips begin with: every tensor that is copied, averaged, kept still or new."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ml.methods import ClipMethod
from ml.methods.ts_3dcnn import TS3DCNN
from ml.records import BadInput, VideoRecord
from ml.training.checkpoints import Checkpoint
from ml.verbs.train import _start_from
from tests.ml.methods.clips import Learnt, clip_method, learn, trimmed

STILL = 1e-12  # a rate at which nothing is learnt
NOT_LEARNING = {"learning_rate": STILL, "head_learning_rate": STILL, "weight_decay": 0.0}
Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[VideoRecord]:
    return trimmed(tmp_path_factory.mktemp("videos"), "normal", "fight", "normal", "fall")


@pytest.fixture(scope="module")
def one_stream(videos: list[VideoRecord], tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """OS-3DCNN that has learnt three classes, with norms that have seen something."""
    folder = tmp_path_factory.mktemp("one") / "run"
    return learn("os_3dcnn", videos, folder, classes="labels", epochs=3).last


@pytest.fixture(scope="module")
def two_streams(videos: list[VideoRecord], tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("two") / "run"
    return learn("ts_3dcnn", videos, folder, classes="labels", epochs=2).last


def begun(start: Checkpoint, **changes: Any) -> ClipMethod:
    torch.manual_seed(5)
    method = clip_method("ts_3dcnn", **changes)
    _start_from(start, "ts_3dcnn", method)
    return method


def tensors_of(given: Checkpoint | nn.Module, below: str = "") -> Tensors:
    if isinstance(given, Checkpoint):
        start = f"modules/network/{below}"
        named = given.tensors.items()
    else:
        start, named = below, given.state_dict().items()
    return {name.removeprefix(start): each for name, each in named if name.startswith(start)}


def same(one: Tensors, other: Tensors) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def fresh(part: nn.Module) -> Tensors:
    """A norm that has seen nothing."""
    return nn.BatchNorm3d(part.num_features).state_dict()  # type: ignore[arg-type]


def test_cross_modality_copies_averages_and_leaves(one_stream: Checkpoint) -> None:
    method = begun(one_stream, initialisation="cross_modality")

    theirs = tensors_of(one_stream, "rgb.")
    assert same(tensors_of(method.learnt, "rgb."), theirs)
    second = tensors_of(method.learnt, "second.")
    copied = {key: each for key, each in theirs.items() if not key.startswith(("conv1", "bn1"))}
    assert len(copied) == 2 * (1 + 5)  # conv2, bn2, conv3, bn3
    assert same({key: second[key] for key in copied}, copied)
    mean = theirs["conv1.weight"].mean(0)
    for number in range(len(second["conv1.weight"])):
        assert torch.allclose(second["conv1.weight"][number], mean, atol=1e-7)
    assert same(tensors_of(method.learnt, "second.bn1."), fresh(nn.BatchNorm3d(8)))
    head = tensors_of(one_stream, "head.")
    ours = tensors_of(method.learnt, "head.")
    assert ours["conv4.weight"].shape[1] == 2 * head["conv4.weight"].shape[1]
    assert same(tensors_of(method.learnt, "head.bn4."), fresh(nn.BatchNorm3d(16)))
    assert ours["fc.weight"].shape[0] == 2


def test_cross_modality_in_tsns_reading_averages_channels(one_stream: Checkpoint) -> None:
    method = begun(one_stream, initialisation="cross_modality", first_filters="mean_channels")

    theirs = tensors_of(one_stream, "rgb.")["conv1.weight"]
    ours = tensors_of(method.learnt, "second.")["conv1.weight"]
    for channel in range(3):
        assert torch.allclose(ours[:, channel], theirs.mean(1), atol=1e-7)


def test_one_stream_leaves_the_other_random(one_stream: Checkpoint) -> None:
    method = begun(one_stream, initialisation="one_stream")

    theirs = tensors_of(one_stream, "rgb.")
    assert same(tensors_of(method.learnt, "rgb."), theirs)
    second = tensors_of(method.learnt, "second.")
    for layer in (1, 2, 3):
        assert not torch.allclose(second[f"conv{layer}.weight"], theirs[f"conv{layer}.weight"])
        norm = tensors_of(method.learnt, f"second.bn{layer}.")
        assert same(norm, fresh(nn.BatchNorm3d(8)))
    assert list(method.still_norms()) == []


def test_two_streams_take_all_but_a_last_layer_of_other_classes(
    two_streams: Checkpoint, videos: list[VideoRecord], tmp_path: Path
) -> None:
    learnt = learn(
        "ts_3dcnn", videos, tmp_path / "run", start=two_streams, initialisation="two_stream",
        **NOT_LEARNING,
    )  # fmt: skip

    theirs, ours = tensors_of(two_streams), tensors_of(learnt.method.learnt)
    weights = [key for key in theirs if "bn" not in key and not key.startswith("head.fc")]
    assert len(weights) == 7
    for key in weights:
        assert torch.allclose(ours[key], theirs[key], atol=1e-8), key
    assert theirs["head.fc.weight"].shape == (3, 16)
    assert ours["head.fc.weight"].shape == (2, 16)


def test_a_last_layer_of_as_many_classes_is_kept(
    one_stream: Checkpoint, videos: list[VideoRecord], tmp_path: Path
) -> None:
    learnt = learn(
        "os_3dcnn", videos, tmp_path / "run", start=one_stream, classes="labels", **NOT_LEARNING
    )

    ours, theirs = tensors_of(learnt.method.learnt), tensors_of(one_stream)
    assert torch.allclose(ours["head.fc.weight"], theirs["head.fc.weight"], atol=1e-8)


def moved(before: Tensors, after: Tensors) -> set[str]:
    return {key for key in before if not torch.equal(before[key], after[key])}


STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@pytest.mark.parametrize("frozen", ["statistics", "everything", "none"])
def test_what_is_frozen_stays_and_all_else_learns(
    one_stream: Checkpoint, videos: list[VideoRecord], tmp_path: Path, frozen: str
) -> None:
    changes = {"initialisation": "cross_modality", "frozen_norms": frozen}
    # As the training starts: the same seed for the same new layers.
    before = tensors_of(
        learn("ts_3dcnn", videos, tmp_path / "still", start=one_stream, **changes,
              **NOT_LEARNING).method.learnt
    )  # fmt: skip
    after = tensors_of(
        learn("ts_3dcnn", videos, tmp_path / "run", start=one_stream, **changes).method.learnt
    )
    norms = {key.rpartition(".")[0] for key in after if key.endswith("running_mean")}
    still = norms - {"second.bn1"} if frozen != "none" else set()

    assert len(norms) == 7
    begun_as = tensors_of(begun(one_stream, **changes).learnt)
    for norm in norms:
        kept = {f"{norm}.{name}" for name in STATISTICS}
        assert (not moved({k: begun_as[k] for k in kept}, after)) == (norm in still), norm
        learns = {f"{norm}.weight", f"{norm}.bias"}
        may_learn = norm not in still or frozen == "statistics"
        assert bool(moved({k: begun_as[k] for k in learns}, after)) == may_learn, norm
    convolutions = {key for key in before if "conv" in key or "fc" in key}
    assert moved({key: before[key] for key in convolutions}, after) == convolutions


def test_frozen_norms_stay_frozen_when_the_training_goes_on(
    one_stream: Checkpoint, videos: list[VideoRecord], tmp_path: Path
) -> None:
    """A resumed training is not begun anew, but knows what is still."""
    changes = {"initialisation": "cross_modality", "epochs": 2}
    whole = learn("ts_3dcnn", videos, tmp_path / "whole", start=one_stream, **changes)

    again = learn("ts_3dcnn", videos, tmp_path / "on", resume=whole.last, **changes)

    assert same(tensors_of(whole.last), tensors_of(again.method.learnt))
    assert isinstance(again.method, TS3DCNN)
    assert len(list(again.method.still_norms())) == 6


@pytest.mark.parametrize(
    ("initialisation", "sentence"),
    [
        (
            "none",
            "initialisation: none takes none to begin with, and these are weights of os_3dcnn",
        ),
        (
            "two_stream",
            "two_stream takes those of ts_3dcnn to begin with, and these are weights of",
        ),
    ],
)
def test_weights_of_another_kind_than_the_initialisation_takes_are_refused(
    one_stream: Checkpoint, initialisation: str, sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        begun(one_stream, initialisation=initialisation)


def test_an_initialisation_without_weights_is_refused(
    videos: list[VideoRecord], tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="cross_modality begins with weights that were learnt bef"):
        learn("ts_3dcnn", videos, tmp_path / "run", initialisation="cross_modality")


def test_streams_of_other_widths_are_refused(one_stream: Checkpoint) -> None:
    with pytest.raises(BadInput, match="weights are those of another network: its widths are oth"):
        begun(one_stream, initialisation="cross_modality", widths=(8, 8, 12, 16))


def test_other_methods_are_no_start(one_stream: Checkpoint) -> None:
    with pytest.raises(BadInput, match="Weights of os_3dcnn are none for eco_lite"):
        _start_from(one_stream, "eco_lite", clip_method("eco_lite"))


def actions(videos: list[VideoRecord], folder: Path) -> Learnt:
    """A 3-D ResNet that has learnt three classes of actions."""
    return learn("resnet3d", videos, folder, classes="labels")


def test_a_3d_resnet_gets_a_new_last_layer_for_other_classes(
    videos: list[VideoRecord], tmp_path: Path
) -> None:
    before = actions(videos, tmp_path / "actions").last

    learnt = learn("resnet3d", videos, tmp_path / "run", start=before, **NOT_LEARNING)

    theirs, ours = tensors_of(before), tensors_of(learnt.method.learnt)
    assert (len(theirs["fc.bias"]), len(ours["fc.bias"])) == (3, 2)
    weights = [key for key in theirs if "conv" in key or "downsample.0" in key]
    assert len(weights) == 1 + 16 + 3
    for key in weights:
        assert torch.allclose(ours[key], theirs[key], atol=1e-8), key


@pytest.mark.parametrize(
    ("first", "learning"),
    [("layer4", {"layer4", "fc"}), ("fc", {"fc"}), ("layer1", {"layer1", "layer2", "layer3",
                                                              "layer4", "fc"})],
)  # fmt: skip
def test_what_comes_before_the_first_part_that_learns_stays(
    videos: list[VideoRecord], tmp_path: Path, first: str, learning: set[str]
) -> None:
    before = actions(videos, tmp_path / "actions").last

    learnt = learn(
        "resnet3d", videos, tmp_path / "run", start=before, learns_from=first, classes="labels"
    )

    changed = moved(tensors_of(before), tensors_of(learnt.method.learnt))
    parts = {key.removeprefix("backbone.").partition(".")[0] for key in changed}
    assert parts == learning
