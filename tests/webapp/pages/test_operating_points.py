"""The operating-point explorer on scores whose alarms can be counted by hand."""

import pytest
from django.test import Client

from ml.evaluation import ScoredVideo
from tests.evaluating import evaluate
from tests.factories.results import float32, labelled_run, save_by_name
from webapp.accounts.models import Team, User
from webapp.datasets.models import Interval, Video
from webapp.results.models import ScoreSet
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.scores.virtual import create_virtual_run
from webapp.results.studies.operating_points import Explorer, Wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def score_set(team: Team) -> ScoreSet:
    """At one frame a second: `a` is found a second late, `b` missed, `c` rings twice in vain."""
    run = labelled_run(
        {"a": [0, 0, 1, 1, 1, 0], "b": [0, 1, 1, 0], "c": [0, 0, 0, 0, 0, 0]}, team=team
    )
    Video.objects.update(fps=1.0)
    Interval.objects.filter(video__name="a").update(label="fight")
    return save_by_name(
        run,
        {
            "a": float32(0, 0, 0, 8, 9, 0),
            "b": float32(1, 2, 2, 1),
            "c": float32(9, 0, 0, 7, 0, 0),
        },
    )


def test_numbers_by_hand(score_set: ScoreSet) -> None:
    explorer = Explorer(score_set, Wish(threshold=6))
    assert explorer.summary == {
        "n_events": 2, "n_found_events": 1, "n_alarms": 3, "n_matched_alarms": 1,
        "n_false_alarms": 2, "hours": pytest.approx(16 / 3_600), "precision": pytest.approx(1 / 3),
        "recall": 0.5, "f1": pytest.approx(0.4), "false_alarms_per_hour": pytest.approx(450),
        "mean_delay_frames": 1, "median_delay_frames": 1, "mean_delay_seconds": 1,
        "median_delay_seconds": 1,
    }  # fmt: skip
    found, missed = explorer.events
    assert (found.video.name, found.start_frame, found.end_frame) == ("a", 2, 5)
    assert (found.labels, found.delay_seconds, found.is_found) == (["fight"], 1, True)
    assert (missed.video.name, missed.delay_frames, missed.is_found) == ("b", None, False)
    [worst] = explorer.false_alarms
    assert (worst.video.name, worst.n, worst.first_frame) == ("c", 2, 0)
    assert worst.per_hour == pytest.approx(1_200)


def test_merging_holding_and_overlap(score_set: ScoreSet) -> None:
    assert Explorer(score_set, Wish(threshold=6, merge_seconds=2)).summary["n_alarms"] == 2
    held = Explorer(score_set, Wish(threshold=6, hold_seconds=2))
    assert (held.summary["n_alarms"], held.summary["n_false_alarms"]) == (1, 0)
    assert held.summary["mean_delay_seconds"] == 2
    close = Explorer(score_set, Wish(threshold=6, iou=0.6)).summary
    assert close["n_found_events"] == 1  # two of three frames
    assert Explorer(score_set, Wish(threshold=6, iou=0.7)).summary["n_found_events"] == 0


def test_the_curve_holds_the_chosen_point(score_set: ScoreSet) -> None:
    explorer = Explorer(score_set, Wish(threshold=7))
    at = explorer.curve["thresholds"].index(7)
    for name in ("recall", "f1", "false_alarms_per_hour"):
        assert explorer.curve[name][at] == pytest.approx(explorer.summary[name])
    assert explorer.curve["thresholds"] == sorted(explorer.curve["thresholds"])


def test_the_threshold_of_the_evaluation_leads(score_set: ScoreSet) -> None:
    evaluation = evaluate(score_set, ensure_protocols()[0])
    explorer = Explorer(score_set, Wish())
    assert explorer.threshold == evaluation.thresholds[0]["threshold"]
    assert explorer.choice["rule"] == "equal_error"
    assert Explorer(score_set, Wish(threshold=6)).choice["rule"] == "chosen_here"
    assert Explorer(score_set, Wish(threshold=6)).choice["selected_on"] == "test"


def test_before_any_evaluation_a_middle_score_stands_in(score_set: ScoreSet) -> None:
    assert Explorer(score_set, Wish()).choice["rule"] == "middle"


def test_page(score_set: ScoreSet, as_vera: Client, as_charlie: Client) -> None:
    path = f"/runs/{score_set.run_id}/operating-points"
    page = as_vera.get(path, {"threshold": "6", "hold_seconds": "", "iou": "0"}).content.decode()
    assert "1 of 2 events found" in page
    assert "450.0" in page
    assert "selected on test" in page
    video = Video.objects.get(name="c")
    assert f"/videos/{video.pk}?run={score_set.run_id}&amp;f=0&amp;t=6.0" in page
    assert as_vera.get(path).status_code == 200
    refused = as_vera.get(path, {"iou": "3"})
    assert refused.status_code == 422
    assert "less than or equal to 1" in refused.content.decode()
    assert as_charlie.get(path).status_code == 404


def test_a_run_without_scores_has_no_page(team: Team, as_vera: Client) -> None:
    run = labelled_run({"a": [0, 1]}, team=team)
    assert as_vera.get(f"/runs/{run.pk}/operating-points").status_code == 404
    assert as_vera.get(f"/runs/{run.pk}/sensitivity").status_code == 404


def test_without_a_rate_there_are_no_hours(score_set: ScoreSet, as_vera: Client) -> None:
    Video.objects.update(fps=0)
    page = as_vera.get(f"/runs/{score_set.run_id}/operating-points", {"threshold": "6"})
    assert "frame rate of the videos is not known" in page.content.decode()


def test_over_rest(score_set: ScoreSet, as_vera: Client, as_charlie: Client) -> None:
    path = f"/api/v1/runs/{score_set.run_id}/operating-points"
    answer = as_vera.get(path, {"threshold": 6, "merge_seconds": 2, "iou": 0.5}).json()
    assert (answer["threshold"], answer["merge_seconds"], answer["selected_on"]) == (6, 2, "test")
    assert answer["summary"]["n_alarms"] == 2
    assert [each["is_found"] for each in answer["events"]] == [True, False]
    assert answer["false_alarms"][0]["video_name"] == "c"
    assert as_vera.get(path, {"threshold": "high"}).status_code == 422
    assert as_vera.get(path, {"fold": 1}).status_code == 422
    assert as_charlie.get(path).status_code == 404


def test_a_virtual_run_has_operating_points(
    score_set: ScoreSet, team: Team, bob: User, as_vera: Client
) -> None:
    run = create_virtual_run(team=team, recipe={"members": [{"run": score_set.run_id}]}, by=bob)
    path = f"/api/v1/runs/{run.pk}/operating-points"
    assert as_vera.get(path, {"threshold": 6}).json()["summary"]["n_alarms"] == 3


def test_frames_of_one_kind(team: Team, as_vera: Client) -> None:
    run = labelled_run({"a": [0, 0]}, team=team)
    calm = save_by_name(run, {"a": float32(0, 1)})
    explorer = Explorer(calm, Wish())
    assert explorer.events == []
    assert explorer.summary["recall"] is None
    assert isinstance(explorer.scored[0], ScoredVideo)
    assert as_vera.get(f"/runs/{run.pk}/operating-points").status_code == 200
