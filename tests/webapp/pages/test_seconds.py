"""Frames become seconds by the stored times of a video, on every page and over REST."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.clock import Clock
from ml.evaluation import EVALUATOR_VERSION
from ml.records import Scores
from tests.evaluating import evaluate
from tests.factories.datasets import IntervalFactory, VideoFactory
from tests.factories.results import labelled_run, save_by_name
from webapp.accounts.models import Team
from webapp.datasets.models import Video, clock_of
from webapp.datasets.seconds import Span, clock_for_scripts, span_of
from webapp.results.models import Evaluation, ScoreSet
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.scores.with_ground_truth import labelled_scores
from webapp.results.studies.operating_points import Explorer, Wish
from webapp.runs.models import Run

# A camera that records on motion: two bursts of 100 frames at 25 a second, a minute apart.
BURSTS = np.arange(200) / 25 + np.where(np.arange(200) >= 100, 60, 0)
MEAN_RATE = 199 / float(BURSTS[-1])


def frames(*spans: tuple[int, int]) -> np.ndarray:
    found = np.zeros(200, np.float32)
    for start, end in spans:
        found[start:end] = 1
    return found


def timed_run(team: Team, *alarms: tuple[int, int], **times: Any) -> Run:
    """One video with an event in [125, 175), whose scores are 1 in the alarms, else 0."""
    run = labelled_run({"a": frames((125, 175)).astype(int).tolist()}, team=team)
    given = {"pts_seconds": BURSTS.astype("<f8").tobytes(), "fps": MEAN_RATE}
    run.dataset.videos.update(**(given | times))
    save_by_name(run, {"a": Scores(values=frames(*alarms))})
    return run


@pytest.fixture
def run(team: Team) -> Run:
    return timed_run(team, (130, 140), (90, 104))


@pytest.fixture
def video(run: Run) -> Video:
    return run.dataset.videos.get()


@pytest.fixture
def score_set(run: Run) -> ScoreSet:
    return ScoreSet.objects.select_related("run").get(run=run)


pytestmark = pytest.mark.django_db


def test_video_page(as_alice: Client, video: Video, run: Run) -> None:
    response = as_alice.get(f"/videos/{video.pk}")
    [event] = response.context["page"].events
    assert (event.start_seconds, event.seconds) == (pytest.approx(65.0), pytest.approx(2.0))
    page = response.content.decode()
    assert '<td class="num">1 min 05 s</td>' in page
    assert '<td class="num">2.0 s</td>' in page
    assert "fps" not in response.context["data"]
    shown = shown_by_scripts(response.context["data"]["clock"], 200)
    assert shown == [round(1_000 * each) for each in BURSTS]


def test_page_and_alarms_ask_for_the_times_with_the_video(
    as_alice: Client, video: Video, run: Run, django_assert_num_queries: Any
) -> None:
    query = f"run={run.pk}&threshold=1"
    as_alice.get(f"/videos/{video.pk}/alarms?{query}")
    with django_assert_num_queries(6) as asked:
        as_alice.get(f"/videos/{video.pk}/alarms?{query}")
    assert sum("pts_seconds" in each["sql"] for each in asked) == 1
    with django_assert_num_queries(6) as asked:  # one of them for the events behind the curve
        as_alice.get(f"/videos/{video.pk}/curve?{query}")
    assert not any("pts_seconds" in each["sql"] for each in asked)


def test_alarms_of_the_page(as_alice: Client, video: Video, run: Run) -> None:
    def point(query: str = "") -> dict[str, Any]:
        address = f"/videos/{video.pk}/alarms?run={run.pk}&threshold=1{query}"
        return dict(as_alice.get(address).json())

    plain = point("&merge_seconds=1")
    assert plain["spans"] == [[90, 100], [100, 104], [130, 140]]
    assert (plain["n_alarms"], plain["n_false_alarms"]) == (3, 2)
    assert plain["mean_delay_seconds"] == pytest.approx(0.2)
    assert plain["false_alarms_per_hour"] == pytest.approx(2 * 3_600 / 68)
    assert point("&merge_seconds=60")["spans"] == [[90, 140]]
    assert point("&hold_seconds=0.4")["mean_delay_seconds"] == pytest.approx(0.56)


def test_video_over_rest(as_alice: Client, video: Video, run: Run) -> None:
    [interval] = as_alice.get(f"/api/v1/videos/{video.pk}").json()["intervals"]
    assert interval == {
        "start_frame": 125, "end_frame": 175, "label": "",
        "start_seconds": pytest.approx(65.0), "seconds": pytest.approx(2.0),
    }  # fmt: skip
    [listed] = as_alice.get(f"/api/v1/datasets/{run.dataset_id}/videos").json()["results"]
    assert listed["intervals"] == [interval]


def test_a_list_of_videos_asks_once_for_the_times_of_those_with_events(
    as_alice: Client, run: Run, django_assert_max_num_queries: Any
) -> None:
    times = BURSTS.astype("<f8").tobytes()
    truth = run.dataset.ground_truth
    for _ in range(3):
        other = VideoFactory.create(dataset=run.dataset, n_frames=200, pts_seconds=times)
        IntervalFactory.create(video=other, annotation_set=truth, start_frame=125, end_frame=175)
    plain = VideoFactory.create(dataset=run.dataset, name="z", n_frames=200, pts_seconds=times)
    with django_assert_max_num_queries(7) as asked:
        answer = as_alice.get(f"/api/v1/datasets/{run.dataset_id}/videos").json()
    events = [each for video in answer["results"] for each in video["intervals"]]
    assert [each["start_seconds"] for each in events] == pytest.approx([65.0] * 4)
    [reading] = [each["sql"] for each in asked if "pts_seconds" in each["sql"]]
    assert plain.pk not in reading


def test_operating_points_over_rest(as_alice: Client, run: Run) -> None:
    path = f"/api/v1/runs/{run.pk}/operating-points"
    answer = as_alice.get(path, {"threshold": 1}).json()
    [event] = answer["events"]
    assert (event["start_seconds"], event["seconds"]) == (
        pytest.approx(65.0), pytest.approx(2.0),
    )  # fmt: skip
    assert (event["delay_frames"], event["delay_seconds"]) == (5, pytest.approx(0.2))
    assert answer["summary"]["hours"] == pytest.approx(68 / 3_600)
    assert answer["summary"]["n_alarms"] == 3
    [false] = answer["false_alarms"]
    assert (false["n_false_alarms"], false["first_frame"]) == (2, 90)
    assert false["false_alarms_per_hour"] == pytest.approx(2 * 3_600 / 68)


def test_numbers_of_an_event_protocol(score_set: ScoreSet) -> None:
    [protocol] = [each for each in ensure_protocols() if each.slug == "event-touched"]
    evaluation = evaluate(score_set, protocol)
    assert evaluation.metrics["detection_delay"] == pytest.approx(0.2)
    assert evaluation.metrics["false_alarms_per_hour"] == pytest.approx(2 * 3_600 / 68)
    assert evaluation.thresholds[0]["events"]["hours"] == pytest.approx(68 / 3_600)
    assert Evaluation.objects.get().evaluator_version == EVALUATOR_VERSION


def test_a_listed_video_goes_by_its_rate(team: Team, as_alice: Client) -> None:
    run = timed_run(team, (130, 140), pts_seconds=b"", fps=50.0, kind=Video.Kind.LISTED)
    video = run.dataset.videos.get()
    response = as_alice.get(f"/videos/{video.pk}")
    [event] = response.context["page"].events
    assert (event.start_seconds, event.seconds) == (2.5, 1.0)
    assert "as it was stated; seconds go by it" in response.content.decode()
    assert shown_by_scripts(response.context["data"]["clock"], 200) == list(range(0, 4_000, 20))
    summary = Explorer(run.score_set, Wish(threshold=1)).summary
    assert (summary["hours"], summary["mean_delay_seconds"]) == (4 / 3_600, 0.1)


def test_a_picture_that_starts_late(team: Team, as_alice: Client) -> None:
    times = (0.5 + np.arange(200) / 25).astype("<f8").tobytes()
    run = timed_run(team, (130, 140), pts_seconds=times, fps=25.0)
    response = as_alice.get(f"/videos/{run.dataset.videos.get().pk}")
    [event] = response.context["page"].events
    assert (event.start_seconds, event.seconds) == (pytest.approx(5.5), pytest.approx(2.0))
    shown = shown_by_scripts(response.context["data"]["clock"], 200)
    assert shown == list(range(500, 8_500, 40))
    summary = Explorer(run.score_set, Wish(threshold=1)).summary
    assert (summary["hours"], summary["mean_delay_seconds"]) == (8 / 3_600, 0.2)


def test_without_times_or_rate_there_are_no_seconds(team: Team, as_alice: Client) -> None:
    run = timed_run(team, (130, 140), pts_seconds=b"", fps=0)
    video = run.dataset.videos.get()
    response = as_alice.get(f"/videos/{video.pk}")
    [event] = response.context["page"].events
    assert (event.start_seconds, event.seconds) == (None, None)
    assert response.context["data"]["clock"] is None
    [interval] = as_alice.get(f"/api/v1/videos/{video.pk}").json()["intervals"]
    assert (interval["start_seconds"], interval["seconds"]) == (None, None)
    summary = Explorer(run.score_set, Wish(threshold=1)).summary
    assert (summary["mean_delay_frames"], summary["mean_delay_seconds"]) == (5, None)
    assert (summary["median_delay_seconds"], summary["hours"]) == (None, None)


def test_scores_come_with_the_clocks_of_their_videos_in_one_query(
    score_set: ScoreSet, django_assert_num_queries: Any
) -> None:
    truth = score_set.run.annotation_set
    with django_assert_num_queries(3):  # scores, intervals, videos
        [scored] = labelled_scores(score_set, truth)
    assert scored.clock is not None
    np.testing.assert_array_equal(scored.clock.times, BURSTS)


def test_clock_of_the_fields_of_a_video() -> None:
    one = np.array([3.0], "<f8").tobytes()
    assert clock_of(one, 1, 0.0) is None  # nobody knows how long it is shown
    still = clock_of(one, 1, 25.0)
    assert still is not None
    assert (still.seconds, still.times.tolist()) == (pytest.approx(0.04), [3.0])
    assert clock_of(b"", 5, 0.0) is None


def test_a_span_ends_with_the_video_and_before_a_pause() -> None:
    clock = Clock.of_times(BURSTS)
    assert span_of(clock, 50, 100) == (pytest.approx(2), pytest.approx(2))
    assert span_of(clock, 90, 110) == (pytest.approx(3.6), pytest.approx(60.8))
    assert span_of(clock, 190, 999) == (pytest.approx(67.6), pytest.approx(0.4))
    assert span_of(None, 0, 1) == Span(start_seconds=None, seconds=None)


# --- What the scripts of the page make of a clock


def shown_by_scripts(clock: dict[str, Any] | None, n_frames: int) -> list[int]:
    """Whole milliseconds, as `video/seconds.js` has them."""
    assert clock is not None
    if "step" in clock:
        return [int(np.floor(clock["first"] + k * clock["step"])) for k in range(n_frames)]
    gaps = np.repeat(clock["gaps"][::2], clock["gaps"][1::2])
    return [int(each) for each in np.cumsum([clock["first"], *gaps])]


@pytest.mark.parametrize(
    "times",
    [
        np.arange(90_000) / 25,
        0.5 + np.arange(90_000) * 1_001 / 30_000,
        np.round(np.arange(90_000) / 30, 3),
        np.floor(np.arange(90_000) * 1_001 / 30) / 1_000,
        np.arange(90_000) / 19.62,
        np.arange(5) * 3_600.0,
        np.array([-0.04, 0.0, 0.04]),
        np.array([7.25]),
    ],
)
def test_what_keeps_to_a_rate_takes_two_numbers(times: np.ndarray) -> None:
    clock = clock_for_scripts(Clock.of_times(times, 25.0))
    assert clock is not None
    assert set(clock) == {"first", "step"}
    expected = np.floor(times * 1_000 + 1e-3).astype(int).tolist()
    assert shown_by_scripts(clock, len(times)) == expected


@given(st.lists(st.sampled_from([0.0333, 0.04, 0.0401, 0.001, 2.0, 60.0]), max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_clock_is_right_to_the_millisecond(gaps: list[float]) -> None:
    times = np.cumsum([0.5, *gaps])
    shown = shown_by_scripts(clock_for_scripts(Clock.of_times(times, 25.0)), len(times))
    assert np.abs(np.array(shown) / 1_000 - times).max() <= 0.001
    assert shown == np.floor(times * 1_000 + 1e-3).astype(int).tolist()


def test_bursts_take_few_numbers() -> None:
    clock = clock_for_scripts(Clock.of_times(BURSTS))
    assert clock == {"first": 0, "gaps": [40, 99, 60_040, 1, 40, 99]}
