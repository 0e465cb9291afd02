"""The evaluator by hand, and against the numbers others have published."""

import json

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from ml import metrics
from ml.clock import Clock
from ml.evaluation import (
    ScoredVideo,
    Settings,
    evaluate_under,
    evaluate_videos,
    fill_with_nearest,
    normalise_per_video,
    scored_videos,
    thin_roc,
)
from ml.evaluation.classes import per_class
from ml.records import BadInput, Interval, Scores, VideoRecord

NAN = np.nan


def video(scores, labels, video_id="v"):
    return ScoredVideo(
        video_id=video_id,
        scores=np.array(scores, dtype=np.float32),
        labels=np.array(labels, dtype=np.uint8),
    )


def evaluate(*videos, normalisation="none", missing="nearest"):
    return evaluate_videos(videos, Settings(normalisation=normalisation, missing=missing))


@pytest.mark.parametrize(
    ("scores", "filled"),
    [
        ([NAN, NAN, 1, 2, NAN], [1, 1, 1, 2, 2]),
        ([1, NAN, NAN, 4], [1, 1, 4, 4]),
        ([1, NAN, 4], [1, 1, 4]),
        ([7, NAN, NAN], [7, 7, 7]),
        ([1, 2], [1, 2]),
    ],
)
def test_fill_with_nearest(scores, filled):
    assert fill_with_nearest(np.array(scores)).tolist() == filled


def test_fill_with_nearest_leaves_a_video_without_any_score():
    assert np.isnan(fill_with_nearest(np.full(3, NAN))).all()


@pytest.mark.parametrize(
    ("scores", "normalised"),
    [([2, 4, 3], [0, 1, 0.5]), ([5, 5], [0, 0]), ([3], [0])],
)
def test_normalise_per_video(scores, normalised):
    assert normalise_per_video(np.array(scores)).tolist() == normalised


def test_normalise_per_video_keeps_gaps():
    np.testing.assert_array_equal(normalise_per_video(np.array([NAN, 2, 6])), [NAN, 0, 1])
    assert np.isnan(normalise_per_video(np.array([NAN]))).all()


def test_per_video_normalisation_pools_after_stretching():
    first, second = video([10, 20], [0, 1]), video([1, 2], [0, 1])
    assert evaluate(first, second).metrics["auroc"] == 0.75
    assert evaluate(first, second, normalisation="per_video").metrics["auroc"] == 1


def test_missing_frames_are_dropped_or_take_the_nearest_score():
    gap = video([NAN, 1, 5, 9], [1, 0, 1, 1])
    nearest, dropped = evaluate(gap), evaluate(gap, missing="drop")
    assert nearest.counts["n_frames"] == 4
    assert nearest.metrics["auroc"] == pytest.approx(2.5 / 3)
    assert dropped.counts["n_frames"] == 3
    assert dropped.metrics["auroc"] == 1
    assert nearest.counts["n_frames_without_score"] == 1
    assert dropped.counts["n_frames_without_score"] == 1


def test_a_video_without_any_score_is_counted_not_hidden():
    outcome = evaluate(video([1, 2], [0, 1]), video([NAN, NAN, NAN], [1, 1, 0]))
    assert outcome.metrics["auroc"] == 1
    assert outcome.counts["n_frames_without_score"] == 3
    assert outcome.counts["n_undefined_videos"] == 1
    assert outcome.per_video[1]["n_frames"] == 0


@pytest.mark.parametrize("labels", [[0, 0], [1, 1]])
@pytest.mark.parametrize("normalisation", ["none", "per_video"])
def test_one_class_is_undefined_in_every_number(labels, normalisation):
    outcome = evaluate(video([1, 2], labels), normalisation=normalisation)
    assert set(outcome.metrics.values()) == {None}
    assert outcome.counts["n_undefined_videos"] == 1
    assert outcome.roc == {"fpr": [], "tpr": [], "thresholds": []}


def test_no_scores_at_all_is_undefined():
    assert set(evaluate(video([NAN], [1])).metrics.values()) == {None}


def test_clip_auroc_ranks_videos_by_their_peak():
    clips = [video([1, 9], [0, 1]), video([2, 3], [0, 0]), video([1, 4], [0, 0])]
    assert evaluate(*clips).metrics["clip_auroc"] == 1
    assert evaluate(*clips, normalisation="per_video").metrics["clip_auroc"] is None


