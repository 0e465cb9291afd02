"""Batch norms over all ranks: for one that is alone they are torch's. Two are in `test_ranks`."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ml.training.ranks import Ranks
from ml.training.shared_norms import share_norms


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize("affine", [True, False])
def test_one_alone_has_the_norm_that_torch_has(momentum: float | None, affine: bool) -> None:
    torch.manual_seed(1)
    theirs = nn.BatchNorm3d(4, momentum=momentum, affine=affine)
    ours = copy.deepcopy(theirs)
    share_norms([nn.Sequential(ours)], Ranks())
    weights = torch.randn(3, 4, 2, 5, 5)
    for _step in range(3):
        inputs = 3 + 2 * torch.randn(3, 4, 2, 5, 5)
        gradients = []
        outputs = []
        for norm in (ours, theirs):
            given = inputs.clone().requires_grad_()
            outputs.append(norm(given))
            (outputs[-1] * weights).sum().backward()
            assert given.grad is not None
            gradients.append(given.grad)

        assert torch.allclose(*outputs, atol=1e-5)
        assert torch.allclose(*gradients, atol=1e-5)
    for mine, other in zip(ours.state_dict().items(), theirs.state_dict().items(), strict=True):
        assert mine[0] == other[0]
        assert torch.allclose(mine[1], other[1], atol=1e-5)
    for own, torchs in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert own.grad is not None
        assert torchs.grad is not None
        assert torch.allclose(own.grad, torchs.grad, atol=1e-4)
    assert torch.allclose(ours.eval()(inputs), theirs.eval()(inputs), atol=1e-5)
