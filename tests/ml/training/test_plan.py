import numpy as np

from ml.training.plan import shuffled


def test_shuffled_depends_on_seed_and_epoch_alone() -> None:
    assert np.array_equal(shuffled(50, seed=1, epoch=2), shuffled(50, seed=1, epoch=2))
    assert not np.array_equal(shuffled(50, seed=1, epoch=2), shuffled(50, seed=1, epoch=3))
    assert not np.array_equal(shuffled(50, seed=1, epoch=2), shuffled(50, seed=2, epoch=2))