@pytest.mark.parametrize("missing", ["nearest", "drop"])
def test_a_normal_clip_without_any_score_is_no_clip_of_score_0(missing):
    """Else every abnormal clip here would rank above it."""
    clips = [video([1, 2], [0, 1], f"abnormal {i}") for i in range(2)]
    clips += [video([3, 4 + i], [0, 0], f"normal {i}") for i in range(2)]
    silent = [video([NAN, NAN], [0, 0], f"silent {i}") for i in range(3)]
    outcome = evaluate(*clips, *silent, missing=missing)
    replicates = dict(zip(outcome.replicates.names, outcome.replicates.values.T, strict=True))
    drawn = replicates["clip_auroc"]
    assert set(drawn[~np.isnan(drawn)]) == {0.0}
    assert outcome.metrics["clip_auroc"] == 0
    assert outcome.intervals["clip_auroc"] == [0, 0]
    assert 0 < np.isnan(drawn).sum() < len(drawn)  # draws of silent and abnormal clips alone


def test_misordering_is_shared_out_among_videos():
    outcome = evaluate(video([1, 9], [0, 1]), video([3, 2], [0, 1]), video([5], [0]))
    shares = [each["misordering"] for each in outcome.per_video]
    # 2 loses against 3 and 5: two of six pairs, half of each to either side.
    np.testing.assert_allclose(shares, [0, 1.5 / 6, 0.5 / 6])
    assert sum(shares) == pytest.approx(1 - outcome.metrics["auroc"])


def test_outcome_is_json_and_its_curve_is_short():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 50_000)
    outcome = evaluate(video(random.normal(size=50_000) + labels, labels))
    json.dumps([outcome.metrics, outcome.counts, outcome.per_video, outcome.roc], allow_nan=False)
    assert len(outcome.roc["fpr"]) == len(outcome.roc["thresholds"]) <= 2_000
    assert outcome.roc["thresholds"][0] is None
    area = np.trapezoid(outcome.roc["tpr"], outcome.roc["fpr"])
    assert area == pytest.approx(outcome.metrics["auroc"], abs=1e-4)


@pytest.fixture(scope="module")
def ped2(shared_data):
    """The twelve test clips with scores that somebody else has published."""
    scores = np.load(shared_data / "ped2/published-scores/hyrsta_best_normalized_losses.npy")
    masks = np.load(shared_data / "ped2/gt/ped2_pixel_masks.npz")
    clips, start = [], 0
    for name in sorted(masks.files):
        labels = masks[name].any(axis=(1, 2)).astype(np.uint8)
        clips.append(video(scores[start : start + len(labels)], labels, name))
        start += len(labels)
    assert start == len(scores)
    return clips


@pytest.mark.shared_data
def test_ped2_gives_the_published_numbers(ped2):
    raw, per_video = evaluate(*ped2), evaluate(*ped2, normalisation="per_video")
    assert raw.metrics["auroc"] == pytest.approx(0.95695, abs=5e-6)
    assert per_video.metrics["auroc"] == pytest.approx(0.9603, abs=5e-5)
    assert raw.metrics["macro_auroc"] == pytest.approx(0.9525, abs=5e-5)
    assert raw.metrics["clip_auroc"] is None
    assert raw.counts == {
        "n_videos": 12,
        "n_frames": 2010,
        "n_abnormal_frames": 1648,
        "n_frames_without_score": 0,
        "n_undefined_videos": 4,
    }


@pytest.mark.parametrize("n_frames", [5_000, 200_000])
def test_thin_roc_keeps_ends_best_corner_and_area(n_frames):
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, n_frames)
    fpr, tpr, _ = metrics.roc_curve(labels, random.normal(size=n_frames) + labels)
    kept = thin_roc(fpr, tpr, 2_000)
    assert len(kept) <= 2_000
    assert (kept[0], kept[-1]) == (0, len(fpr) - 1)
    assert np.argmax(tpr - fpr) in kept
    area, thin_area = np.trapezoid(tpr, fpr), np.trapezoid(tpr[kept], fpr[kept])
    assert thin_area == pytest.approx(area, abs=1e-5)


def test_thin_roc_of_a_perfect_score_keeps_its_corner():
    labels = np.repeat([0, 1], 5_000)
    fpr, tpr, _ = metrics.roc_curve(labels, np.arange(10_000.0))
    kept = thin_roc(fpr, tpr, 100)
    assert (0.0, 1.0) in zip(fpr[kept], tpr[kept], strict=True)


def recorded(name: str, n_frames: int, *intervals: tuple[int, int]) -> VideoRecord:
    return VideoRecord(
        id=name, path=f"/{name}.mp4", n_frames=n_frames,
        intervals=tuple(Interval(start_frame=a, end_frame=b) for a, b in intervals),
    )  # fmt: skip


