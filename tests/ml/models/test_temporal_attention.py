import numpy as np
import torch
from numpy.typing import NDArray

from ml.models.temporal_attention import (
    AttentionClassifier,
    RecurrentAttentionClassifier,
    RecurrentClassifier,
    TemporalAttention,
)  # fmt: skip

Array = NDArray[np.float64]


def weights_of(module: torch.nn.Module) -> dict[str, Array]:
    return {name: each.detach().double().numpy() for name, each in module.state_dict().items()}


def bags(n_segments: int = 7) -> torch.Tensor:
    return torch.randn(3, n_segments, 6, generator=torch.Generator().manual_seed(1))


def attended(bag_TD: Array, weights: dict[str, Array]) -> Array:
    """(D, R) by the paper's equations: A1 = tanh(W1 F), A2 = softmax(W2 A1), M = F A2ᵀ."""
    features_DT = bag_TD.T
    first = np.tanh(weights["hidden.weight"] @ features_DT + weights["hidden.bias"][:, None])
    second = weights["hops.weight"] @ first + weights["hops.bias"][:, None]
    raised = np.exp(second - second.max(1, keepdims=True))
    return features_DT @ (raised / raised.sum(1, keepdims=True)).T


def test_attention_is_that_of_the_paper_feature_by_feature() -> None:
    attention = TemporalAttention(6, hidden=4, hops=3, dropout=0.3).eval()
    weights = weights_of(attention)

    found = attention(bags()).detach().numpy()

    expected = [attended(bag, weights).ravel() for bag in bags().double().numpy()]
    assert np.allclose(found, expected, atol=1e-6)


def test_weights_of_a_hop_add_up_to_one_over_time() -> None:
    weights = TemporalAttention(6, hidden=4, hops=3, dropout=0.3).weights(bags())

    assert torch.allclose(weights.sum(1), torch.ones(3, 3))


def test_dropout_falls_on_the_weights_of_attention_alone() -> None:
    """A bag of equal rows gives multiples of the row, whatever is dropped."""
    torch.manual_seed(0)
    attention = TemporalAttention(6, hidden=4, hops=2, dropout=0.5)
    row = torch.arange(1.0, 7.0)

    means = attention(row.expand(1, 8, 6)).unflatten(1, (6, 2))[0]

    assert torch.allclose(means / row[:, None], (means / row[:, None])[:1].expand(6, 2))
    assert not torch.allclose(means[0], torch.ones(2))


def test_the_classifier_takes_bags_of_any_length() -> None:
    classifier = AttentionClassifier(6, hidden=4, hops=3, dropout=0.3).eval()
    weights = weights_of(classifier)
    own = {name.removeprefix("attention."): each for name, each in weights.items()}

    for n_segments in (1, 5):
        found = classifier(bags(n_segments)).detach().numpy()
        expected = [
            weights["fc2.weight"][0]
            @ (weights["fc1.weight"] @ attended(bag, own).ravel() + weights["fc1.bias"])
            + weights["fc2.bias"][0]
            for bag in bags(n_segments).double().numpy()
        ]
        assert np.allclose(found, expected, atol=1e-5)


def lstm_layer(inputs_TD: Array, weights: dict[str, Array], layer: int) -> Array:
    """(T, 2H): both directions of one layer, gate by gate."""
    outputs = []
    for suffix, order in (("", 1), ("_reverse", -1)):
        input_to, hidden_to, input_bias, hidden_bias = (
            weights[f"lstm.{kind}_l{layer}{suffix}"]
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        hidden = cell = np.zeros(hidden_to.shape[1])
        steps = []
        for row in inputs_TD[::order]:
            gates = input_to @ row + input_bias + hidden_to @ hidden + hidden_bias
            enter, forget, new, out = np.split(gates, 4)
            cell = cell / (1 + np.exp(-forget)) + np.tanh(new) / (1 + np.exp(-enter))
            hidden = np.tanh(cell) / (1 + np.exp(-out))
            steps.append(hidden)
        outputs.append(np.stack(steps)[::order])
    return np.concatenate(outputs, axis=1)


def test_the_recurrent_classifier_reads_the_last_step_of_two_layers() -> None:
    classifier = RecurrentClassifier(6).eval()
    weights = weights_of(classifier)

    found = classifier(bags()).detach().numpy()

    for logit, bag in zip(found, bags().double().numpy(), strict=True):
        outputs = lstm_layer(lstm_layer(bag, weights, 0), weights, 1)
        expected = weights["fc.weight"][0] @ outputs[-1] + weights["fc.bias"][0]
        assert np.isclose(logit, expected, atol=1e-5)


def test_attention_over_what_the_lstm_gives() -> None:
    classifier = RecurrentAttentionClassifier(6, hidden=4, hops=2, dropout=0.3).eval()

    outputs = classifier.lstm(bags())

    assert outputs.shape == (3, 7, 512)
    assert torch.equal(classifier(bags()), classifier.classifier(outputs))
    assert classifier.classifier.fc1.in_features == 512 * 2
