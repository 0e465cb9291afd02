"""Bags that are shorter, or emptier, than what a method looks for in them: each gives numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ml.methods import WeakMethod
from ml.registry import load_methods

KINDS = {name: kind for name, kind in load_methods().items() if issubclass(kind, WeakMethod)}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """Two threads that wait for each other are slower than one while other tests run."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=sorted(KINDS))
def method(request: pytest.FixtureRequest) -> WeakMethod:
    kind: Any = KINDS[request.param]
    torch.manual_seed(0)
    made: WeakMethod = kind(replace(kind.tiny), torch.device("cpu"))
    made.set_dimension(8)
    return made


def bags(method: WeakMethod, n_segments: int, value: float) -> torch.Tensor:
    """Two, of one crop."""
    shape = (2, n_segments, 8) if method.crops_are_samples else (2, 1, n_segments, 8)
    return torch.full(shape, value)


@pytest.mark.parametrize("value", [1.0, 0.0])
@pytest.mark.parametrize("n_segments", [1])
def test_learns_from_bags_of_fewer_segments_than_it_looks_for(
    method: WeakMethod, n_segments: int, value: float
) -> None:
    """And of zeros alone, whose lengths nothing is divided by."""
    losses = method.losses(bags(method, n_segments, 1.0), bags(method, n_segments, value))
    losses["loss"].backward()

    weights = list(method.learnt.parameters())
    assert all(bool(loss.detach().isfinite()) for loss in losses.values())
    assert all(bool(each.grad.isfinite().all()) for each in weights if each.grad is not None)


@pytest.mark.parametrize("n_rows", [1, 5])
def test_scores_rows_of_zeros(method: WeakMethod, n_rows: int) -> None:
    method.learnt.eval()

    with torch.inference_mode():
        rows = method.segment_scores(np.zeros((n_rows, 2, 8), np.float32))
        videos = method.video_scores(bags(method, n_rows, 0.0))

    assert rows.shape == (n_rows,)
    assert np.isfinite(rows).all()
    assert bool(videos.isfinite().all())