def native(*values: float, first_frame: int = 0) -> Scores:
    return Scores(values=np.array(values, np.float32), first_frame=first_frame)


def test_scored_videos_joins_frames_and_ground_truth() -> None:
    [scored] = scored_videos([recorded("a", 4, (0, 1), (3, 9))], {"a": native(1, 2, first_frame=2)})

    np.testing.assert_array_equal(scored.scores, np.array([NAN, NAN, 1, 2], np.float32))
    assert scored.labels.tolist() == [1, 0, 0, 1]


def test_scored_videos_names_a_video_without_scores() -> None:
    with pytest.raises(BadInput, match="1 of 2 videos have no scores, the first is b"):
        scored_videos([recorded("a", 1), recorded("b", 1)], {"a": native(1)})


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (native(1, 2, 3), "a: 3 scores where at most 2 fit"),
        (native(1, NAN), "a: 1 of 2 scores are NaN or infinite"),
    ],
)
def test_scored_videos_cuts_nothing_off(scores: Scores, sentence: str) -> None:
    with pytest.raises(BadInput, match=sentence):
        scored_videos([recorded("a", 2)], {"a": scores})


def test_scored_videos_of_nothing() -> None:
    with pytest.raises(BadInput, match="There are no videos to evaluate"):
        scored_videos([], {})


def test_scored_videos_needs_the_number_of_frames() -> None:
    with pytest.raises(BadInput, match="does not say how many frames a has"):
        scored_videos([recorded("a", 0)], {"a": native(1)})


def test_settings_refuse_what_they_do_not_know():
    for wrong, sentence in (
        ({"smothing": 3}, "smothing: not known"),
        ({"normalisation": "global"}, "none of none, per_video, test_set"),
        ({"metric": "accuracy"}, "is none of auroc"),
        ({"drop_first": -1}, "no number of frames"),
        ({"macro_padding": 1}, "true or false"),
    ):
        with pytest.raises(BadInput, match=sentence):
            Settings.from_json(wrong)
    assert Settings.from_json(Settings(drop_first=4).to_json()) == Settings(drop_first=4)


def test_first_frames_can_be_left_out():
    outcome = evaluate_videos([video([9, 0, 1], [0, 0, 1])], Settings(drop_first=1))
    assert outcome.metrics["auroc"] == 1
    assert outcome.counts["n_frames"] == 2


def test_stretching_the_whole_test_set_changes_no_rank():
    videos = [video([1, 5, 3], [0, 1, 1], "a"), video([2, 4], [0, 0], "b")]
    raw = evaluate_videos(videos, Settings())
    stretched = evaluate_videos(videos, Settings(normalisation="test_set"))
    assert stretched.metrics == raw.metrics
    assert stretched.thresholds[0]["threshold"] == (raw.thresholds[0]["threshold"] - 1) / 4


def test_abnormal_videos_alone():
    videos = [video([1, 3], [0, 1], "a"), video([9, 9], [0, 0], "b")]
    assert evaluate(*videos).metrics["abnormal_auroc"] == 1
    assert evaluate(videos[1]).metrics["abnormal_auroc"] is None


def test_each_kind_against_all_that_is_normal_and_inside_its_videos():
    fight = np.array([False, True, False, False])
    both = ScoredVideo(
        video_id="a",
        scores=np.array([1, 4, 2, 9], np.float32),
        labels=np.array([0, 1, 0, 1], np.uint8),
        classes={"fight": fight, "fire": np.array([False, False, False, True])},
    )
    found = {each["label"]: each for each in evaluate(both, video([5, 0], [0, 0], "b")).per_class}
    assert found["fight"]["auroc_inside"] == 1
    assert found["fight"]["auroc_against_normal"] == 3 / 4
    assert (found["fire"]["n_videos"], found["fire"]["n_frames"]) == (1, 1)
    assert found["fire"]["interval_against_normal"] is None  # one video only


