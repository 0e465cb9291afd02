from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.records import BadInput
from ml.training.plan import Balanced, Halves, Uniform, shuffled

WORLDS = (1, 2, 3, 4)
BATCH_SIZE = 12  # which all worlds can share


def steps(plan: Uniform, *, world: int = 1, epoch: int = 0, seed: int = 1) -> list[list[int]]:
    """The samples of each step, those of all ranks together."""
    ranks = [plan.batches(seed=seed, epoch=epoch, rank=rank, world=world) for rank in range(world)]
    return [np.concatenate(batches).tolist() for batches in zip(*ranks, strict=True)]


def halves(plan: Balanced, *, world: int = 1, epoch: int = 0, first: int = 0) -> list[Halves]:
    """Each step's samples, those of all ranks together."""
    ranks = [
        plan.batches(seed=1, epoch=epoch, first=first, rank=rank, world=world)
        for rank in range(world)
    ]
    return [
        Halves(
            np.concatenate([each.first for each in batches]),
            np.concatenate([each.second for each in batches]),
        )
        for batches in zip(*ranks, strict=True)
    ]


def test_shuffled_depends_on_seed_and_epoch_alone() -> None:
    assert np.array_equal(shuffled(50, seed=1, epoch=2), shuffled(50, seed=1, epoch=2))
    assert not np.array_equal(shuffled(50, seed=1, epoch=2), shuffled(50, seed=1, epoch=3))
    assert not np.array_equal(shuffled(50, seed=1, epoch=2), shuffled(50, seed=2, epoch=2))


def test_uniform_cuts_the_shuffled_order_into_batches() -> None:
    order = shuffled(10, seed=3, epoch=2)

    batches = list(Uniform(n_samples=10, batch_size=4).batches(seed=3, epoch=2))

    assert [batch.tolist() for batch in batches] == [
        order[:4].tolist(), order[4:8].tolist(), order[8:].tolist(),
    ]  # fmt: skip


@pytest.mark.parametrize(("n_samples", "n_steps"), [(24, 2), (25, 2), (35, 2), (36, 3)])
@pytest.mark.parametrize("world", WORLDS)
def test_uniform_drops_the_last_batch_where_it_is_too_small(
    n_samples: int, n_steps: int, world: int
) -> None:
    plan = Uniform(n_samples=n_samples, batch_size=BATCH_SIZE, drops_last=True)

    seen = steps(plan, world=world)

    assert (plan.n_steps, [len(step) for step in seen]) == (n_steps, [BATCH_SIZE] * n_steps)
    assert set(Counter(sample for step in seen for sample in step).values()) == {1}


@given(n_samples=st.integers(1, 100), epoch=st.integers(0, 5), world=st.sampled_from(WORLDS))
def test_uniform_shows_any_world_what_one_alone_would_see(
    n_samples: int, epoch: int, world: int
) -> None:
    plan = Uniform(n_samples=n_samples, batch_size=BATCH_SIZE)

    alone, together = steps(plan, epoch=epoch), steps(plan, epoch=epoch, world=world)

    assert len(alone) == len(together) == plan.n_steps
    assert sorted(sample for step in alone for sample in step) == list(range(n_samples))
    for number, (one, all_ranks) in enumerate(zip(alone, together, strict=True)):
        n_idle = max(0, world - len(one))  # ranks that are shown a sample that does not count
        assert len(one) == plan.n_in(number)
        assert Counter(all_ranks) == Counter(one) + Counter(one[:1] * n_idle)


@pytest.mark.parametrize("world", WORLDS)
def test_shares_of_ranks_differ_by_a_sample_at_most(world: int) -> None:
    plan = Uniform(n_samples=31, batch_size=11)

    ranks = [plan.batches(seed=1, epoch=0, rank=rank, world=world) for rank in range(world)]

    for batches in zip(*ranks, strict=True):
        sizes = [len(batch) for batch in batches]
        assert max(sizes) - min(sizes) <= 1


def test_uniform_goes_on_in_the_middle_of_an_epoch() -> None:
    plan = Uniform(n_samples=30, batch_size=4)
    whole = [batch.tolist() for batch in plan.batches(seed=1, epoch=3)]

    rest = [batch.tolist() for batch in plan.batches(seed=1, epoch=3, first=5)]

    assert rest == whole[5:]


def test_uniform_without_a_batch() -> None:
    with pytest.raises(BadInput, match="There are 3 training samples, fewer than a batch of 4"):
        Uniform(n_samples=3, batch_size=4, drops_last=True)
    with pytest.raises(BadInput, match=r"There are 0 training samples$"):
        Uniform(n_samples=0, batch_size=4)


def test_groups_of_which_ranks_cannot_have_as_many() -> None:
    plan = Balanced(n_first=9, n_second=9, batch_size=4, n_steps=2)

    with pytest.raises(BadInput, match="batch of 4 samples cannot be shared evenly by 3 ranks"):
        list(plan.batches(seed=1, epoch=0, world=3))


@given(n_first=st.integers(1, 40), n_second=st.integers(1, 40), world=st.sampled_from(WORLDS))
def test_balanced_shows_any_world_what_one_alone_would_see(
    n_first: int, n_second: int, world: int
) -> None:
    plan = Balanced(n_first=n_first, n_second=n_second, batch_size=BATCH_SIZE, n_steps=3)

    alone, together = halves(plan, epoch=2), halves(plan, epoch=2, world=world)

    assert len(alone) == len(together) == 3
    for one, all_ranks in zip(alone, together, strict=True):
        assert len(one) == 2 * BATCH_SIZE
        assert sorted(one.first) == sorted(all_ranks.first)
        assert sorted(one.second) == sorted(all_ranks.second)


def test_balanced_sees_the_samples_of_a_group_equally_often() -> None:
    plan = Balanced(n_first=5, n_second=17, batch_size=4, n_steps=3)

    for n_epochs in range(1, 8):
        seen = [half for epoch in range(n_epochs) for half in halves(plan, epoch=epoch)]
        for n_samples, group in [(5, "first"), (17, "second")]:
            drawn = np.concatenate([getattr(half, group) for half in seen])
            times = np.bincount(drawn, minlength=n_samples)
            assert (len(times), times.max() - times.min() <= 1) == (n_samples, True)


def test_balanced_draws_each_pass_and_each_group_anew() -> None:
    plan = Balanced(n_first=32, n_second=32, batch_size=32, n_steps=2)

    (one, two) = halves(plan)

    orders = {tuple(each.tolist()) for each in (one.first, one.second, two.first, two.second)}
    assert len(orders) == 4


def test_balanced_goes_on_in_the_middle_of_an_epoch() -> None:
    plan = Balanced(n_first=5, n_second=7, batch_size=4, n_steps=6)

    whole, rest = halves(plan, epoch=3), halves(plan, epoch=3, first=4)

    assert [each.first.tolist() for each in rest] == [each.first.tolist() for each in whole[4:]]
    assert [each.second.tolist() for each in rest] == [each.second.tolist() for each in whole[4:]]


@pytest.mark.parametrize(("n_first", "n_second"), [(0, 4), (4, 0)])
def test_balanced_needs_both_groups(n_first: int, n_second: int) -> None:
    with pytest.raises(BadInput, match=f"are {n_first} training samples of the first and"):
        Balanced(n_first=n_first, n_second=n_second, batch_size=2, n_steps=1)
