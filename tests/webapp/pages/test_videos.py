"""The video page and its data: who sees it, what it says, what it costs."""

import json

import numpy as np
import pytest

from ml.records import Scores
from tests.evaluating import evaluate_under_each
from tests.factories.accounts import TeamFactory
from tests.factories.datasets import AnnotationSetFactory, IntervalFactory, VideoFactory
from tests.factories.results import add_to_test, float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.datasets.models import Video
from webapp.results.protocols.presets import ensure_protocols

LABELS = [0, 0, 1, 1, 0]


def evaluated(run, **scores):
    score_set = save_by_name(run, scores)
    evaluate_under_each(score_set, ensure_protocols())
    return run


@pytest.fixture
def run(team):
    run = labelled_run({"a": LABELS}, team=team, name="First")
    return evaluated(run, a=float32(0, 1, 4, 3, 2))


@pytest.fixture
def video(run):
    return run.dataset.videos.get()


@pytest.fixture
def second(run, video):
    """A later run on the same video, with one score for two frames from frame 1 on."""
    second = RunFactory.create(dataset=run.dataset, team=run.team, name="Second")
    add_to_test(second, video, LABELS)
    windowed = Scores(values=np.array([5, 6], np.float32), first_frame=1, frames_per_value=2)
    return evaluated(second, a=windowed)


def page_data(response):
    return response.context["data"]


def test_page_shows_the_newest_run_and_its_auc_here(as_alice, video, run, second):
    response = as_alice.get(f"/videos/{video.pk}")
    assert page_data(response)["shown"] == [second.pk]
    listed = response.context["page"].runs
    assert [(each.run, each.auroc, each.key) for each in listed] == [
        (second, 7 / 12, 1),
        (run, 1, 2),
    ]
    assert "1.000" in response.content.decode()


def test_page_state_comes_from_the_address(as_alice, video, run, second):
    query = f"run={run.pk}&run={second.pk}&f=3&from=1&to=4&t=2.5"
    response = as_alice.get(f"/videos/{video.pk}?{query}")
    data = page_data(response)
    assert data["shown"] == [run.pk, second.pk]
    assert (data["frame"], data["window"], data["threshold"]) == (3, [1, 4], 2.5)
    assert [trace["name"] for trace in response.context["figure"]["data"]] == ["First", "Second"]


def test_page_ignores_runs_that_did_not_score_the_video(as_alice, video, run):
    other = labelled_run({"a": LABELS}, team=run.team)
    response = as_alice.get(f"/videos/{video.pk}?run={other.pk}&run={run.pk}&f=99")
    assert page_data(response)["shown"] == [run.pk]
    assert page_data(response)["frame"] == 4


def test_page_marks_the_events_of_the_ground_truth(as_alice, video, run):
    AnnotationSetFactory.create(dataset=run.dataset)  # newer, not that of the run
    response = as_alice.get(f"/videos/{video.pk}")
    event = response.context["page"].events[0]
    assert (event.start_frame, event.last_frame, event.left, event.width) == (
        2, 3, "40.0000", "40.0000",
    )  # fmt: skip
    assert page_data(response)["events"] == [2]


def test_page_leads_to_its_neighbours_with_the_same_runs(as_alice, video, run):
    following = VideoFactory.create(dataset=run.dataset, name="b")
    VideoFactory.create(dataset=run.dataset, name="c", status=Video.Status.REJECTED)
    html = as_alice.get(f"/videos/{video.pk}").content.decode()
    assert f"/videos/{following.pk}?run={run.pk}" in html
    html = as_alice.get(f"/videos/{following.pk}").content.decode()
    assert f"/videos/{video.pk}?" in html


def test_page_without_scores_names_the_run_to_wait_for(as_alice, team):
    video = VideoFactory.create(dataset__team=team)
    html = as_alice.get(f"/videos/{video.pk}").content.decode()
    assert f"/runs/new?dataset={video.dataset_id}" in html
    run = RunFactory.create(dataset=video.dataset, team=team)
    html = as_alice.get(f"/videos/{video.pk}").content.decode()
    assert f"/runs/{run.pk}" in html


def test_page_of_a_rejected_video_gives_the_reason(as_alice, team):
    video = VideoFactory.create(
        dataset__team=team, status=Video.Status.REJECTED, n_frames=0, reason="The file is empty."
    )
    assert "The file is empty." in as_alice.get(f"/videos/{video.pk}").content.decode()


def test_page_of_a_rejected_video_that_left_the_folder(as_alice, team):
    video = VideoFactory.create(
        dataset__team=team, status=Video.Status.RETIRED, n_frames=0, fps=0, reason="It is gone."
    )
    IntervalFactory.create(video=video, annotation_set__dataset=video.dataset)
    assert "It is gone." in as_alice.get(f"/videos/{video.pk}").content.decode()


