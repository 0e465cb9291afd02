"""Virtual runs: a recipe in place of a job and of stored scores."""

from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml.records import Scores
from ml.scores import sources
from tests.evaluating import end_evaluations
from tests.factories.datasets import VideoFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, ScoreOverview, ScoreSet, VideoScores
from webapp.results.scores import evaluation_jobs, virtual
from webapp.results.scores.reading import read_scores
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_worker")]

LABELS = {"a": [0, 0, 1, 1], "b": [0, 0, 0]}


@pytest.fixture
def first(team: Team) -> Run:
    run = labelled_run(LABELS, team=team, name="First", current_job__ended=True)
    save_by_name(run, {"a": float32(0, 4, 2, 2), "b": float32(0, 0, 0)})
    return run


@pytest.fixture
def second(first: Run) -> Run:
    """Other scores on the same split: alone both rank one pair wrongly, together none."""
    run = RunFactory.create(
        team=first.team,
        name="Second",
        dataset=first.dataset,
        split=first.split,
        annotation_set=first.annotation_set,
        current_job__ended=True,
    )
    save_by_name(run, {"a": float32(1, 0, 3, 3), "b": float32(0, 4, 0)})
    return run


def recipe(*runs: Run, **values: Any) -> dict[str, Any]:
    return {"members": [{"run": run.pk} for run in runs], **values}


def by_name(run: Run) -> dict[str, Scores]:
    names = dict(run.dataset.videos.values_list("pk", "name"))
    return {names[pk]: scores for pk, scores in read_scores(run.score_set).items()}


def test_a_mean_is_computed_as_it_is_read(first: Run, second: Run, bob: User) -> None:
    n_stored, n_jobs = VideoScores.objects.count(), Job.objects.count()

    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)

    np.testing.assert_array_equal(by_name(mixed)["a"].values, [0.5, 2, 2.5, 2.5])
    assert VideoScores.objects.count() == n_stored
    assert Job.objects.count() == n_jobs + 1
    assert Job.objects.latest("pk").kind == "evaluate"
    mixed.refresh_from_db()
    assert mixed.status == Job.Status.SUCCEEDED


def test_a_mean_is_evaluated_like_any_run(first: Run, second: Run, bob: User) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)

    evaluation = Evaluation.objects.get(
        score_set=mixed.score_set, protocol__slug="frame-raw", annotation_set=first.annotation_set
    )
    assert evaluation.metrics["auroc"] == 1
    assert evaluation.score_hash == mixed.score_set.content_hash


def test_a_mix_of_a_mix_follows_both_recipes(first: Run, second: Run, bob: User) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)

    again = create_virtual_run(team=first.team, recipe=recipe(mixed, first), by=bob)

    np.testing.assert_array_equal(by_name(again)["a"].values, [0.25, 3, 2.25, 2.25])


