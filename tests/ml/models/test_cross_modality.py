"""First filters of a second stream, in both readings."""

from __future__ import annotations

import numpy as np
import torch

from ml.models.cross_modality import first_filters, second_stream
from ml.models.ts_3dcnn import Stream

WEIGHTS = torch.randn(4, 3, 3, 3, 3, generator=torch.Generator().manual_seed(0))


def test_the_mean_of_all_filters_is_given_to_each() -> None:
    """Read literally: a channel of the one filter is the mean of that channel of all."""
    found = first_filters(WEIGHTS, "mean_filters").numpy()

    for filter_number in range(4):
        for channel in range(3):
            expected = sum(WEIGHTS.numpy()[n, channel] for n in range(4)) / 4
            assert np.allclose(found[filter_number, channel], expected, atol=1e-6)


def test_of_each_filter_the_mean_of_its_channels_is_given_to_each_of_them() -> None:
    """As in Temporal Segment Networks: filters stay different."""
    found = first_filters(WEIGHTS, "mean_channels").numpy()

    for filter_number in range(4):
        expected = sum(WEIGHTS.numpy()[filter_number, n] for n in range(3)) / 3
        for channel in range(3):
            assert np.allclose(found[filter_number, channel], expected, atol=1e-6)
    assert not np.allclose(found[0], found[1])


def test_the_second_stream_takes_all_but_its_first_norm() -> None:
    first = Stream((4, 6, 8)).state_dict()

    taken = second_stream(first, "mean_filters")

    left_out = {name for name in first if name.startswith("bn1.")}
    assert taken.keys() == first.keys() - left_out
    for name in taken.keys() - {"conv1.weight"}:
        assert taken[name] is first[name]
    assert torch.equal(taken["conv1.weight"], first_filters(first["conv1.weight"], "mean_filters"))


def test_filters_do_not_share_their_memory() -> None:
    """Each is to learn by itself."""
    found = first_filters(WEIGHTS, "mean_filters")

    found[0, 0] = 7

    assert not (found[1] == 7).any()
