"""Published weights: what is recognised, what follows from them, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from torch import nn

from ml.methods import WeakMethod, restore
from ml.methods.video_classifier import VideoClassifier
from ml.models.multiscale_temporal import MagnitudeClassifier
from ml.records import BadInput
from ml.registry import get_method, parse_config
from ml.training.checkpoints import Checkpoint
from ml.verbs.import_weights import checkpoint_of
from ml.weights import LAYOUTS, import_weights
from ml.weights.files import read_weights
from ml.weights.video_classifier import VideoClassifierLayout
from tests.ml.models.by_hand import sigmoid, softmax

AUTHORS = "SelfAttention-da64-r3-T32-seed9111.pth"


@pytest.fixture
def published(shared_data: Path) -> Path:
    return shared_data / "weak" / "video-classifier" / AUTHORS


@pytest.fixture
def rows(shared_data: Path) -> Any:
    return np.load(shared_data / "weak" / "i3d-r50-10crop" / "01_002.npy")


def checkpoint(path: Path, **config: Any) -> Checkpoint:
    return checkpoint_of(import_weights(read_weights(path), name=path.name), config)


def restored(made: Checkpoint) -> VideoClassifier:
    kind = get_method(made.method)
    method = kind(parse_config(kind, made.config), torch.device("cpu"))
    restore(method, made)
    assert isinstance(method, VideoClassifier)
    method.learnt.eval()
    return method


def scores(path: Path, rows: Any, **config: Any) -> Any:
    with torch.inference_mode():
        return restored(checkpoint(path, **config)).segment_scores(rows)


def test_scores_of_the_authors_own_weights(published: Path, rows: Any) -> None:
    """The values that their own code gives."""
    assert np.allclose(
        scores(published, rows, split_size=28), [0.494433] * 28 + [0.498140] * 2, atol=1e-6
    )
    assert np.allclose(scores(published, rows, split_size=32), 0.494680, atol=1e-6)
    assert np.allclose(scores(published, rows[:, :1]), 0.499541, atol=1e-6)


def test_scores_of_the_authors_own_weights_on_made_up_bags(published: Path) -> None:
    for value, score in ((0.0, 0.504825), (0.5, 0.979054)):
        rows = np.full((32, 1, 2048), value, np.float32)
        assert np.allclose(scores(published, rows), score, atol=1e-6)


def test_config_follows_from_shapes(published: Path) -> None:
    made = checkpoint(published)

    assert (made.config["attention_width"], made.config["hops"]) == (64, 3)
    assert made.config["layers"] == "attention"
    assert sum(each.numel() for each in made.tensors.values()) == 328_004


def test_config_that_the_weights_rule_out_is_refused(published: Path) -> None:
    with pytest.raises(BadInput, match=r"hops: the weights are of a network with 3 .given: 5"):
        checkpoint(published, hops=5)


def test_an_unknown_layout_is_refused_by_its_names(shared_data: Path) -> None:
    path = shared_data / "weak" / "unknown-layout" / "stead_888tiny.pkl"

    with pytest.raises(BadInput, match="71 tensors in a layout that is not known here") as refused:
        import_weights(read_weights(path), name=path.name, method="video_classifier")

    assert "it lacks 8 (fc1.bias" in str(refused.value)
    assert "has the unknown 71 (" in str(refused.value)


def test_weights_of_another_method_are_refused(published: Path) -> None:
    with pytest.raises(BadInput, match=r"holds weights of video_classifier .*, not of rtfm"):
        import_weights(read_weights(published), name="x", method="rtfm")


def test_a_method_without_a_published_layout(published: Path) -> None:
    weights = {"other": torch.zeros(1)}

    with pytest.raises(BadInput, match="no published layout of conv_ae is known"):
        import_weights(weights, name="x", method="conv_ae")


def test_a_truncated_file_is_refused(shared_data: Path) -> None:
    with pytest.raises(BadInput, match="is cut off or no file of weights"):
        read_weights(shared_data / "bad-files" / "truncated_checkpoint.pth")


def test_shapes_that_do_not_fit_each_other_are_refused(published: Path) -> None:
    weights = read_weights(published)
    weights["fc1.weight"] = weights["fc1.weight"][:, :-1]

    with pytest.raises(BadInput, match=r"fc1 has 6143 columns, where 3 hops .* have 6144"):
        import_weights(weights, name="x")


def test_a_misshapen_tensor_is_named(published: Path) -> None:
    weights = read_weights(published)
    weights["fc2.bias"] = torch.zeros(2)

    with pytest.raises(BadInput, match=r"another shape of 1 tensors of the network.*fc2.bias"):
        checkpoint_of(import_weights(weights, name="x"), {})


def test_a_whole_pickled_network_is_not_loaded(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "a.pt")

    with pytest.raises(BadInput, match=r"Python objects besides tensors.*state_dict"):
        read_weights(tmp_path / "a.pt")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    for name, value in (("list", [1, 2]), ("empty", {}), ("numbers", {"a": 1})):
        torch.save(value, tmp_path / f"{name}.pt")
        with pytest.raises(BadInput, match=f"{name}.pt holds"):
            read_weights(tmp_path / f"{name}.pt")
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(BadInput, match=r"text\.pth"):
        read_weights(tmp_path / "text.pth")
    with pytest.raises(BadInput, match="cannot be read"):
        read_weights(tmp_path / "missing.pth")


def test_what_wraps_weights_is_taken_off(tmp_path: Path) -> None:
    weights = {"module.a": torch.ones(2), "module.b": torch.zeros(1)}
    torch.save({"epoch": 3, "state_dict": weights}, tmp_path / "a.pth")

    assert sorted(read_weights(tmp_path / "a.pth")) == ["a", "b"]


def test_weights_come_from_safetensors_too(published: Path, tmp_path: Path, rows: Any) -> None:
    path = tmp_path / "same.safetensors"
    safetensors.torch.save_file(read_weights(published), path)

    assert np.array_equal(scores(path, rows), scores(published, rows))
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(BadInput, match="not a whole safetensors file"):
        read_weights(path)


def test_rtfm_of_its_authors() -> None:
    network = MagnitudeClassifier(16, dropout=0.7)
    published = {
        name.replace("aggregate.", "Aggregate."): each
        for name, each in network.state_dict().items()
    }

    made = checkpoint_of(import_weights(published, name="rtfm.pkl"), {})

    assert made.method == "rtfm"
    assert all(
        torch.equal(made.tensors[f"modules/network/{name}"], each)
        for name, each in network.state_dict().items()
    )


# As their code names tensors, with the shapes that its log of UCF-Crime and its classes give.
PEL4VAD = {
    "logit_scale": (),
    "self_attention.self_attn.alpha": (),
    **{f"self_attention.self_attn.{name}.weight": (128, 1024) for name in "qkv"},
    **{f"self_attention.self_attn.{name}.bias": (128,) for name in "qkv"},
    "self_attention.self_attn.o.weight": (1024, 128),
    "self_attention.self_attn.o.bias": (1024,),
    "self_attention.linear1.weight": (512, 1024, 1),
    "self_attention.linear1.bias": (512,),
    "self_attention.linear2.weight": (300, 512, 1),
    "self_attention.linear2.bias": (300,),
    "self_attention.norm.weight": (1024,),
    "self_attention.norm.bias": (1024,),
    "self_attention.loc_adj.w": (1,),
    "self_attention.loc_adj.b": (1,),
    "classifier.weight": (1, 300, 9),
    "classifier.bias": (1,),
}


def pel4vad(*, causal: int = 9, scale: float = 2.4, width: int = 1024) -> dict[str, torch.Tensor]:
    """A file of theirs, filled at random, for features of `width` numbers."""
    random = torch.Generator().manual_seed(0)
    wide = {1024: width, 512: width // 2}
    weights = {
        name: torch.rand([wide.get(side, side) for side in shape], generator=random) / 10 - 0.05
        for name, shape in PEL4VAD.items()
    }
    weights["logit_scale"] = torch.tensor(scale)
    weights["classifier.weight"] = weights["classifier.weight"][..., :causal]
    return weights


def test_pel4vad_has_as_many_numbers_as_its_log_tells() -> None:
    """1.2091M of UCF-Crime, 1.2073M of the others."""
    for causal, expected in ((9, 1.2091), (3, 1.2073)):
        n_numbers = sum(each.numel() for each in pel4vad(causal=causal).values())
        assert round(n_numbers / 1000**2, 4) == expected


@pytest.mark.parametrize(
    ("causal", "scale", "expected", "note"),
    [
        (9, 2.1, {"window": 9, "power_norm": True, "smoothing": "slide", "smoothed_rows": 7},
         "A window of 9 segments and power norm, as the authors have for UCF-Crime"),
        (3, 2.85, {"window": 9, "power_norm": False, "smoothing": "fixed", "smoothed_rows": 8},
         "A window of 9 segments and no power norm, as the authors have for XD-Violence"),
        (3, 2.0, {"window": 5, "power_norm": True, "smoothing": "slide", "smoothed_rows": 3},
         "A window of 5 segments and power norm, as the authors have for ShanghaiTech"),
    ],
)  # fmt: skip
def test_pel4vad_is_scored_as_its_authors_have_it_for_each_benchmark(
    causal: int, scale: float, expected: dict[str, Any], note: str
) -> None:
    imported = import_weights(pel4vad(causal=causal, scale=scale), name="a.pkl")
    config = checkpoint_of(imported, {}).config

    assert imported.method == "pel4vad"
    assert {name: config[name] for name in expected} == expected
    assert (config["causal_segments"], config["width"], config["attention_width"]) == (
        causal, 300, 128,
    )  # fmt: skip
    assert imported.notes[0].startswith(note)


def test_pel4vad_that_was_learnt_otherwise_may_be_told() -> None:
    imported = import_weights(pel4vad(causal=3), name="a.pkl")

    made = checkpoint_of(imported, {"window": 7, "power_norm": True, "smoothing": "none"})

    assert (made.config["window"], made.config["power_norm"]) == (7, True)
    with pytest.raises(BadInput, match="causal_segments: the weights are of a network with 3"):
        checkpoint_of(imported, {"causal_segments": 9})
    with pytest.raises(BadInput, match=r"over 5 segments, where the authors have 3 or 9: window"):
        import_weights(pel4vad(causal=5), name="a.pkl")


def test_pel4vad_scores_by_the_authors_formulas() -> None:
    """Their layers in their order, on the tensors by their names; causal over three segments."""
    theirs = pel4vad(causal=3, scale=3.0, width=6)
    made = checkpoint_of(import_weights(theirs, name="a.pkl"), {"smoothing": "none"})
    kind = get_method("pel4vad")
    method = kind(parse_config(kind, made.config), torch.device("cpu"))
    restore(method, made)
    assert isinstance(method, WeakMethod)
    method.learnt.eval()
    rows = np.random.default_rng(0).normal(size=(12, 1, 6)).astype(np.float32)

    with torch.inference_mode():
        found = method.segment_scores(rows)

    w = {name: each.double().numpy() for name, each in theirs.items()}
    x, at = rows[:, 0].astype(float), "self_attention.self_attn"
    q, k, v = (x @ w[f"{at}.{name}.weight"].T + w[f"{at}.{name}.bias"] for name in "qkv")
    places = np.arange(12)
    gaps = places[:, None] - places[None]
    slope, offset = w["self_attention.loc_adj.w"], w["self_attention.loc_adj.b"]
    alike = q @ k.T / np.sqrt(128) + np.exp(-np.abs(slope * gaps**2 - offset))
    local = np.where(np.abs(gaps) <= 4, alike, -1e9)
    share = sigmoid(w[f"{at}.alpha"])
    mixed = share * softmax(alike) @ v + (1 - share) * softmax(local) @ v
    x = x + mixed @ w[f"{at}.o.weight"].T + w[f"{at}.o.bias"]
    x = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    x = x * w["self_attention.norm.weight"] + w["self_attention.norm.bias"]
    for name in ("linear1", "linear2"):
        layer = f"self_attention.{name}"
        x = gelu(x @ w[f"{layer}.weight"][..., 0].T + w[f"{layer}.bias"])
    before = np.concatenate([np.zeros((2, 300)), x])
    kernel = w["classifier.weight"][0]
    logits = [np.sum(before[t : t + 3].T * kernel) + w["classifier.bias"][0] for t in range(12)]
    assert np.allclose(found, sigmoid(np.array(logits)), atol=1e-5)
    assert found.std() > 1e-4


def gelu(values: Any) -> Any:
    return torch.nn.functional.gelu(torch.from_numpy(values)).numpy()


def test_every_layout_is_of_a_method_that_there_is() -> None:
    for layout in LAYOUTS.load().values():
        assert get_method(layout.method)
        assert layout.title
        assert layout.source
    assert LAYOUTS.find("video_classifier") is VideoClassifierLayout
