"""Scores from other code bases: all or nothing, once, and never where they do not fit."""

import io
import json
import zipfile
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from rest_framework.exceptions import ParseError

from ml.scores.files import Layout
from tests.factories.datasets import SplitFactory, VideoFactory
from tests.factories.results import add_to_test
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.api.parsers import FileParser
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Split
from webapp.results.models import Evaluation, PendingScores, ScoreSet
from webapp.results.scores.intake import progress
from webapp.results.scores.uploads import create_uploaded_run, store_score_set
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_worker")]

BINARY = "application/octet-stream"
GOOD = {"a": [0.1, 0.2, 0.9, 0.8], "b": [0.0, 0.3, 0.1]}


@pytest.fixture
def split(team: Team) -> Split:
    template = RunFactory.create(team=team)
    for name, labels in {"a": [0, 0, 1, 1], "b": [0, 0, 0]}.items():
        video = VideoFactory.create(dataset=template.dataset, name=name, n_frames=len(labels))
        add_to_test(template, video, labels)
    return template.split


@pytest.fixture
def make(split: Split, bob: User) -> Callable[..., Run]:
    def run(**values: Any) -> Run:
        facts = {"method_title": "RTFM", "dataset": split.dataset, "split": split} | values
        return create_uploaded_run(team=split.dataset.team, **facts, by=bob)

    return run


@pytest.fixture
def run(make: Callable[..., Run]) -> Run:
    return make()


def as_json(scores: Any) -> bytes:
    return json.dumps(scores).encode()


def send(run: Run, scores: Any, by: User, **layout: Any) -> Any:
    return store_score_set(run=run, data=as_json(scores), layout=Layout(**layout), by=by)


def test_a_complete_set_is_scored_and_evaluated(run: Run, bob: User) -> None:
    reached = send(run, GOOD, bob)

    assert reached.is_complete
    assert Run.objects.get(pk=run.pk).status == "succeeded"
    assert ScoreSet.objects.get(run=run).rule == "One score per frame."
    assert Evaluation.objects.get(protocol__slug="frame-raw").metrics["auroc"] == 1
    assert not PendingScores.objects.exists()


def test_scores_wait_until_all_are_there(run: Run, bob: User) -> None:
    reached = send(run, {"a": GOOD["a"]}, bob)

    assert reached.missing == ["b"]
    assert not ScoreSet.objects.exists()
    assert Run.objects.get(pk=run.pk).status == Run.WAITING_FOR_SCORES
    assert send(run, {"b": GOOD["b"]}, bob).is_complete


def test_the_same_scores_again_change_nothing(run: Run, bob: User) -> None:
    send(run, GOOD, bob)
    first = ScoreSet.objects.get()

    assert send(run, {"a": GOOD["a"]}, bob).is_complete
    assert ScoreSet.objects.get() == first


def test_other_scores_replace_those_that_wait_but_not_those_that_count(run: Run, bob: User) -> None:
    send(run, {"a": [9, 9, 9, 9]}, bob)
    send(run, GOOD, bob)
    assert ScoreSet.objects.get().highest == pytest.approx(0.9)

    with pytest.raises(ConflictError, match="complete, with other scores for a"):
        send(run, {"a": [9, 9, 9, 9]}, bob)
    assert ScoreSet.objects.get().highest == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        (GOOD | {"a": [1, 2, 3]}, "a: 3 scores where 4 are expected"),
        (GOOD | {"b": [1, 2, 3, 4]}, "b: 4 scores where 3 are expected"),
        (
            GOOD | {"c": [1]},
            r"1 of 3 names are no test or validation video of this run: c \(there is no such "
            r"clip\)\. Its test videos are: a, b",
        ),
        (GOOD | {"x/a": [1, 2, 3, 4]}, "Two arrays, a and x/a, are named after the same video"),
        ([1, 2, 3, 4, 5, 6], "6 scores where 7 are expected"),
        ({"a": [1, 2, float("nan"), 4]}, "a: 1 of 4 scores is empty or NaN, the first at frame 2"),
        ({"a": [1, 2, None, 4]}, "say missing=allowed"),
        ({"a": ["1", 2, 3, 4]}, "a: its score 0 is the text '1'"),
        ("text", "cannot be read"),
    ],
)
def test_a_set_with_one_fault_stores_nothing(
    run: Run, bob: User, scores: Any, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        send(run, scores, bob)
    assert not PendingScores.objects.exists()
    assert not ScoreSet.objects.exists()


def test_segments_keep_their_resolution(run: Run, bob: User) -> None:
    scores = {"a": [0, 1], "b": [0]}

    assert send(run, scores, bob, unit="segment", frames_per_value=2, tail="last").is_complete

    rows = ScoreSet.objects.get().videos.order_by("video__name")
    assert [row.frames_per_value for row in rows] == [2, 2]
    assert [row.scores.to_frames(n).tolist() for row, n in zip(rows, (4, 3), strict=True)] == [
        [0, 0, 1, 1],
        [0, 0, 0],
    ]


def test_one_array_is_cut_in_the_order_of_names(make: Callable[..., Run], bob: User) -> None:
    run = make()

    assert send(run, GOOD["a"] + GOOD["b"], bob).is_complete

    stored = ScoreSet.objects.get().videos.get(video__name="b")
    np.testing.assert_array_equal(stored.scores.values, GOOD["b"])


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"method_title": " "}, "method_title"),
        ({"selection": "luck"}, "selection"),
        ({"supervision": "some"}, "supervision"),
        ({"seed": -1}, "seed"),
    ],
)
def test_facts_that_cannot_be_are_refused(
    make: Callable[..., Run], facts: dict[str, Any], field: str
) -> None:
    with pytest.raises(UserError) as raised:
        make(**facts)
    assert raised.value.field == field


