"""Frames without a score, at the ends and in the middle, wherever scores are read."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from ml.scores.files import Layout
from tests.factories.datasets import SplitMemberFactory, VideoFactory
from tests.factories.results import labelled_run
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Video
from webapp.results.models import Evaluation, ScoreSet, VideoScores
from webapp.results.scores.reading import read_scores
from webapp.results.scores.uploads import Progress, create_uploaded_run, store_score_set
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_worker")]

BINARY = "application/octet-stream"
LABELS = {"a": [0, 0, 0, 1, 1, 1, 0, 0], "b": [0] * 6}
GAPS = {"a": [None, 1, None, 5, None, 7, 2, None], "b": [3, 0, None, None, 1, 2]}
NONE = pytest.approx(np.nan, nan_ok=True)


def strictly(response: Any) -> Any:
    """JSON without the NaN and Infinity that Python's reader lets pass."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    assert response.status_code == 200
    return json.loads(response.content, parse_constant=refuse)


def waiting(template: Run, by: User) -> Run:
    return create_uploaded_run(
        team=template.team,
        dataset=template.dataset,
        split=template.split,
        method_title="Windows",
        by=by,
    )


def send(run: Run, data: Any, by: User, **layout: Any) -> Progress:
    return store_score_set(run=run, data=json.dumps(data).encode(), layout=Layout(**layout), by=by)


@pytest.fixture
def template(team: Team) -> Run:
    template = labelled_run(LABELS, team=team)
    video = VideoFactory.create(dataset=template.dataset, name="n", n_frames=4, label="normal")
    SplitMemberFactory.create(split=template.split, video=video, part="validation")
    return template


@pytest.fixture
def run(template: Run, bob: User) -> Run:
    """Scored, with gaps in every video."""
    run = waiting(template, bob)
    send(run, GAPS | {"n": [1, None, 3, 2]}, bob, missing="allowed")
    return Run.objects.get(pk=run.pk)


def frames_of(run: Run) -> dict[str, list[float]]:
    names = {video.pk: video for video in Video.objects.all()}
    found = read_scores(ScoreSet.objects.select_related("run").get(run=run))
    return {names[pk].name: s.to_frames(names[pk].n_frames).tolist() for pk, s in found.items()}


def metrics_of(run: Run, slug: str) -> dict[str, Any]:
    return Evaluation.objects.get(score_set__run=run, protocol__slug=slug).metrics


def test_gaps_are_stored_and_the_range_leaves_them_out(run: Run) -> None:
    assert frames_of(run) == {
        "a": [NONE, 1, NONE, 5, NONE, 7, 2, NONE],
        "b": [3, 0, NONE, NONE, 1, 2],
    }
    row = VideoScores.objects.get(video__name="a")
    assert (row.first_frame, len(row.scores.values), row.is_double) == (1, 6, False)
    assert (run.score_set.lowest, run.score_set.highest) == (0, 7)
    assert run.score_set.rule == ("One score per frame; frames whose score is left out have none.")


def test_numbers_follow_the_protocol(run: Run) -> None:
    """Each frame takes the nearest score, the earlier of two, before it is ranked."""
    filled = np.array([1, 1, 1, 5, 5, 7, 2, 2, 3, 0, 0, 1, 1, 2])
    labels = np.array(LABELS["a"] + LABELS["b"])
    above = filled[labels == 1][:, None] > filled[labels == 0][None]

    found = Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw")

    assert found.metrics["auroc"] == above.mean() == 1
    assert found.counts["n_frames_without_score"] == 6
    assert found.counts["n_frames"] == 14


def test_thresholds_of_validation_leave_gaps_out(run: Run) -> None:
    found = Evaluation.objects.get(score_set__run=run, protocol__slug="frame-raw")

    [chosen] = [each for each in found.thresholds if each["selected_on"] == "validation"]
    assert chosen["rule"] == "normal_quantile"
    assert chosen["chosen_from"]["n_frames"] == 4


