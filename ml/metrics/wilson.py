"""An interval for a share of counted things."""

from math import sqrt
from statistics import NormalDist


def wilson(n_hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval (1927) for `n_hits` of `n`; NaN where nothing was counted."""
    if not 0 <= n_hits <= n:
        raise ValueError(f"{n_hits} of {n} is not a share")
    if n == 0:
        return float("nan"), float("nan")
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share = n_hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, middle - half), min(1.0, middle + half)
