"""Event level: seconds and frames, the rules of a protocol, numbers as they are stored."""

import json

import numpy as np
import pytest

from ml import metrics
from ml.clock import Clock
from ml.evaluation import Settings, evaluate_videos
from ml.evaluation.events import event_numbers, summary_of, timeline_of
from ml.evaluation.frames import ScoredVideo, counted_frames, placed_frames
from ml.records import BadInput

NAN = np.nan


def video(scores: list[float], labels: list[int], fps: float = 1.0) -> ScoredVideo:
    return ScoredVideo(
        video_id=f"v{len(scores)}",
        scores=np.array(scores, np.float32),
        labels=np.array(labels, np.uint8),
        clock=Clock.constant(len(scores), fps),
    )


def test_numbers_of_an_event_protocol() -> None:
    videos = [video([9, 0, 9, 9, 0], [0, 0, 0, 1, 1]), video([0, 9], [0, 0], fps=2.0)]
    settings = Settings(level="event", metric="event_f1", merge_gap_seconds=1)
    numbers = event_numbers(videos, settings, [5.0, 99.0])
    assert numbers is not None
    assert numbers.values == {
        "event_f1": pytest.approx(2 / 3),
        "event_recall": 1,
        "event_precision": 0.5,
        "false_alarms_per_hour": 600,  # one in six seconds
        "detection_delay": 0,
    }
    first, last = numbers.summaries
    assert (first["n_alarms"], first["n_false_alarms"], first["n_found_events"]) == (2, 1, 1)
    assert last["recall"] == 0
    assert last["precision"] is None
    json.dumps(numbers.summaries, allow_nan=False)


def test_replicates_of_all_videos_once_are_the_numbers_themselves() -> None:
    videos = [video([9, 0, 9, 9, 0], [0, 0, 0, 1, 1]), video([0, 9, 9, 0], [0, 0, 1, 1], fps=2.0)]
    numbers = event_numbers(videos, Settings(level="event"), [5.0])
    assert numbers is not None
    drawn = numbers.replicates(np.array([[1, 1], [0, 0], [2, 0]]))
    for name, value in numbers.values.items():
        assert drawn[name][0] == pytest.approx(value)
        assert np.isnan(drawn[name][1])
    alone = event_numbers(videos[:1], Settings(level="event"), [5.0])
    assert alone is not None
    assert drawn["event_f1"][2] == alone.values["event_f1"]


def test_frame_level_has_no_events() -> None:
    assert event_numbers([video([1], [1])], Settings(), [0.5]) is None
    assert event_numbers([video([1], [1])], Settings(level="event"), []) is None


def test_frames_that_do_not_count_keep_their_places() -> None:
    videos = [video([9, 9, NAN, 1, 5], [1, 1, 0, 0, 1])]
    settings = Settings(missing="drop", drop_first=2)
    [placed] = placed_frames(videos, settings)
    assert np.array_equal(placed.scores, [NAN, NAN, NAN, 1, 5], equal_nan=True)
    [counted] = counted_frames(videos, settings)
    assert counted.scores.tolist() == [1, 5]
    assert counted.labels.tolist() == [0, 1]
    line = timeline_of([placed], settings.drop_first)
    assert line.event_starts.tolist() == [4]
    assert videos[0].labels.tolist() == [1, 1, 0, 0, 1]


def test_smoothing_comes_before_stretching_and_leaves_gaps() -> None:
    videos = [video([0, 3, 0, NAN], [0, 1, 0, 0])]
    settings = Settings(
        smoothing="mean", smoothing_frames=3, normalisation="per_video", missing="drop"
    )
    [placed] = placed_frames(videos, settings)
    assert np.array_equal(placed.scores, [1, 0, 1, NAN], equal_nan=True)


def test_summary_counts_delays_in_both_units() -> None:
    clock = Clock.constant(7, 2)
    line = metrics.timeline([[1, 1, 0, 1, 1, 1, 1]], [[0, 9, 0, 0, 0, 0, 9]], [clock])
    summary = summary_of(metrics.detect(line, 5, metrics.AlarmRule()))
    assert (summary["mean_delay_frames"], summary["median_delay_seconds"]) == (2, 1)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"iou": 1.5}, "iou is 1.5: a number from 0 to 1"),
        ({"hold_seconds": True}, "hold_seconds is True"),
        ({"hold_seconds": float("nan")}, "hold_seconds is nan"),
        ({"threshold": "high"}, "threshold is 'high'"),
        ({"smoothing": "mean"}, "to smooth takes more than 0 frames"),
        ({"smoothing_frames": 5}, "no smoothing takes none"),
        ({"metric": "event_f1"}, "event_f1 leads at level event only"),
        ({"level": "pixel"}, "none of frame, event"),
        ({"metric": ["auroc"]}, "none of auroc"),
    ],
)
def test_settings_refuse(wrong: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        Settings.from_json(wrong)


def test_settings_of_an_older_version_still_read() -> None:
    old = {"normalisation": "none", "missing": "nearest", "drop_first": 0,
           "macro_padding": False, "metric": "auroc"}  # fmt: skip
    assert Settings.from_json(old) == Settings()


def test_an_outcome_of_event_level_holds_both_levels() -> None:
    rng = np.random.default_rng(0)
    videos = [
        ScoredVideo(
            video_id=str(i),
            scores=rng.random(50).astype(np.float32),
            labels=(np.arange(50) // 10 == i % 5).astype(np.uint8),
            clock=Clock.constant(50, 10.0),
        )
        for i in range(8)
    ]
    settings = Settings(level="event", metric="event_f1", threshold=0.7, merge_gap_seconds=0.5)
    outcome = evaluate_videos(videos, settings)
    frames = evaluate_videos(videos, Settings(threshold=0.7))
    assert outcome.metrics.items() > frames.metrics.items()
    assert outcome.intervals.items() > frames.intervals.items()
    leading = outcome.thresholds[0]
    assert (leading["rule"], leading["threshold"]) == ("fixed", 0.7)
    assert leading["events"]["f1"] == outcome.metrics["event_f1"]
    for name in ("event_f1", "event_recall", "event_precision", "false_alarms_per_hour"):
        low, high = outcome.intervals[name]
        assert low <= outcome.metrics[name] <= high
    json.dumps(outcome.to_json(), allow_nan=False)