@pytest.fixture
def idle_worker(eager_worker: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that begins nothing until the test says so."""
    monkeypatch.setattr(virtual, "submit_evaluation", evaluation_jobs.submit_evaluation)


@pytest.mark.usefixtures("idle_worker")
def test_no_score_is_read_before_a_job_does(
    first: Run, second: Run, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sources, "fuse", pytest.fail)
        mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)
    assert (mixed.score_set.lowest, mixed.score_set.highest) == (None, None)

    assert end_evaluations() == 1

    found = ScoreSet.objects.get(run=mixed)
    assert (found.lowest, found.highest) == (0, 2.5)
    assert ScoreOverview.objects.filter(score_set=found).count() == 1


@pytest.mark.usefixtures("idle_worker")
def test_pages_draw_a_mix_before_its_range_is_known(
    first: Run, second: Run, bob: User, as_bob: Client
) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)
    video = first.dataset.videos.get(name="a")

    figure = as_bob.get(f"/videos/{video.pk}/curve", {"run": mixed.pk}).json()

    low, high = figure["layout"]["yaxis"]["range"]
    assert low < 0.5
    assert high > 2.5
    for address in (f"/videos/{video.pk}?run={mixed.pk}", mixed.get_absolute_url()):
        assert as_bob.get(address).status_code == 200


@pytest.mark.usefixtures("idle_worker")
def test_a_mix_is_not_calibrated_by_a_range_that_nobody_knows(
    first: Run, second: Run, bob: User
) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), name="Mixed", by=bob)
    members = [{"run": mixed.pk, "calibration": "test_set"}, {"run": first.pk}]

    with pytest.raises(UserError, match="Mixed has not been evaluated: the range") as caught:
        create_virtual_run(team=first.team, recipe={"members": members}, by=bob)
    assert (caught.value.code, caught.value.field) == ("not_evaluated", "recipe")

    end_evaluations()
    again = create_virtual_run(team=first.team, recipe={"members": members}, by=bob)
    # 0.5, 2, 2.5 and 2.5 of at most 2.5, with 0, 4, 2 and 2.
    np.testing.assert_allclose(by_name(again)["a"].values, [0.1, 2.4, 1.5, 1.5])


@pytest.mark.usefixtures("idle_worker")
def test_a_mix_without_any_score_has_no_range_and_is_evaluated_once(first: Run, bob: User) -> None:
    VideoScores.objects.filter(score_set__run=first).update(values=b"\0\0\xc0\x7f" * 3)
    mixed = create_virtual_run(team=first.team, recipe=recipe(first), by=bob)
    end_evaluations()
    Job.objects.filter(pk=first.job.pk).update(status="running", finished_at=None)

    assert ScoreSet.objects.get(run=mixed).lowest is None
    assert evaluation_jobs.submit_missing() == 0
    members = [{"run": mixed.pk, "calibration": "test_set"}]
    create_virtual_run(team=first.team, recipe={"members": members}, by=bob)


def test_runs_of_other_splits_are_refused(first: Run, team: Team, bob: User) -> None:
    other = labelled_run(LABELS, team=team, current_job__ended=True)
    save_by_name(other, {"a": float32(0, 4, 2, 2), "b": float32(0, 0, 0)})

    with pytest.raises(UserError, match="other splits or ground truth"):
        create_virtual_run(team=team, recipe=recipe(first, other), by=bob)
    assert not Run.objects.filter(kind=Run.Kind.VIRTUAL).exists()


def test_a_run_of_another_team_does_not_exist(first: Run, second: Run, bob: User) -> None:
    Run.objects.filter(pk=second.pk).update(team=RunFactory.create().team)

    with pytest.raises(UserError, match="no run"):
        create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)


def test_a_run_without_scores_is_refused(first: Run, bob: User) -> None:
    waiting = RunFactory.create(team=first.team, name="Waiting")

    with pytest.raises(UserError, match="Waiting has no scores yet"):
        create_virtual_run(team=first.team, recipe=recipe(first, waiting), by=bob)


@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        (("last", "test"), "test"),
        (("validation", "last"), "validation"),
        (("last", "last"), "last"),
    ],
)
def test_a_mix_is_as_honest_as_its_least_honest_member(
    first: Run, second: Run, bob: User, selections: tuple[str, str], expected: str
) -> None:
    for run, selection in zip((first, second), selections, strict=True):
        Run.objects.filter(pk=run.pk).update(selection=selection)

    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)

    assert mixed.selection == expected


def test_page_mixes_the_ticked_runs(as_bob: Client, first: Run, second: Run) -> None:
    answers = {
        "run": [first.pk, second.pk],
        f"weight-{first.pk}": "3",
        f"calibration-{second.pk}": "per_video",
        "smoothing": "none",
        "smoothing_frames": "0",
    }

    response = as_bob.post("/runs/mix", answers)

    mixed = Run.objects.get(kind=Run.Kind.VIRTUAL)
    assert response.headers["Location"] == mixed.get_absolute_url()
    assert [member["weight"] for member in mixed.recipe["members"]] == [3, 1]
    assert mixed.recipe["members"][1]["calibration"] == "per_video"


def test_page_says_what_is_wrong_and_keeps_the_answers(as_bob: Client, first: Run) -> None:
    answers = {"run": [first.pk], f"weight-{first.pk}": "x", "smoothing": "none"}

    response = as_bob.post("/runs/mix", answers | {"smoothing_frames": "0"})

    assert response.status_code == 422
    assert "The weight “x” is no number." in response.content.decode()
    assert response.context["rows"][0]["is_chosen"]


@pytest.fixture
def mixed(first: Run, second: Run, bob: User) -> Run:
    return create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)


@pytest.mark.parametrize("address", ["/", "/runs", "/runs/{run}", "/runs/{run}/progress"])
def test_pages_show_a_run_that_is_only_evaluated(as_bob: Client, mixed: Run, address: str) -> None:
    response = as_bob.get(address.format(run=mixed.pk))

    assert response.status_code == 200
    assert "Scored" in response.content.decode() or address == "/"


def test_run_page_shows_the_recipe(as_bob: Client, mixed: Run, first: Run) -> None:
    page = as_bob.get(mixed.get_absolute_url()).content.decode()

    assert f'<a href="{first.get_absolute_url()}">First</a>' in page
    assert "Learning curve" not in page
    assert "data-log" not in page


def test_run_page_shows_the_log_of_an_evaluation_that_failed(as_bob: Client, mixed: Run) -> None:
    Job.objects.filter(pk=mixed.job.pk).update(status="failed", failure="platform_error")

    assert f'data-log="/jobs/{mixed.job.pk}/log"' in as_bob.get(mixed.get_absolute_url()).text


def test_a_run_that_is_evaluated_cannot_be_cancelled(as_bob: Client, mixed: Run) -> None:
    response = as_bob.post(f"/runs/{mixed.pk}/cancel")

    assert response.status_code == 409
    assert "The job has already ended" in response.content.decode()


def test_the_video_page_draws_a_mix_beside_its_members(
    first: Run, second: Run, bob: User, as_bob: Client
) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)
    video = first.dataset.videos.get(name="a")

    page = as_bob.get(f"/videos/{video.pk}", {"run": mixed.pk})
    figure = as_bob.get(f"/videos/{video.pk}/curve", {"run": [mixed.pk, first.pk]}).json()
    values = as_bob.get(f"/videos/{video.pk}/scores", {"run": mixed.pk}).content
    alarms = as_bob.get(f"/videos/{video.pk}/alarms", {"run": mixed.pk, "threshold": 2.5}).json()

    assert mixed.name in page.content.decode()
    assert [trace["name"] for trace in figure["data"]] == [mixed.name, first.name]
    assert np.frombuffer(values, "<f4").tolist() == [0.5, 2, 2.5, 2.5]
    assert (alarms["n_alarms"], alarms["n_false_alarms"]) == (1, 0)


def test_scores_of_a_mix_through_rest(first: Run, second: Run, bob: User, as_bob: Client) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)

    listed = as_bob.get(f"/api/v1/runs/{mixed.pk}/scores").json()["videos"]

    assert [each["video_name"] for each in listed] == ["a", "b"]
    assert as_bob.get(listed[0]["url"]).json()["frames"] == [0.5, 2, 2.5, 2.5]


@pytest.mark.parametrize(
    ("smoothing", "place"),
    [({}, [2, 2]), ({"smoothing": "mean", "smoothing_frames": 3}, [3, 1])],
)
def test_where_a_mix_has_scores_is_told_without_making_them(
    first: Run, second: Run, bob: User, as_bob: Client, monkeypatch: pytest.MonkeyPatch,
    smoothing: dict[str, Any], place: list[int],
) -> None:  # fmt: skip
    """Frame 2 of `a` has no score in the second, as its first value is missing."""
    VideoScores.objects.filter(video__name="a").update(
        first_frame=2, frames_per_value=2, values=np.float32([1]).tobytes()
    )
    a_of_second = VideoScores.objects.filter(video__name="a", score_set__run=second)
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second, **smoothing), by=bob)
    if smoothing:
        a_of_second.update(frames_per_value=1, values=np.float32([np.nan, 1]).tobytes())
    monkeypatch.setattr(sources, "fuse", pytest.fail)

    listed = as_bob.get(f"/api/v1/runs/{mixed.pk}/scores").json()["videos"]

    assert [each["video_name"] for each in listed] == ["a", "b"]
    assert [listed[0]["first_frame"], listed[0]["frames_per_value"]] == place
    assert [listed[1]["first_frame"], listed[1]["frames_per_value"]] == [0, 1]


def test_a_mix_that_keeps_the_layout_is_listed_without_reading_a_score(
    first: Run, second: Run, bob: User, as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)
    monkeypatch.setattr(VideoScores, "scores", property(pytest.fail))

    listed = as_bob.get(f"/api/v1/runs/{mixed.pk}/scores").json()["videos"]

    assert [each["first_frame"] for each in listed] == [0, 0]


def test_a_mix_is_not_drawn_on_videos_outside_its_test_part(
    first: Run, second: Run, bob: User, as_bob: Client
) -> None:
    mixed = create_virtual_run(team=first.team, recipe=recipe(first, second), by=bob)
    video = VideoFactory.create(dataset=first.dataset, name="elsewhere", n_frames=4)

    answer = as_bob.get(f"/videos/{video.pk}/scores", {"run": mixed.pk})

    assert answer.status_code == 404
    assert as_bob.get(f"/api/v1/runs/{mixed.pk}/scores/{video.pk}").status_code == 404