def test_kinds_have_the_intervals_of_their_frames_drawn_by_video():
    rng = np.random.default_rng(3)
    videos = []
    for number in range(12):
        labels = (rng.random(40) < 0.4).astype(np.uint8)
        scores = (rng.integers(0, 9, 40) + labels).astype(np.float32)
        first = labels.astype(bool) & (np.arange(40) < 20)
        kinds = {"fight": first, "fire": labels.astype(bool) & ~first}
        videos.append(
            ScoredVideo(video_id=str(number), scores=scores, labels=labels, classes=kinds)
        )
    drawn = metrics.draws(12, 50, seed=1)

    for each in per_class(videos, drawn):
        once = np.ones(12, int)
        exact = of_frames(videos, each["label"], once, is_inside=False)
        assert each["auroc_against_normal"] == pytest.approx(exact, abs=1e-12)
        exact = of_frames(videos, each["label"], once, is_inside=True)
        assert each["auroc_inside"] == pytest.approx(exact, abs=1e-12)
        for name, is_inside in (("interval_against_normal", False), ("interval_inside", True)):
            values = [of_frames(videos, each["label"], times, is_inside) for times in drawn]
            assert each[name] == pytest.approx(np.quantile(values, [0.025, 0.975]).tolist())
        exact = precision_of_frames(videos, each["label"], once)
        assert each["average_precision"] == pytest.approx(exact, abs=1e-12)
        values = [precision_of_frames(videos, each["label"], times) for times in drawn]
        expected = np.quantile(values, [0.025, 0.975]).tolist()
        assert each["interval_average_precision"] == pytest.approx(expected)


def test_average_precision_of_kinds_with_more_scores_than_bins_is_exact_and_inside_its_interval():
    rng = np.random.default_rng(5)
    videos = []
    for number in range(6):
        labels = (rng.random(2_000) < 0.1).astype(np.uint8)
        scores = (rng.normal(size=2_000) + labels).astype(np.float32)
        kinds = {"fight": labels == 1}
        videos.append(
            ScoredVideo(video_id=str(number), scores=scores, labels=labels, classes=kinds)
        )
    drawn = metrics.draws(6, 40, seed=2)

    [each] = per_class(videos, drawn)

    exact = precision_of_frames(videos, "fight", np.ones(6, int))
    values = [precision_of_frames(videos, "fight", times) for times in drawn]
    assert each["average_precision"] == pytest.approx(exact, abs=1e-12)
    expected = np.quantile(values, [0.025, 0.975]).tolist()
    assert each["interval_average_precision"] == pytest.approx(expected, abs=2e-3)


@pytest.mark.parametrize("level", ["frame", "event"])
def test_one_video_has_no_intervals(level):
    settings = Settings(level=level, metric="auroc" if level == "frame" else "event_f1")

    outcome = evaluate_videos([video([1, 4, 2, 3], [0, 1, 0, 1])], settings)

    assert outcome.metrics["auroc"] == 1
    assert outcome.intervals == {}
    assert len(outcome.replicates.values) == 0
    assert all(each["intervals"] == {} for each in outcome.thresholds)


def test_numbers_of_one_video_among_many_have_no_intervals():
    """The second has no anomaly, so that AUROC alone and over abnormal videos are the first's."""
    videos = [video([1, 4, 2, 3], [0, 1, 0, 1], "a"), video([1, 2, 1, 5], [0] * 4, "b")]

    outcome = evaluate(*videos)

    assert outcome.metrics["macro_auroc"] == outcome.metrics["abnormal_auroc"] == 1
    assert outcome.intervals.keys().isdisjoint({"macro_auroc", "abnormal_auroc"})
    assert "auroc" in outcome.intervals


def test_kind_without_a_frame_of_either_side_is_undefined():
    everywhere = np.array([True, True])
    only = ScoredVideo(
        video_id="a",
        scores=np.array([1, 2], np.float32),
        labels=np.array([1, 1], np.uint8),
        classes={"fight": everywhere, "fire": ~everywhere},
    )

    fight, fire = per_class([only, only], np.ones((10, 2), int))

    for each in (fight, fire):
        assert each["auroc_against_normal"] is each["auroc_inside"] is None
        assert each["interval_against_normal"] is each["interval_inside"] is None
        assert each["average_precision"] is each["interval_average_precision"] is None
    assert (fight["n_frames"], fire["n_frames"], fire["n_videos"]) == (4, 0, 0)


def precision_of_frames(videos, kind, times):
    """Average precision of the frames of a draw, step by step over falling scores."""
    chosen = np.repeat(np.arange(len(videos)), times)
    abnormal = np.concatenate([videos[i].scores[videos[i].classes[kind]] for i in chosen])
    normal = np.concatenate([videos[i].scores[videos[i].labels == 0] for i in chosen])
    total = 0.0
    for score in np.unique(abnormal):
        n_true = (abnormal >= score).sum()
        total += (abnormal == score).sum() * n_true / (n_true + (normal >= score).sum())
    return total / len(abnormal)


