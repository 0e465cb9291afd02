"""The interval of an AUROC over 290 videos, and two runs compared in pairs.

Ours counts pairs once; the peer resamples the frames of each replicate and asks scikit-learn. It
is timed over a few replicates and its time is scaled to all of them. Frames have a score of
their own, the hardest case, or share one between 16. Run from the repository root:

    python -m benchmarks.bootstrap
"""

from __future__ import annotations

import statistics
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from benchmarks import report
from ml import metrics

N_VIDEOS = 290
N_FRAMES = 1_100_000
N_REPLICATES = 1_000
PEER_REPLICATES = 20
NAMES = ("average_precision", "pr_auc", "equal_error_rate")
SEED = 0

Videos = list[NDArray[Any]]


def main() -> None:
    figures = {f"{frames}_frames_per_score": measure(frames) for frames in (1, 16)}
    report.save("bootstrap", figures, seed=SEED, notes=f"peer: {PEER_REPLICATES} replicates timed")


def measure(frames_per_score: int) -> dict[str, Any]:
    labels, first, second = make_videos(frames_per_score)
    ours = metrics.bootstrap_auroc(labels, first, N_REPLICATES, SEED)
    counts = metrics.draws(N_VIDEOS, N_REPLICATES, SEED)
    expected = resampled(labels, first, counts[:PEER_REPLICATES])
    difference = float(np.abs(ours.replicates[:PEER_REPLICATES] - expected).max())
    assert difference <= 1e-9, difference
    our_seconds = median_seconds(lambda: metrics.bootstrap_auroc(labels, first, N_REPLICATES, SEED))
    peer_seconds = report.seconds(lambda: resampled(labels, first, counts[:PEER_REPLICATES]))
    peer_seconds *= N_REPLICATES / PEER_REPLICATES
    items = metrics.segments(labels, first)
    return {
        "ours_seconds": our_seconds,
        "peer_seconds": peer_seconds,
        "times_faster": peer_seconds / our_seconds,
        "greatest_difference": difference,
        "interval": ours.interval,
        "compare_seconds": median_seconds(lambda: compare(labels, first, second)),
        "delong_seconds": median_seconds(lambda: delong(labels, first, second)),
        "curve_metrics_seconds": median_seconds(
            lambda: metrics.bootstrap_metrics(items, NAMES, counts)
        ),
    }


def make_videos(frames_per_score: int) -> tuple[Videos, Videos, Videos]:
    """Labels and two runs' float32 scores; half of the videos hold one event."""
    rng = np.random.default_rng(SEED)
    lengths = rng.multinomial(N_FRAMES, rng.dirichlet(np.full(N_VIDEOS, 2.0)))
    labels: Videos = []
    first: Videos = []
    second: Videos = []
    for index, length in enumerate(lengths):
        video = np.zeros(length, dtype=np.uint8)
        if index % 2:
            start = int(length * rng.random() * 0.8)
            video[start : start + int(length * 0.15) + 1] = 1
        labels.append(video)
        for scores, signal in ((first, 1.0), (second, 0.9)):
            scores.append(noisy(rng, video, signal, frames_per_score))
    return labels, first, second


def noisy(
    rng: np.random.Generator, labels: NDArray[np.uint8], signal: float, frames_per_score: int
) -> NDArray[np.float32]:
    means = signal * labels[::frames_per_score] + rng.normal()
    values = rng.normal(means).astype(np.float32)
    return np.repeat(values, frames_per_score)[: len(labels)]


def resampled(labels: Videos, scores: Videos, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    aurocs = []
    for row in counts:
        picked = np.repeat(np.arange(N_VIDEOS), row)
        frames = np.concatenate([labels[i] for i in picked])
        aurocs.append(roc_auc_score(frames, np.concatenate([scores[i] for i in picked])))
    return np.array(aurocs)


def compare(labels: Videos, first: Videos, second: Videos) -> metrics.Comparison:
    one = metrics.bootstrap_auroc(labels, first, N_REPLICATES, SEED)
    other = metrics.bootstrap_auroc(labels, second, N_REPLICATES, SEED)
    return metrics.compare(one.value, other.value, one.replicates, other.replicates)


def delong(labels: Videos, first: Videos, second: Videos) -> metrics.Comparison:
    runs = (metrics.segments(labels, scores) for scores in (first, second))
    return metrics.compare_delong(*(metrics.placements(run) for run in runs))


def median_seconds(work: Any) -> float:
    return statistics.median(report.seconds(work) for _ in range(3))


if __name__ == "__main__":
    main()
