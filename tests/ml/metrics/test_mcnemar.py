"""McNemar's exact test beside SciPy's binomial test."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from ml.metrics import mcnemar


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 5), (7, 2), (30, 41), (3, 3), (0, 12)])
def test_it_is_the_binomial_test_of_those_that_differ(one: int, other: int) -> None:
    assert mcnemar(one, other) == pytest.approx(binomtest(one, one + other).pvalue)
    assert mcnemar(other, one) == mcnemar(one, other)


def test_of_nothing_that_differs() -> None:
    assert mcnemar(0, 0) == 1