def test_page_does_not_show_runs_of_other_teams(as_alice, video, run):
    stranger = RunFactory.create(dataset=run.dataset, team=TeamFactory.create(), name="Secret")
    add_to_test(stranger, video, LABELS)
    evaluated(stranger, a=float32(1, 2, 3, 4, 5))
    response = as_alice.get(f"/videos/{video.pk}?run={stranger.pk}")
    assert "Secret" not in response.content.decode()
    for name in ("curve", "scores", "alarms"):
        assert as_alice.get(f"/videos/{video.pk}/{name}?run={stranger.pk}").status_code == 404


@pytest.mark.parametrize("name", ["", "/curve", "/scores", "/alarms"])
def test_a_stranger_gets_404(as_charlie, video, run, name):
    assert as_charlie.get(f"/videos/{video.pk}{name}?run={run.pk}").status_code == 404


@pytest.mark.parametrize("n_runs", [1, 6])
def test_page_costs_the_same_for_any_number_of_runs(
    as_alice, video, run, n_runs, django_assert_max_num_queries
):
    for _ in range(n_runs - 1):
        another = RunFactory.create(dataset=run.dataset, team=run.team)
        add_to_test(another, video, LABELS)
        evaluated(another, a=float32(1, 2, 3, 4, 5))
    with django_assert_max_num_queries(13):  # one of them for jobs that explain
        response = as_alice.get(f"/videos/{video.pk}")
    assert len(response.context["page"].runs) == n_runs


def test_curve_gives_the_figure_of_a_window(as_alice, video, run, second):
    response = as_alice.get(f"/videos/{video.pk}/curve?run={second.pk}&run={run.pk}&from=2&to=4")
    figure = response.json()
    assert figure["layout"]["xaxis"]["range"] == [2, 4]
    stepped, plain = figure["data"]
    assert (stepped["x"], stepped["y"]) == ([1, 3, 5], [5, 6, 6])
    assert (plain["x"], plain["y"]) == ([1.5, 2.5, 3.5, 4.5], [1, 4, 3, 2])


def test_curve_keeps_to_max_points(as_alice, team):
    run = labelled_run({"long": [0] * 5_000}, team=team)
    values = Scores(values=np.arange(5_000, dtype=np.float32))
    evaluated(run, long=values)
    video = run.dataset.videos.get()
    for asked, most in [("", 2_000), ("&max_points=100", 100), ("&max_points=999999", 2_000)]:
        figure = as_alice.get(f"/videos/{video.pk}/curve?run={run.pk}{asked}").json()
        assert 0.8 * most < len(figure["data"][0]["x"]) <= most


def test_scores_are_one_float_per_frame_with_gaps(as_alice, video, second):
    response = as_alice.get(f"/videos/{video.pk}/scores?run={second.pk}&from=0&to=4")
    values = np.frombuffer(response.content, dtype="<f4")
    np.testing.assert_array_equal(values, [np.nan, 5, 5, 6])


def test_alarms_of_a_threshold(as_alice, video, run):
    point = as_alice.get(f"/videos/{video.pk}/alarms?run={run.pk}&threshold=2").json()
    assert (point["n_alarms"], point["n_found_events"], point["spans"]) == (1, 1, [[2, 5]])
    assert point["mean_delay_seconds"] == 0
    held = as_alice.get(
        f"/videos/{video.pk}/alarms?run={run.pk}&threshold=2&hold_seconds=9&merge_seconds=1"
    ).json()
    assert (held["n_alarms"], held["spans"]) == (0, [])


@pytest.mark.parametrize("query", ["from=x", "to=nan", "max_points=inf", "f=1e999"])
def test_a_number_that_is_none_is_refused(as_alice, video, run, query):
    path = "" if query.startswith("f=") else "/curve"
    assert as_alice.get(f"/videos/{video.pk}{path}?run={run.pk}&{query}").status_code == 400


@pytest.mark.parametrize(
    ("query", "window"),
    [("from=-5&to=99", [0, 5]), ("from=4&to=2", [4, 5]), ("from=99", [4, 5]), ("to=0", [0, 1])],
)
def test_a_window_outside_the_video_is_moved_inside(as_alice, video, run, query, window):
    figure = as_alice.get(f"/videos/{video.pk}/curve?run={run.pk}&{query}").json()
    assert figure["layout"]["xaxis"]["range"] == window


def test_page_data_is_json(as_alice, video, run):
    json.dumps(page_data(as_alice.get(f"/videos/{video.pk}")), allow_nan=False)