def test_a_split_without_test_videos_takes_no_scores(
    make: Callable[..., Run], split: Split
) -> None:
    empty = SplitFactory.create(dataset=split.dataset)

    with pytest.raises(UserError, match="no test videos"):
        make(split=empty)


def test_a_trained_run_takes_no_scores(split: Split, bob: User) -> None:
    trained = Run.objects.get(kind=Run.Kind.TRAINED)

    with pytest.raises(ConflictError, match="makes its own scores"):
        send(trained, GOOD, bob)


def test_page_takes_facts_and_scores_at_once(as_bob: Client, split: Split) -> None:
    answers = page_answers(split, as_json(GOOD))

    response = as_bob.post("/runs/upload", answers)

    run = Run.objects.get(kind=Run.Kind.UPLOADED)
    assert response.headers["Location"] == run.get_absolute_url()
    page = as_bob.get(run.get_absolute_url()).content.decode()
    assert "selected on test" in page
    assert "1.000" in page


def test_page_with_a_fault_makes_no_run(as_bob: Client, split: Split) -> None:
    response = as_bob.post("/runs/upload", page_answers(split, as_json({"a": [1]})))

    assert response.status_code == 422
    assert "a: 1 score where 4 are expected" in response.content.decode()
    assert not Run.objects.filter(kind=Run.Kind.UPLOADED).exists()


def test_page_with_a_cut_file_makes_no_run(as_bob: Client, split: Split) -> None:
    """The last row ends inside a number, so that the part that came looks whole."""
    table = b"video,score\n" + b"".join(b"a,0.5\n" for _ in range(4)) + b"b,0.5\n" * 2 + b"b,0.75\n"
    body = encode_multipart(BOUNDARY, page_answers(split, table))
    arrived = {
        "wsgi.input": io.BytesIO(body[: body.index(b"0.75") + 3]),
        "CONTENT_LENGTH": len(body),
        "CONTENT_TYPE": MULTIPART_CONTENT,
    }

    response = as_bob.generic("POST", "/runs/upload", **arrived)

    assert response.status_code == 422
    assert not Run.objects.filter(kind=Run.Kind.UPLOADED).exists()


def test_run_page_takes_what_is_missing(as_bob: Client, run: Run, bob: User) -> None:
    send(run, {"a": GOOD["a"]}, bob)
    page = as_bob.get(run.get_absolute_url()).content.decode()
    assert "1 more test video" in page

    file = SimpleUploadedFile("b.json", as_json({"b": GOOD["b"]}))
    layout = {"unit": "frame", "first_frame": "0", "frames_per_value": "1"}
    response = as_bob.post(f"/runs/{run.pk}/scores", {"scores": file, **layout})

    assert response.status_code == 302
    assert progress(Run.objects.get(pk=run.pk)).is_complete


def page_answers(split: Split, data: bytes) -> dict[str, Any]:
    return {
        "split": split.pk,
        "method_title": "RTFM",
        "selection": "test",
        "seed": "0",
        "unit": "frame",
        "first_frame": "0",
        "frames_per_value": "1",
        "scores": SimpleUploadedFile("scores.json", data),
    }


class TestOverRest:
    @pytest.fixture
    def uploaded(self, as_bob: Client, split: Split) -> str:
        body = {"dataset": split.dataset_id, "split": split.pk, "method_title": "RTFM"}
        response = as_bob.post("/api/v1/uploaded-runs", body, "application/json")
        assert response.status_code == 201
        assert response.json()["status"] == "waiting_for_scores"
        assert response.json()["job_url"] is None
        return f"/api/v1/runs/{response.json()['id']}/scores"

    def test_video_by_video(self, as_bob: Client, uploaded: str) -> None:
        first = as_bob.put(f"{uploaded}/a", as_json(GOOD["a"]), BINARY).json()
        assert (first["is_complete"], first["missing"]) == (False, ["b"])

        last = as_bob.put(f"{uploaded}/b", as_json(GOOD["b"]), BINARY).json()
        assert last["is_complete"]
        evaluation = as_bob.get(last["run"]["evaluation_url"]).json()["results"]
        assert {each["metrics"]["auroc"] for each in evaluation} >= {1.0}

    def test_layout_stands_in_the_address(self, as_bob: Client, uploaded: str) -> None:
        response = as_bob.put(f"{uploaded}/a?unit=segment&frames_per_value=2", b"[0, 1]", BINARY)

        assert response.status_code == 200
        assert PendingScores.objects.get().frames_per_value == 2

    @pytest.mark.parametrize(
        ("video", "data", "code"),
        [("a", b"[1]", "does_not_fit"), ("c", b"[1]", "unknown_video"), ("a", b"", "unreadable")],
    )
    def test_faults_are_problems(
        self, as_bob: Client, uploaded: str, video: str, data: bytes, code: str
    ) -> None:
        response = as_bob.put(f"{uploaded}/{video}", data, BINARY)

        assert (response.status_code, response.json()["code"]) == (422, code)

    def test_a_cut_upload_is_refused(self) -> None:
        """Web servers hand over what has arrived, without a word."""
        request = SimpleNamespace(META={"CONTENT_LENGTH": "9"})

        with pytest.raises(ParseError, match="The upload was cut: 7 of 9 bytes arrived"):
            FileParser().parse(io.BytesIO(b"[0.1, 0"), BINARY, {"request": request})

    def test_a_cut_archive_stores_nothing(self, as_bob: Client, uploaded: str) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for name, scores in GOOD.items():
                archive.writestr(f"{name}.json", json.dumps(scores))
        data = file.getvalue()[:-40]

        response = as_bob.put(uploaded, data, BINARY)

        assert response.status_code == 422
        assert "damaged or cut off" in response.json()["detail"]
        assert not PendingScores.objects.exists()