def of_frames(videos, kind, times, is_inside):
    """AUROC of the frames of a draw, by scikit-learn."""
    chosen = np.repeat(np.arange(len(videos)), times)
    abnormal = [videos[i].scores[videos[i].classes[kind]] for i in chosen]
    holds = [videos[i].classes[kind].any() or not is_inside for i in chosen]
    normal = [
        videos[i].scores[videos[i].labels == 0]
        for i, is_there in zip(chosen, holds, strict=True)
        if is_there
    ]
    scores = np.concatenate([*abnormal, *normal])
    n_abnormal = sum(map(len, abnormal))
    return roc_auc_score(np.arange(len(scores)) < n_abnormal, scores)


def test_intervals_hold_the_number_and_repeat():
    rng = np.random.default_rng(0)
    videos = [video(rng.normal(size=50), rng.integers(0, 2, 50), str(i)) for i in range(20)]
    first, again = evaluate(*videos), evaluate(*videos)
    undefined = {"clip_auroc", "clip_average_precision"}  # every video holds something abnormal
    assert set(first.intervals) == set(first.replicates.names) - undefined
    for name, (low, high) in first.intervals.items():
        assert low <= first.metrics[name] <= high
    assert first.intervals == again.intervals
    assert first.replicates.drawn == again.replicates.drawn


def test_one_class_has_no_interval():
    assert evaluate(video([1, 2], [0, 0])).intervals == {}
    assert evaluate(video([1, 2], [0, 0])).thresholds == []


def test_misordering_is_that_of_the_frames_summed():
    rng = np.random.default_rng(1)
    videos = [video(rng.integers(0, 5, 30), rng.integers(0, 2, 30), str(i)) for i in range(4)]
    labels = np.concatenate([each.labels for each in videos])
    by_frame = metrics.misordering(labels, np.concatenate([each.scores for each in videos]))
    assert [each["misordering"] for each in evaluate(*videos).per_video] == pytest.approx(
        by_frame.reshape(4, 30).sum(axis=1)
    )


PROTOCOLS = [
    Settings(),
    Settings(metric="macro_auroc"),
    Settings(missing="drop"),
    Settings(level="event", metric="event_f1", merge_gap_seconds=1, iou=0.5),
    Settings(level="event", metric="event_f1", merge_gap_seconds=1, hold_seconds=0.2),
    Settings(normalisation="per_video"),
    Settings(normalisation="per_video", macro_padding=True, metric="macro_auroc"),
    Settings(smoothing="mean", smoothing_frames=3),
    Settings(drop_first=2),
    Settings(threshold=0.4),
    Settings(threshold=0.4, level="event", metric="event_recall"),
]


@pytest.mark.parametrize("n_missing", [0, 3])
def test_together_protocols_give_what_they_give_alone(n_missing):
    rng = np.random.default_rng(3)
    videos = []
    for number in range(7):
        labels = (np.arange(60) // 20 == number % 4).astype(np.uint8)
        scores = rng.random(60, np.float32) + labels * np.float32(0.3)
        scores[:n_missing] = np.nan
        classes = {"ramp": labels == 1} if number % 2 else {}
        made = ScoredVideo(
            video_id=str(number),
            scores=scores,
            labels=labels,
            classes=classes,
            clock=Clock.constant(60, 10),
        )
        videos.append(made)
    held_out = videos[5:]
    together = list(evaluate_under(videos[:5], PROTOCOLS, held_out))
    for outcome, settings in zip(together, PROTOCOLS, strict=True):
        alone = evaluate_videos(videos[:5], settings, held_out)
        assert outcome.to_json() == alone.to_json()
        assert outcome.replicates.names == alone.replicates.names
        np.testing.assert_array_equal(outcome.replicates.values, alone.replicates.values)
    assert len({json.dumps(outcome.to_json()) for outcome in together}) > 7


def test_protocols_that_differ_in_events_alone_share_the_work(monkeypatch):
    ranked = []
    ranking = metrics.Segments.ranking
    monkeypatch.setattr(metrics.Segments, "ranking", lambda self: ranked.append(1) or ranking(self))
    one = video([0.1, 0.2, 0.9, 0.8], [0, 0, 1, 1])
    list(evaluate_under([one], [Settings()]))
    n_for_one = len(ranked)
    list(evaluate_under([one], PROTOCOLS[:5]))
    assert n_for_one < len(ranked) <= 2 * n_for_one + 2


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("rules", "metric", "published"),
    [
        (Settings(drop_first=4), "auroc", 0.9599),
        (Settings(macro_padding=True), "macro_auroc", 0.9698),
        (Settings(), "abnormal_auroc", 0.9570),
    ],
)
def test_ped2_under_other_conventions(ped2, rules, metric, published):
    assert evaluate_videos(ped2, rules).metrics[metric] == pytest.approx(published, abs=5e-5)
