"""Our LSTM against torch's: the same numbers, gradients and names of weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from ml.models.lstm import BidirectionalLSTM

DTYPES = {torch.float64: 1e-12, torch.float32: 1e-5}


def pair(dtype: torch.dtype, n_layers: int = 2) -> tuple[nn.LSTM, BidirectionalLSTM]:
    torch.manual_seed(0)
    theirs = nn.LSTM(6, 5, num_layers=n_layers, batch_first=True, bidirectional=True).to(dtype)
    ours = BidirectionalLSTM(6, 5, n_layers=n_layers).to(dtype)
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def sequences(n_steps: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(3, n_steps, 6, generator=torch.Generator().manual_seed(1)).to(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_steps", [1, 2, 9])
@pytest.mark.parametrize("n_layers", [1, 2, 3])
def test_outputs_and_gradients_are_those_of_torch(
    dtype: torch.dtype, n_steps: int, n_layers: int
) -> None:
    theirs, ours = pair(dtype, n_layers)
    inputs = [sequences(n_steps, dtype).requires_grad_() for _ in range(2)]
    outputs = [theirs(inputs[0])[0], ours(inputs[1])]
    weighted = torch.randn(outputs[0].shape, generator=torch.Generator().manual_seed(2)).to(dtype)
    for each in outputs:
        (each * weighted).sum().backward()

    close = {"atol": DTYPES[dtype], "rtol": 0.0}
    torch.testing.assert_close(outputs[1], outputs[0], **close)  # type: ignore[arg-type]
    torch.testing.assert_close(inputs[1].grad, inputs[0].grad, **close)  # type: ignore[arg-type]
    mine = dict(ours.named_parameters())
    for name, weights in theirs.named_parameters():
        torch.testing.assert_close(mine[name].grad, weights.grad, **close)  # type: ignore[arg-type]


def test_gradients_are_those_of_small_differences() -> None:
    _theirs, ours = pair(torch.float64)
    inputs = sequences(3, torch.float64).requires_grad_()

    assert torch.autograd.gradcheck(ours, (inputs,))


def test_inputs_need_no_gradient() -> None:
    theirs, ours = pair(torch.float32)
    inputs = sequences(4, torch.float32)
    for outputs in (theirs(inputs)[0], ours(inputs)):
        outputs.square().sum().backward()

    assert torch.allclose(
        ours.get_parameter("weight_ih_l0").grad, theirs.weight_ih_l0.grad, atol=1e-5
    )  # type: ignore[arg-type]


def test_in_half_precision_the_products_with_inputs_are_rounded_and_sums_are_not() -> None:
    theirs, ours = pair(torch.float32)
    inputs = sequences(9, torch.float32)

    with torch.autocast("cpu", torch.bfloat16):
        rounded = ours(inputs)
    rounded.sum().backward()

    exact = theirs(inputs)[0]
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    assert torch.allclose(rounded, exact, atol=0.02)
    gradient = ours.get_parameter("weight_ih_l0").grad
    assert gradient is not None
    assert gradient.dtype == torch.float32


def test_fresh_weights_lie_where_those_of_torch_do() -> None:
    ours = BidirectionalLSTM(6, 25)

    spread = torch.cat([each.detach().flatten() for each in ours.parameters()])
    assert 0.19 < float(spread.abs().max()) <= 0.2
