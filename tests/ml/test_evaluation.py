import math

import numpy as np
import pytest

from ml.evaluation import evaluate
from ml.records import BadInput, Interval, Scores, VideoRecord


def video(name: str, n_frames: int, *intervals: tuple[int, int]) -> VideoRecord:
    return VideoRecord(
        id=name, path=f"/{name}.mp4", n_frames=n_frames,
        intervals=tuple(Interval(start_frame=a, end_frame=b) for a, b in intervals),
    )  # fmt: skip


def scores(*values: float, first_frame: int = 0) -> Scores:
    return Scores(values=np.array(values, np.float32), first_frame=first_frame)


def test_evaluate_pools_the_frames_of_all_videos() -> None:
    videos = [video("a", 3, (2, 3)), video("b", 2, (0, 1))]
    values = {"a": scores(0.1, 0.2, 0.9), "b": scores(0.15, 0.05)}

    result = evaluate(videos, values)

    assert result.auroc == pytest.approx(5 / 6)
    assert (result.n_videos, result.n_frames, result.n_abnormal_frames) == (2, 5, 2)


def test_evaluate_normalised_per_video() -> None:
    videos = [video("a", 2, (1, 2)), video("b", 2, (1, 2))]
    values = {"a": scores(0.1, 0.2), "b": scores(5, 6)}

    assert evaluate(videos, values).auroc == 0.75
    assert evaluate(videos, values, normalisation="video").auroc == 1


def test_evaluate_normalises_constant_scores_to_zero() -> None:
    videos = [video("a", 2, (1, 2)), video("b", 2, (1, 2))]
    values = {"a": scores(7, 7), "b": scores(0, 1)}

    assert evaluate(videos, values, normalisation="video").auroc == 0.75


def test_evaluate_leaves_out_and_counts_frames_without_a_score() -> None:
    videos = [video("a", 5, (0, 1), (4, 5)), video("b", 3)]
    values = {"a": scores(0.1, 0.2, 0.9, first_frame=2), "b": scores()}

    result = evaluate(videos, values, normalisation="video")

    assert (result.n_frames, result.n_unscored_frames, result.n_abnormal_frames) == (3, 5, 1)
    assert result.auroc == 1


def test_evaluate_of_one_class_is_undefined() -> None:
    result = evaluate([video("a", 2)], {"a": scores(0.1, 0.2)})

    assert math.isnan(result.auroc)
    assert math.isnan(result.equal_error_rate)


def test_evaluate_names_a_video_without_scores() -> None:
    with pytest.raises(BadInput, match="1 of 2 videos have no scores, the first is b"):
        evaluate([video("a", 1), video("b", 1)], {"a": scores(1)})


def test_evaluate_of_nothing() -> None:
    with pytest.raises(BadInput, match="There are no videos to evaluate"):
        evaluate([], {})


def test_evaluate_needs_the_number_of_frames() -> None:
    with pytest.raises(BadInput, match="does not say how many frames a has"):
        evaluate([video("a", 0)], {"a": scores(1)})