def test_answers_carry_null(as_bob: Client, run: Run) -> None:
    ids = dict(Video.objects.values_list("name", "pk"))

    answer = strictly(as_bob.get(f"/api/v1/runs/{run.pk}/scores/{ids['a']}"))
    assert answer["frames"] == GAPS["a"]
    assert (answer["first_frame"], answer["video_name"]) == (1, "a")

    curve = strictly(as_bob.get(f"/videos/{ids['a']}/curve?run={run.pk}"))
    assert curve["data"][0]["y"] == [1, None, 5, None, 7, 2]
    assert curve["data"][0]["x"] == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5]

    for address in (
        f"/api/v1/runs/{run.pk}/evaluation",
        f"/api/v1/runs/{run.pk}/operating-points",
        f"/api/v1/runs/{run.pk}/sensitivity",
        f"/api/v1/runs/{run.pk}/calibration",
        f"/api/v1/runs/{run.pk}/scores",
        f"/api/v1/comparisons?run={run.pk}",
        f"/videos/{ids['a']}/alarms?run={run.pk}&threshold=4",
    ):
        strictly(as_bob.get(address))


def test_a_frame_without_a_score_raises_no_alarm(as_bob: Client, run: Run) -> None:
    video = Video.objects.get(name="a")

    found = strictly(as_bob.get(f"/videos/{video.pk}/alarms?run={run.pk}&threshold=4"))

    assert (found["n_alarms"], found["n_found_events"]) == (2, 1)


def test_pages_show_runs_with_gaps(as_bob: Client, run: Run) -> None:
    video = Video.objects.get(name="a")
    for address in (
        run.get_absolute_url(),
        f"/videos/{video.pk}?run={run.pk}",
        f"/compare?run={run.pk}",
        f"/runs/{run.pk}/operating-points",
        f"/runs/{run.pk}/sensitivity",
    ):
        page = as_bob.get(address)
        assert page.status_code == 200, address
        assert "NaN" not in page.content.decode()


def test_a_mix_has_a_score_where_all_have_one(run: Run, template: Run, bob: User) -> None:
    other = waiting(template, bob)
    send(other, {"a": [2] * 8, "b": [0, 4, 4, 4, 4, 4]}, bob)
    members = [{"run": run.pk, "calibration": "test_set"}, {"run": other.pk}]

    mixed = create_virtual_run(team=run.team, recipe={"members": members}, by=bob)

    seven = {value: (value / 7 + 2) / 2 for value in (1, 5, 7, 2)}
    found = frames_of(mixed)
    assert found["a"] == [
        NONE, *(pytest.approx(seven[v]) if v else NONE for v in (1, 0, 5, 0, 7, 2)), NONE,
    ]  # fmt: skip
    assert ScoreSet.objects.get(run=mixed).lowest == pytest.approx((3 / 7 + 0) / 2)
    assert metrics_of(mixed, "frame-raw")["auroc"] is not None


@pytest.mark.parametrize("calibration", ["none", "per_video", "test_set", "validation"])
def test_a_mix_under_every_calibration(run: Run, bob: User, calibration: str) -> None:
    members = [{"run": run.pk, "calibration": calibration}]
    smoothing = {"smoothing": "gaussian", "smoothing_frames": 1}

    for values in ({}, smoothing):
        mixed = create_virtual_run(team=run.team, recipe={"members": members} | values, by=bob)
        scored = {name: ~np.isnan(each) for name, each in frames_of(mixed).items()}
        assert scored["a"].tolist() == [each is not None for each in GAPS["a"]]
        assert ScoreSet.objects.get(run=mixed).highest is not None


def test_validation_alone_calibrates_by_its_frames_with_scores(run: Run, bob: User) -> None:
    members = [{"run": run.pk, "calibration": "validation"}]

    mixed = create_virtual_run(team=run.team, recipe={"members": members}, by=bob)

    assert frames_of(mixed)["b"] == [1, -0.5, NONE, NONE, 0, 0.5]  # 1 … 3 become 0 … 1


def test_windows_that_judge_their_middle(template: Run, bob: User) -> None:
    run = waiting(template, bob)
    values = {"a": [4, 5, 6, 7], "b": [1, 2], "n": []}

    assert send(run, values, bob, first_frame=2, missing_at_end=2).is_complete

    assert frames_of(run) == {
        "a": [NONE, NONE, 4, 5, 6, 7, NONE, NONE],
        "b": [NONE, NONE, 1, 2, NONE, NONE],
    }
    assert Run.objects.get(pk=run.pk).score_set.rule == (
        "One score per frame from frame 2 on; the last 2 frames have none."
    )


