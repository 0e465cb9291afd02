"""Networks over bags against their papers' equations, in NumPy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.special import erf
from torch import nn

from ml.models.context_aggregation import ContextAggregation
from ml.models.dual_memory import DualMemory
from ml.models.hl_net import HLNet
from ml.models.multiscale_temporal import MagnitudeClassifier, NonLocal
from ml.models.recurrent_ranking import RecurrentRanking
from ml.weights import import_weights
from ml.weights.files import read_weights
from tests.ml.models.by_hand import (
    Array,
    Weights,
    batch_norm,
    below,
    conv1d,
    layer_norm,
    linear,
    relu,
    sigmoid,
    softmax,
    weights_of,
)  # fmt: skip


def bag(n_segments: int, dimension: int) -> torch.Tensor:
    return torch.randn(1, n_segments, dimension, generator=torch.Generator().manual_seed(2))


def unsettled(network: nn.Module) -> nn.Module:
    """Norms that do something, so that a wrong place of them shows."""
    generator = torch.Generator().manual_seed(3)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d):
            for each in (layer.weight, layer.bias, layer.running_mean):
                assert each is not None
                each.data = torch.randn(each.shape, generator=generator)
            assert layer.running_var is not None
            layer.running_var.data = torch.rand(layer.running_var.shape, generator=generator) + 0.5
    return network.eval()


def rtfm_features(inputs_TD: Array, weights: Weights) -> Array:
    scales = []
    for number, dilation in ((1, 1), (2, 2), (3, 4)):
        own = below(weights, f"conv_{number}")
        convolved = conv1d(
            inputs_TD, below(own, "0"), before=dilation, after=dilation, dilation=dilation
        )
        scales.append(batch_norm(relu(convolved), below(own, "2")))
    narrow = relu(conv1d(inputs_TD, below(weights, "conv_4.0"), before=0))
    other = below(weights, "non_local")
    g, theta, phi = (conv1d(narrow, below(other, name), before=0) for name in ("g", "theta", "phi"))
    gathered = (theta @ phi.T / len(narrow)) @ g
    changed = conv1d(gathered, below(other, "W.0"), before=0)
    everywhere = batch_norm(changed, below(other, "W.1")) + narrow
    joined = np.concatenate([*scales, everywhere], axis=1)
    fused = conv1d(joined, below(weights, "conv_5.0"), before=1, after=1)
    return batch_norm(relu(fused), below(weights, "conv_5.2")) + inputs_TD


def test_rtfm_adds_three_scales_and_all_others() -> None:
    network = unsettled(MagnitudeClassifier(8, dropout=0.7))
    weights = weights_of(network)
    inputs = bag(9, 8)

    features, scores = network(inputs)

    expected = rtfm_features(inputs[0].double().numpy(), below(weights, "aggregate"))
    hidden = relu(linear(expected, below(weights, "fc1")))
    hidden = relu(linear(hidden, below(weights, "fc2")))
    told = sigmoid(linear(hidden, below(weights, "fc3")))[:, 0]
    assert np.allclose(features[0].detach().numpy(), expected, atol=1e-4)
    assert np.allclose(scores[0].detach().numpy(), told, atol=1e-5)


def test_the_non_local_block_begins_as_nothing() -> None:
    inputs = torch.randn(2, 8, 5)

    assert torch.equal(NonLocal(8)(inputs), inputs)


def test_rtfm_at_its_published_size_has_as_many_weights() -> None:
    network = MagnitudeClassifier(2048, dropout=0.7)

    assert len(network.state_dict()) == 47
    assert sum(each.numel() for each in network.parameters()) == 24_718_849


def graph_convolved(inputs_TC: Array, adjacency: Array, weights: Weights) -> Array:
    gathered = adjacency @ (inputs_TC @ weights["weight"])
    if "residual.weight" in weights:
        return gathered + conv1d(inputs_TC, below(weights, "residual"), before=2, after=2)
    return gathered + inputs_TC


def hl_net(inputs_TD: Array, weights: Weights) -> tuple[Array, Array]:
    hidden = relu(conv1d(inputs_TD, below(weights, "conv1d1"), before=0))
    hidden = relu(conv1d(hidden, below(weights, "conv1d2"), before=0))
    narrow = relu(conv1d(hidden, below(weights, "approximator.0"), before=0))
    narrow = relu(conv1d(narrow, below(weights, "approximator.2"), before=0))
    online = conv1d(narrow, below(weights, "conv1d_approximator"), before=4)[:, 0]
    units = inputs_TD / np.linalg.norm(inputs_TD, axis=1, keepdims=True)
    cosines = units @ units.T
    places = np.arange(len(inputs_TD))
    scores = sigmoid(online)
    graphs = [
        softmax(np.where(cosines > 0.7, cosines, 0)),
        np.exp(-np.abs(places[:, None] - places) / math.e),
        softmax(sigmoid((1 - np.abs(scores[:, None] - scores) - 0.5) / 0.1)),
    ]
    parts = []
    for number, graph in zip((1, 3, 5), graphs, strict=True):
        first = relu(graph_convolved(hidden, graph, below(weights, f"gc{number}")))
        parts.append(relu(graph_convolved(first, graph, below(weights, f"gc{number + 1}"))))
    joined = np.concatenate(parts, axis=1)
    return linear(joined, below(weights, "classifier"))[:, 0], online


def check_hl_net(network: nn.Module, inputs: torch.Tensor) -> None:
    holistic, online = network(inputs)
    expected = hl_net(inputs[0].double().numpy(), weights_of(network))

    assert np.allclose(holistic[0].detach().numpy(), expected[0], atol=1e-3)
    assert np.allclose(online[0].detach().numpy(), expected[1], atol=1e-4)


def test_hl_net_joins_three_graphs_and_has_a_causal_branch() -> None:
    check_hl_net(HLNet(12, dropout=0.6).eval(), bag(11, 12).abs())


def test_hl_net_with_the_weights_of_its_authors(shared_data: Path) -> None:
    path = shared_data / "weak" / "xd-hlnet" / "wsanodet_mix2.pkl"
    network = HLNet(1152, dropout=0.6).eval()

    imported = import_weights(read_weights(path), name=path.name)
    network.load_state_dict(imported.tensors)

    assert imported.method == "hl_net"
    assert "7 tensors that scoring never reads left out" in imported.notes[0]
    check_hl_net(network, bag(20, 1152).abs())


def test_hl_net_scores_a_padded_bag_as_the_rows_alone_but_for_what_lies_beside_padding() -> None:
    """Convolutions see two rows further, and nearness is of all places: as in the code."""
    network = HLNet(12, dropout=0.6).eval()
    rows = bag(9, 12).abs()
    is_row = torch.arange(14)[None] < 9

    padded = torch.nn.functional.pad(rows, (0, 0, 0, 5))
    online = network(padded, is_row)[1]

    assert torch.allclose(online[:, :9], network(rows)[1], atol=1e-5)
    assert network(padded, is_row)[0].isfinite().all()


def remembered(segments_TC: Array, entries: Array) -> Array:
    return np.asarray(sigmoid(segments_TC @ entries.T / math.sqrt(512)) @ entries)


def dual_layer(segments_TC: Array, weights: Weights) -> Array:
    normed = layer_norm(segments_TC, below(weights, "attention_norm"))
    parts = linear(normed, below(weights, "attention.to_parts"))
    query, key, value, near_value = np.split(parts, 4, axis=1)
    places = np.arange(len(normed))
    near = np.exp(-np.abs(places[:, None] - places) / math.e)
    near = near / near.sum(1)
    heads = []
    for head in range(4):
        own = slice(128 * head, 128 * (head + 1))
        alike = softmax(query[:, own] @ key[:, own].T / math.sqrt(128))
        heads += [alike @ value[:, own], near @ near_value[:, own]]
    attended = linear(np.concatenate(heads, axis=1), below(weights, "attention.to_out.0"))
    attended = attended + segments_TC
    hidden = linear(
        layer_norm(attended, below(weights, "feed_forward.0")), below(weights, "feed_forward.1")
    )
    hidden = hidden * (1 + erf(hidden / math.sqrt(2))) / 2
    return linear(hidden, below(weights, "feed_forward.4")) + attended


def test_dual_memories_add_to_segments_what_they_remember() -> None:
    network = DualMemory(10, n_entries=6, dropout=0.5).eval()
    weights, inputs = weights_of(network), bag(7, 10)

    found = network(inputs)[0].detach().numpy()

    segments = relu(
        conv1d(inputs[0].double().numpy(), below(weights, "embedding"), before=1, after=1)
    )
    for number in (0, 1):
        segments = dual_layer(segments, below(weights, f"layers.{number}"))
    added = sum(
        linear(remembered(segments, weights[f"{kind}.entries"]), below(weights, "mean"))
        for kind in ("normal", "abnormal")
    )
    hidden = relu(linear(np.concatenate([segments, added], axis=1), below(weights, "head.0")))
    assert np.allclose(found, sigmoid(linear(hidden, below(weights, "head.2")))[:, 0], atol=1e-4)


def test_dual_memory_at_its_published_size_has_as_many_weights() -> None:
    network = DualMemory(1024, n_entries=60, dropout=0.5)

    assert len(network.state_dict()) == 34
    assert sum(each.numel() for each in network.parameters()) == pytest.approx(6.49e6, rel=0.01)


def test_a_segment_fits_a_memory_as_well_as_its_best_entries() -> None:
    memory = DualMemory(10, n_entries=40, dropout=0.5).normal
    segments = bag(5, 512)

    found = memory(segments).fit[0].detach().numpy()

    entries = memory.entries.detach().numpy()
    fits = sigmoid(segments[0].numpy() @ entries.T / math.sqrt(512))
    assert np.allclose(found, np.sort(fits, axis=1)[:, -3:].mean(1), atol=1e-6)


def test_recurrent_ranking_is_swish_then_nothing_then_sigmoid() -> None:
    network = RecurrentRanking(6, width=5, dropout=0.6).eval()
    weights, inputs = weights_of(network), bag(7, 6)

    found = network(inputs)[0].detach().numpy()

    outputs = network.lstm(inputs)[0].detach().double().numpy()
    hidden = linear(outputs, below(weights, "fc1"))
    hidden = linear(hidden * sigmoid(hidden), below(weights, "fc2"))
    assert np.allclose(found, sigmoid(linear(hidden, below(weights, "fc3")))[:, 0], atol=1e-6)
    assert [each.shape for each in network.layer_weights] == [(512, 10), (32, 512), (1, 32)]


def context_network(dimension: int = 6, *, is_normed: bool, window: int = 3) -> ContextAggregation:
    network = ContextAggregation(
        dimension, context=5, attention=4, hidden=7, window=window, causal=3, is_normed=is_normed,
        dropout=0.4, slope=0.6, offset=0.2, temperature=0.09,
    )  # fmt: skip
    network.attention.mixing.data.fill_(0.7)
    return network.eval()


def gelu(values: Array) -> Array:
    return np.asarray(values * (1 + erf(values / math.sqrt(2))) / 2)


def context_and_scores(
    inputs_TD: Array, weights: Weights, *, is_normed: bool, window: int
) -> tuple[Array, Array]:
    own = below(weights, "attention")
    query, key, value = (linear(inputs_TD, below(own, name)) for name in ("query", "key", "value"))
    places = np.arange(len(inputs_TD))
    exponent = weights["nearness.slope"] * (places[:, None] - places) ** 2
    alike = query @ key.T / math.sqrt(4) + np.exp(-np.abs(exponent - weights["nearness.offset"]))
    local = np.full_like(alike, -1e9)
    for place in places:
        for step in range(window):
            other = min(max(place - window // 2 + step, 0), len(places) - 1)
            local[place, other] = alike[place, other]
    share = sigmoid(own["mixing"])
    mixed = share * softmax(alike) @ value + (1 - share) * softmax(local) @ value
    if is_normed:
        mixed = np.sign(mixed) * np.sqrt(np.abs(mixed))
        mixed = mixed / np.linalg.norm(mixed, axis=0)
    attended = inputs_TD + linear(mixed, below(own, "to_out"))
    normed = layer_norm(attended, below(weights, "norm"))
    context = gelu(conv1d(normed, below(weights, "to_context"), before=0))
    hidden = gelu(conv1d(context, below(weights, "to_hidden"), before=0))
    return context, sigmoid(conv1d(hidden, below(weights, "classifier"), before=2))[:, 0]


@pytest.mark.parametrize("is_normed", [True, False])
@pytest.mark.parametrize("window", [1, 3, 4, 20])
def test_context_is_gathered_from_everywhere_and_from_nearby(is_normed: bool, window: int) -> None:
    network, inputs = context_network(is_normed=is_normed, window=window), bag(9, 6)

    scores, context = network(inputs)

    expected = context_and_scores(
        inputs[0].double().numpy(), weights_of(network), is_normed=is_normed, window=window
    )
    assert np.allclose(context[0].detach().numpy(), expected[0], atol=1e-5)
    assert np.allclose(scores[0].detach().numpy(), expected[1], atol=1e-6)


def test_pel4vad_at_its_published_size_has_the_tensors_of_its_authors() -> None:
    """Four linear layers of the attention, two after it, norm, classifier and five numbers."""
    network = ContextAggregation(
        1024, context=512, attention=128, hidden=300, window=9, causal=9, is_normed=True,
        dropout=0.1, slope=0.6, offset=0.2, temperature=0.09,
    )  # fmt: skip
    attention = 3 * (1024 * 128 + 128) + 128 * 1024 + 1024 + 1
    after = 2 * 1024 + 1024 * 512 + 512 + 512 * 300 + 300 + 300 * 9 + 1

    assert len(network.state_dict()) == 20
    assert sum(each.numel() for each in network.parameters()) == attention + after + 3


def test_the_scale_of_likeness_begins_with_the_temperature() -> None:
    network = context_network(is_normed=True)
    pair = bag(3, 5)[0], bag(4, 5)[0]

    found = network.likeness(*pair).detach().numpy()

    tables = [each.numpy() for each in pair]
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in tables]
    assert np.allclose(found, units[0] @ units[1].T / 0.09, atol=1e-5)
