"""The gallery by outcome on scores whose alarms can be counted by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.base import ContentFile
from django.test import Client

from ml.explain.maps import Maps
from ml.records import Scores
from tests.factories.results import explain as with_maps
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import CheckpointFactory, MethodFactory
from webapp.accounts import services
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Interval, Video
from webapp.jobs.models import Job
from webapp.results.models import GRAD_CAM, ScoreSet
from webapp.results.scores.explaining import explain
from webapp.results.studies.gallery import N_FRAMES, Gallery, Outcome, Stretch
from webapp.results.studies.operating_points import Explorer, Wish

THRESHOLD = 6
Spans = dict[str, list[tuple[str, int, int, int | None]]]


@pytest.fixture
def score_set(team: Team) -> ScoreSet:
    """`a` holds a fight that is found, `b` a fall that is missed, `c` rings in vain, `d` never."""
    method = MethodFactory.create(name="os_3dcnn", title="OS-3DCNN", reads="clips")
    run = labelled_run(
        {
            "a": [0, 0, 1, 1, 1, 0], "b": [0, 1, 1, 0], "c": [0, 0, 0, 0, 0, 0],
            "d": [0, 0, 0, 0],
        },
        team=team, method=method, name="First",
    )  # fmt: skip
    CheckpointFactory.create(run=run, is_final=True)
    Video.objects.update(fps=1.0)
    for name, label in (("a", "fight"), ("b", "fall")):
        Interval.objects.filter(video__name=name).update(label=label)
        run.dataset.videos.get(name=name).proxy.save("proxy.mp4", ContentFile(b"film"))
    return save_by_name(
        run,
        {
            "a": float32(0, 0, 0, 8, 9, 0), "b": float32(1, 2, 3, 1),
            "c": float32(9, 0, 0, 7, 0, 0), "d": float32(1, 4, 1, 1),
        },
    )  # fmt: skip


def gallery(score_set: ScoreSet, **more: Any) -> Gallery:
    return Gallery(Explorer(score_set, Wish(threshold=THRESHOLD)), **more)


def spans(found: Gallery) -> Spans:
    return {
        group.outcome.value: [
            (each.stretch.video.name, *span_of(each.stretch)) for each in group.shown
        ]
        for group in found.groups
    }


def span_of(stretch: Stretch) -> tuple[int, int, int | None]:
    return stretch.start_frame, stretch.end_frame, stretch.peak


def test_every_outcome_by_hand(score_set: ScoreSet) -> None:
    assert spans(gallery(score_set)) == {
        "true_positive": [("a", 2, 5, 4)],
        "false_negative": [("b", 1, 3, 2)],
        "false_positive": [("c", 0, 1, 0), ("c", 3, 4, 3)],
        # The surest are those that score least.
        "true_negative": [("a", 0, 2, 0), ("a", 5, 6, 5), ("b", 0, 1, 0), ("b", 3, 4, 3),
                          ("d", 0, 4, 1)],
    }  # fmt: skip


def test_the_operating_point_decides(score_set: ScoreSet) -> None:
    found = spans(Gallery(Explorer(score_set, Wish(threshold=2.5))))

    assert [each[0] for each in found["true_positive"]] == ["a", "b"]
    assert found["false_negative"] == []
    assert [each[0] for each in found["false_positive"]] == ["c", "c", "d"]


def test_alarms_that_are_merged_are_one(score_set: ScoreSet) -> None:
    merged = Explorer(score_set, Wish(threshold=THRESHOLD, merge_seconds=2))

    assert spans(Gallery(merged))["false_positive"] == [("c", 0, 4, 0)]


def test_of_one_class(score_set: ScoreSet) -> None:
    found = gallery(score_set, label="fight")

    assert found.labels == ["fall", "fight", "normal"]
    assert [(group.outcome, group.n) for group in found.groups] == [
        (Outcome.TRUE_POSITIVE, 1), (Outcome.FALSE_NEGATIVE, 0), (Outcome.FALSE_POSITIVE, 0),
        (Outcome.TRUE_NEGATIVE, 0),
    ]  # fmt: skip
    normal = gallery(score_set, label="normal", most=1)
    assert [(group.n, len(group.shown)) for group in normal.groups] == [
        (0, 0), (0, 0), (2, 1), (5, 1)
    ]  # fmt: skip


def test_frames_that_have_no_score(score_set: ScoreSet) -> None:
    score_set.delete()
    of_b = Scores(values=np.array([1], np.float32), first_frame=3)
    scores = {"a": float32(*[0] * 6), "b": of_b, "c": float32(*[0] * 6), "d": float32(*[0] * 4)}

    found = spans(gallery(save_by_name(score_set.run, scores)))

    assert found["false_negative"] == [("b", 1, 3, None), ("a", 2, 5, 2)]
    assert ("b", 3, 4, 3) in found["true_negative"]
    assert ("b", 0, 1, None) not in found["true_negative"]  # what nobody scored is no success


@pytest.mark.parametrize(
    ("start", "end", "peak", "window"),
    [(0, 4, 1, (0, 4)), (100, 1000, 500, (436, 564)), (100, 1000, 101, (100, 228)),
     (100, 1000, 999, (872, 1000)), (7, 8, None, (7, 8))],
)  # fmt: skip
def test_frames_lie_around_the_highest_score(
    start: int, end: int, peak: int | None, window: tuple[int, int]
) -> None:
    stretch = Stretch(
        outcome=Outcome.TRUE_POSITIVE, video=Video(), start_frame=start, end_frame=end,
        labels=(), peak=peak, score=None,
    )  # fmt: skip

    assert stretch.window == window
    assert stretch.frames == sorted(set(stretch.frames))
    assert stretch.middle in stretch.frames
    assert len(stretch.frames) <= N_FRAMES
    assert all(window[0] <= frame < window[1] for frame in stretch.frames)


def landed(score_set: ScoreSet, name: str) -> None:
    """Maps of frames 2 and 3."""
    video = score_set.run.dataset.videos.get(name=name)
    maps = Maps(levels=np.full((2, 4, 6), 9, np.uint8), highest=0.5, first_frame=2)
    with_maps(score_set.run, {video: maps}, kind=GRAD_CAM, target="2-4", likeness=0.1)


def test_maps_are_of_the_frame_that_is_looked_at(score_set: ScoreSet) -> None:
    landed(score_set, "a")  # whose peak is 4
    landed(score_set, "b")
    with_maps(score_set.run, {score_set.run.dataset.videos.get(name="b"): None})

    groups = {group.outcome: group for group in gallery(score_set).groups}

    [found], [missed] = (
        groups[each].shown for each in (Outcome.TRUE_POSITIVE, Outcome.FALSE_NEGATIVE)
    )
    assert found.explanation is None
    assert missed.explanation is not None
    assert missed.explanation.kind == GRAD_CAM  # before that of errors


def test_one_job_makes_the_maps_that_are_missing(
    score_set: ScoreSet, bob: User, vera: User
) -> None:
    landed(score_set, "b")
    with pytest.raises(PermissionDenied):
        gallery(score_set).explain_missing(by=vera)

    job = gallery(score_set, most=2).explain_missing(by=bob)

    names = dict(Video.objects.values_list("pk", "name"))
    parts = [(names[each["video"]], each["target"]) for each in job.spec["parts"]]
    assert parts == [("a", "2-5"), ("c", "0-1"), ("c", "3-4"), ("a", "0-2"), ("a", "5-6")]
    with pytest.raises(UserError, match="explained, or about to be"):
        gallery(score_set, most=2).explain_missing(by=bob)
    assert gallery(score_set, most=6).missing  # those that come after these


def test_a_job_takes_so_many_parts(score_set: ScoreSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.results.scores.explaining.MOST_PARTS", 3)

    assert len(gallery(score_set).missing) == 3


def test_what_is_being_explained_is_not_missing(score_set: ScoreSet, bob: User) -> None:
    video = score_set.run.dataset.videos.get(name="a")
    explain(run=score_set.run, video=video, frames=(2, 5), by=bob)

    assert (video.pk, "2-5") not in {
        (each.video.pk, each.target) for each in gallery(score_set).missing
    }


def test_page(score_set: ScoreSet, as_vera: Client, as_bob: Client) -> None:
    landed(score_set, "b")
    address = f"/runs/{score_set.run_id}/gallery"

    page = as_vera.get(address, {"threshold": THRESHOLD})

    words = page.content.decode()
    assert page.status_code == 200
    assert "True positives: events that were found" in words
    assert "missing map" not in words
    assert "There is no picture here, only scores." in words
    assert "these hang on what was learnt" in words
    assert "Make 7 missing maps" in as_bob.get(address, {"threshold": THRESHOLD}).content.decode()
    data = page.context["groups"][1][1][0].data
    assert (data["frames"], data["peak"], data["map"]["first_frame"]) == ([1, 2], 2, 2)
    assert as_vera.get(data["map"]["url"]).status_code == 200
    wrong = as_vera.get(address, {"threshold": "x"})
    assert (wrong.status_code, "Enter a number." in wrong.content.decode()) == (422, True)
    assert as_vera.get(f"/runs/{score_set.run_id}").status_code == 200


def test_the_button_submits_a_job_and_leads_back(score_set: ScoreSet, as_bob: Client) -> None:
    address = f"/runs/{score_set.run_id}/gallery"

    answer = as_bob.post(f"{address}/explain", {"threshold": THRESHOLD, "label": "fight"})

    assert answer.headers["Location"] == f"{address}?threshold={THRESHOLD}&label=fight"
    job = Job.objects.get(kind="explain")
    assert [each["target"] for each in job.spec["parts"]] == ["2-5"]
    page = as_bob.get(answer.headers["Location"]).content.decode()
    assert f"/jobs/{job.pk}" in page
    assert "missing map" not in page


def test_a_run_that_reads_frames_shows_its_error_maps(score_set: ScoreSet, as_bob: Client) -> None:
    run = score_set.run
    run.method = MethodFactory.create()
    run.save()
    with_maps(run, {run.dataset.videos.get(name="a"): None})

    page = as_bob.get(f"/runs/{run.pk}/gallery", {"threshold": THRESHOLD}).content.decode()

    assert "map of errors" in page
    assert "Conv-AE reads frames" in page
    assert as_bob.post(f"/runs/{run.pk}/gallery/explain").status_code == 422


def test_over_rest(score_set: ScoreSet, bob: User, vera: User, as_charlie: Client) -> None:
    def client(user: User, scope: str) -> Client:
        _token, secret = services.create_token(
            team=score_set.run.team, name="x", scope=scope, by=user
        )
        return Client(headers={"authorization": f"Bearer {secret}"})

    address = f"/api/v1/runs/{score_set.run_id}/gallery"
    asked = {"threshold": THRESHOLD, "most": 1}

    found = client(vera, "read").get(address, asked).json()

    assert [(each["outcome"], each["n"]) for each in found["groups"]] == [
        ("true_positive", 1), ("false_negative", 1), ("false_positive", 2), ("true_negative", 5)
    ]  # fmt: skip
    [shown] = found["groups"][0]["shown"]
    assert (shown["video_name"], shown["labels"], shown["peak_frame"], shown["score"]) == (
        "a", ["fight"], 4, 9
    )  # fmt: skip
    assert (shown["explanation"], found["n_missing"]) == (None, 4)
    answer = client(bob, "submit").post(address, asked, "application/json")
    assert (answer.status_code, answer.json()["kind"]) == (202, "explain")
    again = client(bob, "submit").post(address, asked, "application/json")
    assert again.status_code == 422
    assert client(vera, "read").get(address, {"most": 99}).status_code == 422
    assert as_charlie.get(address).status_code == 404
