"""Whether two classifiers differ on the same things: exact, by those that one alone had right."""

from __future__ import annotations

from math import comb


def mcnemar(n_first_alone: int, n_second_alone: int) -> float:
    """Two-sided p-value of McNemar's test (1947), exact by the binomial: 1 where none differs.

    The two count what the first alone, and what the second alone, has called right.
    """
    n = n_first_alone + n_second_alone
    fewer = min(n_first_alone, n_second_alone)
    return min(1.0, 2 * sum(comb(n, k) for k in range(fewer + 1)) / 2**n)
