"""All numbers of a test set's frames, ranked as segments and, by scikit-learn, frame by frame.

AUROC, average precision, equal error rate and both curves of float32 scores that hold for 16
frames each. The peer draws each curve once and takes all numbers from the curves; its average
precision so sorts nothing again. Run from the repository root:

    python -m benchmarks.evaluator
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as peer

from benchmarks import report
from ml import metrics

SIZES = (1_100_000, 13_800_000)
FRAMES_PER_SEGMENT = 16
ABNORMAL = 0.08
SEED = 0


@dataclass(frozen=True)
class Case:
    """Scores (S,) and counts per segment, and labels and scores per frame."""

    scores: NDArray[np.float32]
    n_normal: NDArray[np.int64]
    n_abnormal: NDArray[np.int64]
    frame_labels: NDArray[np.uint8]
    frame_scores: NDArray[np.float32]


def main() -> None:
    report.save("evaluator", {f"{n}_frames": measure(n) for n in SIZES}, seed=SEED)


def measure(n_frames: int) -> dict[str, Any]:
    case = make_case(n_frames)
    ours, theirs = of_segments(case), of_frames(case)
    difference = max(abs(ours[name] - theirs[name]) for name in ours)
    assert difference <= 1e-12, difference
    versus = report.compare(lambda: of_segments(case), lambda: of_frames(case), pairs=7)
    return {**versus, "greatest_difference": difference, "numbers": ours}


def make_case(n_frames: int) -> Case:
    rng = np.random.default_rng(SEED)
    n_segments = n_frames // FRAMES_PER_SEGMENT
    is_abnormal = rng.random(n_segments) < ABNORMAL
    n_abnormal = np.where(is_abnormal, rng.integers(1, FRAMES_PER_SEGMENT + 1, n_segments), 0)
    scores = (rng.normal(size=n_segments) + is_abnormal).astype(np.float32)
    within = np.arange(FRAMES_PER_SEGMENT)
    return Case(
        scores=scores,
        n_normal=FRAMES_PER_SEGMENT - n_abnormal,
        n_abnormal=n_abnormal,
        frame_labels=(within < n_abnormal[:, None]).astype(np.uint8).ravel(),
        frame_scores=np.repeat(scores, FRAMES_PER_SEGMENT),
    )


def of_segments(case: Case) -> dict[str, float]:
    ranking = metrics.rank_counts(case.scores, case.n_normal, case.n_abnormal)
    ranking.roc_curve()
    ranking.pr_curve()
    return {
        "auroc": ranking.auroc(),
        "average_precision": ranking.average_precision(),
        "equal_error_rate": ranking.equal_error_rate(),
    }


def of_frames(case: Case) -> dict[str, float]:
    labels, scores = case.frame_labels, case.frame_scores
    fpr, tpr, _ = peer.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, _ = peer.precision_recall_curve(labels, scores)
    return {
        "auroc": float(peer.auc(fpr, tpr)),
        "average_precision": float(-np.dot(np.diff(recall), precision[:-1])),
        "equal_error_rate": crossing(fpr, tpr),
    }


def crossing(fpr: NDArray[np.float64], tpr: NDArray[np.float64]) -> float:
    """Where scikit-learn's curve, joined by straight lines, meets the line of equal errors."""
    return float(np.interp(0, fpr + tpr - 1, fpr))


if __name__ == "__main__":
    main()