def test_the_page_takes_all_of_it(as_bob: Client, template: Run) -> None:
    table = "file;frame_no;score\n" + "".join(
        f"{name};{frame + 1};{'' if score is None else str(score).replace('.', ',')}\n"
        for name, scores in (GAPS | {"n": [1.5, 2, 3, 2]}).items()
        for frame, score in enumerate(scores)
    )
    answers = {
        "split": template.split_id,
        "method_title": "X",
        "selection": "last",
        "seed": "0",
        "unit": "frame",
        "first_frame": "0",
        "frames_per_value": "1",
        "missing_at_end": "0",
        "missing": "allowed",
        "base": "",
        "scores": SimpleUploadedFile("scores.csv", table.encode("utf-16")),
    }

    response = as_bob.post("/runs/upload", answers, follow=True)

    assert "Frames are counted from 1 in this file" in response.text
    run = Run.objects.get(kind=Run.Kind.UPLOADED)
    assert frames_of(run)["a"] == [NONE, 1, NONE, 5, NONE, 7, 2, NONE]


def test_the_page_says_what_to_say(as_bob: Client, run: Run, bob: User, template: Run) -> None:
    other = waiting(template, bob)
    file = SimpleUploadedFile("b.json", json.dumps({"b": [1, 2, 3, 4]}).encode())
    layout = {"unit": "frame", "first_frame": "0", "frames_per_value": "1"}

    page = as_bob.post(f"/runs/{other.pk}/scores", layout | {"scores": file})

    assert page.status_code == 422
    assert "If the last 2 frames have no score, say missing_at_end=2" in page.text


def test_the_same_gaps_again_change_nothing(run: Run, bob: User) -> None:
    assert send(run, GAPS, bob, missing="allowed").is_complete
    with pytest.raises(ConflictError, match="complete, with other scores for a"):
        send(run, {"a": [0, 1, None, 5, None, 7, 2, None]}, bob, missing="allowed")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("first_frame=2147483648", "first_frame"),
        ("frames_per_value=2147483648", "frames_per_value"),
        ("missing_at_end=-1", "missing_at_end"),
        ("missing=yes", "missing"),
        ("base=2", "base"),
        ("tails=last", "tails"),
    ],
)
def test_options_that_cannot_be(as_bob: Client, run: Run, query: str, field: str) -> None:
    answer = as_bob.put(f"/api/v1/runs/{run.pk}/scores?{query}", b"[1]", BINARY)

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/{field}"]


def test_one_score_for_ever_so_many_frames(template: Run, bob: User) -> None:
    run = waiting(template, bob)
    layout = {"unit": "segment", "frames_per_value": 2**31 - 1}

    assert send(run, {"a": [1], "b": [0.1]}, bob, **layout).is_complete

    assert frames_of(run) == {"a": [1] * 8, "b": [0.1] * 6}


class TestTies:
    def test_across_videos_that_come_one_by_one(
        self, as_bob: Client, team: Team, bob: User
    ) -> None:
        """Float32 would tie the normal video with the abnormal one."""
        template = labelled_run({"a": [1, 1], "b": [0, 0]}, team=team)
        run = waiting(template, bob)
        assert np.float32(1 + 1e-9) == np.float32(1)

        for name, value in (("a", 1 + 1e-9), ("b", 1.0)):
            data = json.dumps([value] * 2).encode()
            as_bob.put(f"/api/v1/runs/{run.pk}/scores/{name}", data, BINARY)

        assert metrics_of(run, "frame-raw")["auroc"] == 1
        kinds = VideoScores.objects.order_by("video__name").values_list("is_double", flat=True)
        assert list(kinds) == [True, False]

    @pytest.mark.parametrize(
        ("low", "high"), [(1e-46, 2e-46), (2**24, 2**24 + 1), (1e30, 1.00000001e30)]
    )
    def test_of_all_sizes(self, team: Team, bob: User, low: float, high: float) -> None:
        run = waiting(labelled_run({"a": [0, 1, 0, 1]}, team=team), bob)

        send(run, {"a": [low, high, low, high]}, bob)

        assert {metrics_of(run, slug)["auroc"] for slug in ("frame-raw", "frame-per-video")} == {1}

    def test_too_large_for_a_sum_is_refused(self, team: Team, bob: User) -> None:
        run = waiting(labelled_run({"a": [0, 1]}, team=team), bob)

        with pytest.raises(UserError, match=r"1 of 2 scores are beyond ± 3\.4e\+38"):
            send(run, {"a": [1, 1e39]}, bob)
